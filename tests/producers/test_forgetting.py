"""Invariant 13 reaches letters: who is erased is in no letter any more, nobody else's letter is lost, and nobody comes back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from ledger.ledger import Ledger
from ledger.tenants import Tenant
from producers.dossier import copied
from producers.erasure import Erasures, Settled
from producers.erasure_index import EXECUTED
from producers.inbox.bars import left_out, waited_for
from producers.inbox.forgetting import ERASED, NAMES_ERASED, Forgetting
from producers.inbox.inbox import Inboxes
from producers.inbox.letter import Content, Decision, Gone
from producers.inbox.naming import Found, Naming, Whom
from producers.inbox.taking import take
from producers.persons import PersonRequests
from producers.records import Delivery
from tests.kit.places import Where
from tests.kit.records import structured, ticket
from tests.producers.test_inbox import MAPPING, PHONE, Desk, call, reconciled

OTHER, STRANGER = "13600001111", "13500002222"
BROKEN = MAPPING.replace("call.id", "call.number")


class Registry(Desk):
    """An inbox, and erasures."""

    def __init__(self, place: Where) -> None:
        super().__init__(place)
        self.letters = Forgetting(self.ledger, self.inboxes)
        self.erasures = Erasures(self.ledger, self.intake, self.house.clock, lambda: self.letters)
        self.requests = PersonRequests(self.ledger, self.intake, self.house.clock)
        for number, phone in (("k-1", PHONE), ("k-2", OTHER)):
            self.post(called(number, phone))
        self.inboxes.settle()
        self.person, self.other = self.who(PHONE), self.who(OTHER)
        assert self.person != self.other

    def who(self, phone: str) -> str:
        return self.ledger.customer(self.tenant, phone=phone) or ""

    def dead(self, *values: Any) -> list[str]:
        """Letters that nobody can map yet."""
        self.map(BROKEN)
        ids = [self.post(value) for value in values]
        self.inboxes.settle()
        assert {self.one(letter)["state"] for letter in ids} == {"dead"}
        self.map(MAPPING)
        return ids

    def erase(self) -> Settled:
        self.requests.erase(self.tenant, "desk", self.person, "customer_request", "kf-001")
        return self.erasures.settle()

    def stated(self) -> list[str]:
        return [str(fact.data["subject_ref"]) for fact in self.facts() if fact.type == EXECUTED]

    def left(self) -> dict[str, list[str]]:
        return waited_for(self.ledger, self.tenant)[0]

    def keyed(self) -> list[str]:
        """Letters whose key stands."""
        with self.house.raw(keys=True) as keys:
            return [
                row[0] for row in keys.execute("SELECT person FROM person_keys WHERE retention = 'letter'")
            ]


def called(number: str, phone: str, **more: Any) -> dict[str, Any]:
    return call(number, caller={"name": "王女士", "phone": phone}, **more)


@pytest.fixture
def registry(place: Where) -> Iterator[Registry]:
    made = Registry(place)
    yield made
    made.close()


def test_theirs_alone_go_with_them_and_nobody_elses(registry: Registry) -> None:
    theirs = registry.dead(called("c-1", f"+86 {PHONE}"), {"words": f"请回电{PHONE}"}, [called("c-2", PHONE)])
    others = registry.dead(called("c-3", OTHER), called("c-4", STRANGER), {"words": "漏水"})
    registry.map(BROKEN)
    unmapped = registry.post(called("c-5", PHONE, at="2026-11-20 09:31"))
    registry.map(MAPPING)
    waiting = registry.post(called("c-6", PHONE, words="还在等"))
    assert registry.erase() == Settled(erased=1, executed=1)
    assert registry.stated() == [registry.person]
    for letter in theirs:
        found = registry.one(letter)
        assert (found["state"], found["cause"], found["by"]) == ("discarded", ERASED, "touchline")
        assert registry.person not in json.dumps(found)
        with pytest.raises(Gone):
            registry.inboxes.letters.content(registry.tenant, letter)
    assert {registry.one(letter)["state"] for letter in others} == {"dead"}
    assert sorted(registry.keyed()) == sorted(others)
    # What waited was mapped first: nothing that was acknowledged is lost, and it is erased as what came before.
    assert {registry.one(letter)["state"] for letter in (unmapped, waiting)} == {"mapped"}
    mine = [fact for fact in registry.facts() if fact.customer_ref == registry.person]
    assert [fact.ticket for fact in mine] == ["k-1", "c-5", "c-6"]
    assert registry.ledger.unsealed(registry.tenant, mine[-1])["description"] == {"erased": True}
    assert (registry.left(), registry.erasures.settle(all_of_it=True)) == ({}, Settled())
    assert reconciled(registry)["dead"] == 6


def test_a_letter_that_names_others_stays_and_the_erasure_waits_for_it(registry: Registry) -> None:
    shared, houses = registry.dead(
        [called("c-1", PHONE), called("c-2", OTHER), called("c-3", STRANGER)], {"x": 1}
    )
    assert registry.erase() == Settled(erased=1)
    assert registry.left() == {registry.person: [shared]}
    assert registry.stated() == [], "nobody says that nothing is left"
    assert (registry.one(shared)["state"], registry.one(shared)["cause"]) == ("dead", NAMES_ERASED)
    assert registry.one(houses)["cause"] == ""
    assert registry.erasures.settle(all_of_it=True) == Settled(), "however often it is looked"
    assert registry.who(PHONE) == ""
    registry.map(BROKEN)
    registry.inboxes.replay(registry.tenant, by="it-7", letter=shared)
    assert registry.left() == {registry.person: [shared]}, "what fails again stays so"
    registry.map(MAPPING)
    (done,) = registry.inboxes.replay(registry.tenant, by="it-7", letter=shared)
    assert (done["state"], done["events"]) == ("replayed", 2)
    assert registry.tickets()[-2:] == ["c-2", "c-3"], "the others' touchpoints are kept, theirs is left out"
    assert registry.who(PHONE) == ""
    assert registry.who(STRANGER)
    assert registry.erasures.settle() == Settled(executed=1)
    assert (registry.stated(), registry.left(), registry.keyed()) == ([registry.person], {}, [houses])
    with registry.house.raw(keys=True) as keys:
        assert not keys.execute("SELECT name FROM secrets WHERE name LIKE 'letter/%'").fetchall()


def test_whoever_discards_it_lets_the_erasure_end(registry: Registry) -> None:
    shared, short = registry.dead([called("c-1", PHONE), {}], called("c-2", PHONE, contact=STRANGER))
    registry.erase()
    assert registry.left() == {registry.person: sorted([shared, short])}
    for letter in (shared, short):
        assert registry.stated() == []
        assert registry.inboxes.discard(registry.tenant, letter, "named_erased", "it-7")
        registry.erasures.settle()
    assert registry.stated() == [registry.person]


def test_two_persons_of_one_letter(registry: Registry) -> None:
    """Erased one after the other: both are left out, and both erasures wait for it."""
    (shared,) = registry.dead([called("c-1", PHONE), called("c-2", OTHER), called("c-3", STRANGER)])
    registry.erase()
    registry.requests.erase(registry.tenant, "desk", registry.other, "customer_request", "kf-001")
    assert registry.erasures.settle() == Settled(erased=1)
    assert registry.left() == {registry.person: [shared], registry.other: [shared]}
    registry.inboxes.replay(registry.tenant, by="it-7", letter=shared)
    assert registry.tickets()[-1] == "c-3"
    assert (registry.who(PHONE), registry.who(OTHER)) == ("", "")
    assert registry.erasures.settle() == Settled(executed=2)


def test_two_persons_erased_at_once_are_nobody_else_to_each_other(registry: Registry) -> None:
    theirs, others = registry.dead([called("c-1", PHONE), called("c-2", OTHER)], [called("c-3", OTHER), {}])
    for person in (registry.person, registry.other):
        registry.requests.erase(registry.tenant, "desk", person, "customer_request", "kf-001")
    assert registry.erasures.settle() == Settled(erased=2, executed=1)
    assert registry.one(theirs)["state"] == "discarded"
    assert registry.left() == {registry.other: [others]}, "and each waits for its own"
    assert registry.stated() == [registry.person]


def test_a_record_of_kafka_does_not_bring_them_back(registry: Registry) -> None:
    def refused(number: str, phone: str) -> str:
        event = ticket(number)
        del event["ticket"]  # it lacks a case
        event["type"] = "complaint.progress_notified"
        event["data"] = {"progress": f"邻居{STRANGER}", "customer": {"phone": phone}}
        delivery = Delivery.of("crm.tickets", 0, int(number), *structured(event))
        assert (
            take(registry.intake, registry.inboxes.letters, registry.tenant, "crm", [delivery], 9999).dead
            == 1
        )
        return str(registry.inboxes.lists.listed(registry.tenant)[-1]["id"])

    theirs, others = refused("1", PHONE), refused("2", OTHER)
    registry.erase()
    assert registry.left() == {registry.person: [theirs]}
    done = {one["id"]: one["state"] for one in registry.inboxes.replay(registry.tenant, by="it-7")}
    assert done == {theirs: "skipped", others: "dead"}
    assert registry.who(PHONE) == ""
    reconciled(registry)


def test_others_are_known_by_number_or_reference_too(registry: Registry) -> None:
    number = "KH-88331"
    event = ticket("9")
    event["data"]["customer"] = {"number": number, "phone": OTHER}
    registry.intake.submit_one(registry.tenant, "pbx", event).result(60)
    by_number, by_ref, nobody = registry.dead(
        {"no": number, "phone": PHONE},
        {"ref": registry.other, "phone": PHONE},
        {
            "no": "KH-00001",
            "ref": registry.tickets()[0],
            "phone": PHONE,
            "event": registry.facts()[-1].event_id,
        },
    )
    registry.erase()
    assert registry.left() == {registry.person: sorted([by_number, by_ref])}
    assert registry.one(nobody)["state"] == "discarded"
    out = left_out(registry.ledger, registry.tenant, by_number, "pbx")
    customers: list[tuple[Any, bool]] = [
        ({"phone": PHONE}, True),
        ({"phone": f"+86 {PHONE}", "number": "KH-1"}, True),
        ({"phone": PHONE, "number": number}, False),
        ({"phone": STRANGER}, False),
        ({"phone": int(PHONE)}, False),
        ("王女士", False),
    ]
    assert [out({"data": {"customer": customer}}) for customer, _ in customers] == [so for _, so in customers]
    assert (out([]), out({"data": []}), out({})) == (False, False, False)


def test_a_number_is_left_out_whatever_phone_stands_beside_it(registry: Registry) -> None:
    event = ticket("9")
    event["data"]["customer"] = {"number": "KH-7", "phone": PHONE}
    registry.intake.submit_one(registry.tenant, "pbx", event).result(60)
    shared, house = registry.dead([{"no": "KH-7"}, {}], {"no": "KH-7"})
    registry.erase()
    assert registry.left() == {registry.person: sorted([shared, house])}, "so short a number may be a house's"
    out = left_out(registry.ledger, registry.tenant, shared, "pbx")
    assert out({"data": {"customer": {"number": " KH-7", "phone": STRANGER}}})
    assert not out({"data": {"customer": {"number": "KH-8", "phone": STRANGER}}})


def test_letters_of_another_tenant_are_tidied_in_their_own_turn(registry: Registry) -> None:
    """A crash had left one with its key."""
    elsewhere = registry.ledger.add_tenant("别处", [])
    (mine,) = registry.dead({})
    letters = registry.inboxes.letters
    left = letters.keep(elsewhere, "pbx", "", "", Content("", (), b"."), Decision("dead")).result(60).id
    letters.discard(elsewhere, left, "test_data", "it-7").result(60)
    assert registry.inboxes.discard(registry.tenant, mine, "test_data", "it-7")
    assert registry.keyed() == [left]
    registry.inboxes.settle()
    assert registry.keyed() == []


class Late(Forgetting):
    """Something happens just before the look, or between it and the destruction."""

    def __init__(self, ledger: Ledger, inboxes: Inboxes) -> None:
        super().__init__(ledger, inboxes)
        self.first: list[Any] = []
        self.then: list[Any] = []

    def _cut(self, tenant: Tenant, whom: Whom) -> tuple[int, list[Found]]:
        if self.first:
            self.first.pop()()
        found = super()._cut(tenant, whom)
        if self.then:
            self.then.pop()()
        return found


def test_what_comes_between_is_looked_at_too(registry: Registry) -> None:
    registry.letters = late = Late(registry.ledger, registry.inboxes)
    came: list[str] = []

    def dead_letter() -> None:
        came.extend(registry.dead(called("c-1", PHONE)))

    def many() -> None:
        came.extend(registry.dead(*({"words": f"{n}"} for n in range(17)), called("c-2", PHONE)))

    def waits() -> None:
        came.append(registry.post(called("c-3", PHONE)))

    def another_phone() -> None:
        """They are known by more than when it was looked, and an earlier letter names that."""
        for own_id, phone in (("7", PHONE), ("8", STRANGER)):
            event = ticket(own_id)
            event["data"]["customer"]["phone"] = phone
            registry.intake.submit_one(registry.tenant, "crm", event).result(60)
        assert registry.who(STRANGER) == registry.person

    came.extend(registry.dead(called("c-4", STRANGER)))
    late.then = [another_phone, waits, many, dead_letter]
    assert registry.erase() == Settled(erased=1, executed=1)
    states = [registry.one(letter)["state"] for letter in came]
    assert states == ["discarded", "discarded", *["dead"] * 17, "discarded", "mapped"]
    assert (registry.who(PHONE), registry.who(STRANGER), late.then) == ("", "", [])


def test_what_waits_when_it_is_looked_is_mapped(registry: Registry) -> None:
    registry.letters = late = Late(registry.ledger, registry.inboxes)
    came: list[str] = []
    late.first = [lambda: came.append(registry.post(called("c-5", PHONE)))]
    assert registry.erase() == Settled(erased=1, executed=1)
    assert registry.one(came[0])["state"] == "mapped"
    assert registry.facts()[-2].customer_ref == registry.person


def test_found_and_listed_before(registry: Registry) -> None:
    theirs, shared = registry.dead(called("c-1", PHONE), [called("c-2", PHONE), {}])
    waits = registry.post(called("c-3", PHONE))
    naming = Naming(registry.ledger)
    found = naming.of(registry.tenant, registry.person)
    assert [(one.letter, one.state, one.alone, one.goes) for one in found] == [
        (theirs, "dead", True, True), (shared, "dead", False, False), (waits, "waiting", True, False),
    ]  # fmt: skip
    lines = [line for line in copied(registry.ledger, registry.tenant, registry.person) if "letter" in line]
    assert [line["letter"] for line in lines] == [theirs, shared, waits]
    assert PHONE not in json.dumps(lines)
    (nobodys,) = registry.dead(called("c-4", STRANGER))
    given = naming.given(registry.tenant, phone=f"+86 {STRANGER}")
    assert [one.letter for one in naming.letters(registry.tenant, given)] == [nobodys]


def test_page_by_page(registry: Registry) -> None:
    registry.map(BROKEN)
    bodies: Sequence[Any] = [called(f"c-{n}", (PHONE, OTHER, STRANGER)[n % 3]) for n in range(40)]
    ids = registry.dead(*bodies)
    found = Naming(registry.ledger).of(registry.tenant, registry.person)
    assert [one.letter for one in found] == ids[::3]
