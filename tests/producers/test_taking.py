"""Records of other systems' topics: taken in as if they had been posted; what is none, or is refused, is a dead letter."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.clock import SimulatedClock
from ledger.errors import Stopped
from producers.binding import Malformed
from producers.inbox import taking
from producers.inbox.inbox import Inboxes
from producers.inbox.letter import Content
from producers.inbox.taking import Taken, take
from producers.intake import Intake
from producers.records import Delivery, event_of
from schemas.event import Event
from tests.kit.places import Where
from tests.kit.records import PHONE, Sent, binary, structured, ticket
from tests.ledger.house import START, House

LONGEST = 4096


class Desk:
    """A ledger on either database, and one topic's records in order."""

    def __init__(self, place: Where) -> None:
        self.house = House.open(place, SimulatedClock(START))
        self.intake = Intake(self.house.ledger, self.house.clock)
        self.inboxes = Inboxes(self.house.ledger, self.intake, self.house.clock)
        self.tenant = self.house.tenant()

    def take(self, *records: Sent, first: int = 0) -> Taken:
        given = [Delivery.of("crm.tickets", 3, first + n, *record) for n, record in enumerate(records)]
        return take(self.intake, self.inboxes.letters, self.tenant, "crm", given, LONGEST)

    def dead(self) -> list[tuple[str, str]]:
        """(field, reason) in order of receiving."""
        return [(one["field"], one["reason"]) for one in self.inboxes.lists.listed(self.tenant)]

    def facts(self) -> list[Event]:
        with self.house.database.read() as connection:
            return self.house.ledger.facts(connection, self.tenant, 0, 1000)

    def counted(self) -> dict[str, int]:
        counts = self.intake.counted(self.tenant)
        found = {
            n: getattr(counts, n) for n in ("kept", "duplicates", "refused", "dead", "skipped", "failed")
        }
        assert counts.received == sum(found.values())
        return {name: number for name, number in found.items() if number}


@pytest.fixture
def desk(place: Where) -> Iterator[Desk]:
    made = Desk(place)
    yield made
    made.house.close()


def test_both_modes_are_one_event_and_order_is_kept(desk: Desk) -> None:
    one, two = ticket("投诉/1", schemaversion="1"), ticket("2")
    assert desk.take(structured(one), binary(two)) == Taken(2, kept=2)
    assert desk.take(binary(one), structured(two), first=2) == Taken(2, duplicates=2)
    assert [(fact.source, fact.ticket) for fact in desk.facts()] == [("crm", "T-投诉/1"), ("crm", "T-2")]
    assert desk.house.ledger.unseal(desk.tenant, desk.facts()[0], "customer.phone") == PHONE
    assert desk.counted() == {"kept": 2, "duplicates": 2}


def test_the_senders_trace_goes_with_its_event(desk: Desk) -> None:
    outer, own = (f"00-{digit * 32}-00f067aa0ba902b7-01" for digit in "ab")
    headers, value = structured(ticket("1"))
    assert desk.take(([*headers, ("traceparent", outer.encode())], value)) == Taken(1, kept=1)
    headers, value = binary(ticket("2", traceparent=own))
    assert desk.take(([*headers, ("traceparent", outer.encode())], value)) == Taken(1, kept=1)
    assert desk.take(
        ([("traceparent", b"?"), *structured(ticket("1"))[0]], structured(ticket("1"))[1])
    ) == Taken(1, duplicates=1)
    assert [fact.traceparent for fact in desk.facts()] == [outer, own]


def test_what_is_none_or_refused_is_a_dead_letter_once(desk: Desk) -> None:
    late = ticket("c", data={"description": f"改：{PHONE}"}, correctssourceid="b", type="complaint.received")
    bad: list[Sent] = [
        ([], PHONE.encode()),
        ([], None),
        structured([ticket("x")]),
        ([("content-type", b"application/cloudevents+avro")], b"\x00\x01"),
        ([("content-type", b"application/cloudevents+json")], b'{"id": "1'),
        ([("ce_id", b"\xff"), ("ce_type", b"complaint.received")], None),
        ([(f"ce_{PHONE}!", b"1")], None),
        structured({**ticket("y"), PHONE: 1}),
        structured(ticket("long", data={"description": "渗" * LONGEST})),
        structured(late),
    ]
    records = [structured(ticket("a")), *bad, binary(ticket("d"))]
    assert desk.take(*records) == Taken(12, kept=2, dead=10)
    assert [fact.ticket for fact in desk.facts()] == ["T-a", "T-d"]
    dead = desk.dead()
    assert [reason.rpartition(" (")[2] for _, reason in dead] == [f"crm.tickets/3/{n})" for n in range(1, 11)]
    assert "neither structured" in dead[0][1]
    assert "is longer than 4096 bytes" in dead[8][1]
    assert (dead[4][0], dead[5][0], dead[6][0]) == ("", "ce_id", "?")
    assert desk.counted() == {"kept": 2, "dead": 10}
    assert desk.take(*records) == Taken(12, duplicates=12)
    assert len(desk.dead()) == 10
    assert desk.counted() == {"kept": 2, "dead": 10, "duplicates": 12}
    assert not any(PHONE in part for one in dead for part in one)
    for name, stored in desk.house.stored():
        assert PHONE.encode() not in stored, name


def test_a_defect_in_reading_is_told_by_its_kind_alone(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(content: Content) -> None:
        raise ValueError(f"not {PHONE}")

    monkeypatch.setattr(taking, "event_of", fail)
    assert desk.take(structured(ticket("a"))) == Taken(1, dead=1)
    assert desk.dead() == [("", "reading it failed: ValueError (crm.tickets/3/0)")]


def test_a_dead_letter_that_is_not_kept_is_no_record_taken(desk: Desk) -> None:
    """Who was told that all were taken would move his offset past it."""
    desk.house.writer.close()
    with pytest.raises(Stopped):
        desk.take(([], b"none"))
    assert desk.counted() == {"failed": 1}


def test_a_dead_letter_is_replayed_after_a_fix_in_order(desk: Desk) -> None:
    def corrected(own_id: str, target: str) -> Sent:
        return structured(ticket(own_id, correctssourceid=target))

    assert desk.take(corrected("b", "a"), corrected("c", "b"), ([], b"?")) == Taken(3, dead=3)
    assert desk.take(structured(ticket("a")), first=3) == Taken(1, kept=1)
    done = desk.inboxes.replay(desk.tenant, by="it-007", source="crm")
    assert [one["state"] for one in done] == ["replayed", "replayed", "dead"]
    assert [fact.ticket for fact in desk.facts()] == ["T-a", "T-b", "T-c"]
    assert desk.inboxes.settle() == 0, "nothing waits to be mapped"
    content = desk.inboxes.letters.content(desk.tenant, done[2]["id"])
    assert content == Content("", (), b"?", "crm.tickets/3/2")
    assert desk.take(corrected("b", "a")) == Taken(1, duplicates=1), "delivered again after it was replayed"


def test_another_topic_under_the_same_name_is_another_delivery(desk: Desk) -> None:
    assert desk.take(([], b"one")) == Taken(1, dead=1)
    assert desk.take(([], b"other")) == Taken(1, dead=1)
    assert desk.take(([], b"one")) == Taken(1, duplicates=1)


@given(
    headers=st.lists(
        st.tuples(
            st.sampled_from(["ce_id", "ce_type", "CE_TYPE", "content-type", "traceparent", "ce_", "ce_data"]) | st.text(),
            st.none() | st.binary(max_size=8) | st.sampled_from([b"application/json", b"application/cloudevents+json"]),
        ),
        max_size=4,
    ),
    value=st.none() | st.binary(max_size=20) | st.sampled_from([b"{}", b"[]", b'{"a":NaN}', b"[" * 3000]),
)  # fmt: skip
def test_whatever_stands_there_is_read_or_told(headers: Any, value: bytes | None) -> None:
    delivery = Delivery.of("t", 0, 1, headers, value)
    assert Delivery.from_plain(json.loads(json.dumps(delivery.plain()))) == delivery
    assert Content.of(delivery.content.text()) == delivery.content
    with suppress(Malformed):  # and nothing else
        event_of(delivery.content)
