"""The raw webhook: kept first, sealed; mapped after; dead with a reason, replayed in order, discarded for good."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from standardwebhooks import Webhook

from ledger.clock import SimulatedClock
from ledger.ledger import Ledger
from ledger.tenants import Tenant
from ledger.verify import verify
from producers.inbox import doors, tables
from producers.inbox.bodies import rows
from producers.inbox.expiring import expire
from producers.inbox.inbox import Inboxes
from producers.inbox.known import Inbox
from producers.inbox.letter import Content, Gone
from producers.inbox.letters import Letters
from producers.inbox.names import unknown
from producers.intake import Intake
from producers.mapping.mapping import Mapping
from producers.mapping.problems import BadRow
from schemas.event import Event
from schemas.instants import DAY
from tests.kit.hatchery import ended
from tests.kit.places import Where, name_of, named
from tests.ledger.house import START, House
from tests.touchline.commands import until

TOKEN = "a-token-of-the-vendor"
WAIT = 30
PHONE = "13800138000"
MAPPING = (Path(__file__).parents[2] / "examples" / "pbx.yaml").read_text(encoding="utf-8")
FORM = MAPPING.replace("call.caller.", "").replace("call.", "")


def call(number: str = "c-1", **more: Any) -> dict[str, Any]:
    """As the call centre posts it."""
    caller = {"name": "王女士", "phone": PHONE}
    return {
        "call": {"id": number, "at": "2026-11-20 09:30:00", "caller": caller, "words": "卫生间渗水", **more}
    }


def fields(number: str = "c-1", **more: str) -> dict[str, str]:
    return {
        "id": number,
        "at": "2026-11-20 09:30",
        "name": "王女士",
        "phone": PHONE,
        "words": "卫生间渗水",
        **more,
    }


class Desk:
    """A ledger on either database, with an inbox of the source pbx."""

    def __init__(self, place: Where) -> None:
        self.house = House.open(place, SimulatedClock(START))
        self.ledger: Ledger = self.house.ledger
        self.intake = Intake(self.ledger, self.house.clock)
        self.inboxes = Inboxes(self.ledger, self.intake, self.house.clock)
        self.tenant: Tenant = next(iter(self.ledger.tenants()), None) or self.house.tenant()
        self.map(MAPPING)

    def map(
        self,
        mapping: str,
        verify: str = "token",
        place: str = "header:x-token",
        secret: str = TOKEN,
        aliases: str = "",
    ) -> None:
        at = self.house.clock.now()
        self.inboxes.put(Inbox("pbx", self.tenant, mapping, "pbx.yaml", aliases, verify, place, at), secret)

    def send(self, body: bytes, media: str = "application/json", **headers: str) -> tuple[str, bool]:
        inbox = self.inboxes.find("pbx")
        assert inbox is not None
        told = {
            "content-type": media,
            "x-token": TOKEN,
            **{k.replace("_", "-"): v for k, v in headers.items()},
        }
        kept = self.inboxes.receive(inbox, told, (), body).result(WAIT)
        return kept.id, kept.fresh

    def post(self, value: Any) -> str:
        return self.send(json.dumps(value, ensure_ascii=False).encode())[0]

    def facts(self) -> list[Event]:
        with self.ledger.database.read() as connection:
            return self.ledger.facts(connection, self.tenant, 0, 1000)

    def tickets(self) -> list[str]:
        return [str(fact.ticket) for fact in self.facts()]

    def one(self, letter: str) -> dict[str, Any]:
        found = self.inboxes.lists.one(self.tenant, letter)
        assert found is not None
        return found

    def close(self) -> None:
        self.house.close()


@pytest.fixture
def desk(place: Where) -> Iterator[Desk]:
    made = Desk(place)
    yield made
    made.close()


def reconciled(desk: Desk) -> dict[str, int]:
    counts = desk.intake.counted(desk.tenant)
    found = {n: getattr(counts, n) for n in ("kept", "duplicates", "refused", "dead", "skipped", "failed")}
    assert counts.received == sum(found.values())
    return {name: number for name, number in found.items() if number}


def test_kept_first_then_mapped(desk: Desk) -> None:
    letter = desk.post(call())
    assert desk.one(letter)["state"] == "waiting"
    assert desk.facts() == []
    assert desk.inboxes.settle() == 1
    assert desk.one(letter)["state"] == "mapped"
    (fact,) = desk.facts()
    assert (fact.type, fact.ticket, fact.source) == ("complaint.received", "c-1", "pbx")
    assert desk.ledger.unseal(desk.tenant, fact, "customer.phone") == PHONE
    with pytest.raises(Gone):
        desk.inboxes.letters.content(desk.tenant, letter)
    assert reconciled(desk) == {"kept": 1}
    assert verify(desk.ledger.database).ok


def test_the_same_again_adds_nothing(desk: Desk) -> None:
    letter, fresh = desk.send(json.dumps(call()).encode())
    assert fresh
    assert desk.send(json.dumps(call()).encode()) == (letter, False)
    desk.inboxes.settle()
    assert desk.send(json.dumps(call()).encode()) == (letter, False), "after it was mapped, too"
    desk.post({**call(), "new_field": {"a": [1]}})  # another body of the same call
    desk.inboxes.settle()
    assert desk.tickets() == ["c-1"]
    assert reconciled(desk) == {"kept": 1, "duplicates": 3}


RECORDED = {
    "form": (FORM, urlencode(fields()).encode(), "application/x-www-form-urlencoded"),
    "form in GBK": (FORM, urlencode(fields(), encoding="gbk").encode(), "application/x-www-form-urlencoded; charset=gbk"),
    "form in GBK, said to be UTF-8": (
        FORM, urlencode(fields(), encoding="gbk").encode(), "application/x-www-form-urlencoded; charset=utf-8",
    ),
    "JSON in GBK": (MAPPING, json.dumps(call(), ensure_ascii=False).encode("gbk"), "application/json"),
    "JSON said to be a form": (MAPPING, json.dumps(call()).encode(), "application/x-www-form-urlencoded"),
    "JSON as text": (MAPPING, json.dumps(call()).encode(), "text/plain"),
    "JSON in a field": (
        MAPPING.replace("call.", "data.call."),
        urlencode({"data": json.dumps(call())}).encode(),
        "application/x-www-form-urlencoded",
    ),
    "multipart": (
        FORM,
        b"".join(
            f'--xx\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in fields().items()
        ) + b"--xx--\r\n",
        "multipart/form-data; boundary=xx",
    ),
    "with a mark": (MAPPING, b"\xef\xbb\xbf" + json.dumps(call()).encode(), ""),
    "an array": (MAPPING, json.dumps([call()]).encode(), "application/json"),
    "a long id as a number": (MAPPING, json.dumps(call(12345678901234567)).encode(), "application/json"),  # type: ignore[arg-type]
}  # fmt: skip


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", RECORDED)
def test_recorded_payloads(desk: Desk, name: str) -> None:
    mapping, body, media = RECORDED[name]
    desk.map(mapping)
    letter, _ = desk.send(body, media)
    desk.inboxes.settle()
    assert desk.one(letter)["state"] == "mapped", desk.one(letter)
    (fact,) = desk.facts()
    assert fact.ticket == ("12345678901234567" if "number" in name else "c-1")
    assert desk.ledger.unseal(desk.tenant, fact, "description") == "卫生间渗水"
    assert desk.ledger.unseal(desk.tenant, fact, "customer.name") == "王女士"


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("body", "media", "field", "reason"),
    [
        (b"\x00\xff\xfe\x80garbage", "", "", "is text in neither UTF-8 nor GB18030"),
        (b"", "", "", "is empty"),
        (b"hello 13800138000", "text/plain", "", "is neither JSON nor a form"),
        (b"<call id='1'/>", "text/xml", "", "is neither JSON nor a form"),
        (b"{" + PHONE.encode(), "application/json", "", "is not JSON"),
        (b"[" * 100_000, "application/json", "", "is not JSON"),
        (b"[]", "application/json", "", "holds nothing"),
        (b"7", "application/json", "", "is not JSON"),
        (b"[7]", "application/json", "call.id", "is empty"),
        (json.dumps({"call": {"id": "c-1", "at": "tomorrow"}}).encode(), "", "call.at", "is not a time of the declared"),
        (json.dumps(call(PHONE)).encode(), "", "call.id", "is no id"),
        (json.dumps(call(at="2036-01-01 09:00:00")).encode(), "", "call.at", "ahead of now"),
    ],
)  # fmt: skip
def test_what_cannot_be_mapped_is_dead_with_a_reason(
    desk: Desk, body: bytes, media: str, field: str, reason: str
) -> None:
    letter, _ = desk.send(body, media)
    good = desk.post(call("c-9"))
    desk.inboxes.settle()
    assert desk.one(good)["state"] == "mapped", "one bad letter stops no other"
    found = desk.one(letter)
    assert (found["state"], found["field"]) == ("dead", field), found
    assert reason in found["reason"]
    assert found["reason_zh"]
    assert PHONE not in json.dumps(found)
    assert desk.inboxes.letters.content(desk.tenant, letter).body == body
    assert reconciled(desk) == {"kept": 1, "dead": 1}


def test_replayed_in_order_after_a_fix(desk: Desk) -> None:
    desk.map(MAPPING.replace("call.id", "call.number"))
    letters = [desk.post(call(f"c-{n}")) for n in (3, 1, 2)]
    odd = desk.post(call("c-4", at="one day"))
    desk.inboxes.settle()
    assert {desk.one(letter)["state"] for letter in [*letters, odd]} == {"dead"}
    assert {desk.one(letter)["reason"] for letter in letters} == {"is empty"}
    assert [one["id"] for one in desk.inboxes.lists.listed(desk.tenant)] == [*letters, odd]
    assert {one["state"] for one in desk.inboxes.replay(desk.tenant, by="it-7")} == {"dead"}, "not mended yet"
    desk.map(MAPPING)
    done = desk.inboxes.replay(desk.tenant, by="it-7")
    assert [one["state"] for one in done] == ["replayed"] * 3 + ["dead"]
    assert done[-1]["field"] == "call.at", "dead still, with its new reason"
    assert {one["by"] for one in done} == {"it-7"}
    assert desk.tickets() == ["c-3", "c-1", "c-2"], "in order of receiving"
    assert desk.inboxes.replay(desk.tenant, by="it-7", letter=letters[0]) == []
    assert desk.inboxes.lists.standing(desk.tenant)["replayed"] == 3
    assert desk.send(json.dumps(call("c-3"), ensure_ascii=False).encode()) == (letters[0], False)
    counted = reconciled(desk)
    assert counted == {"kept": 3, "duplicates": 1, "dead": 4 + 4 + 1}


def test_names_that_the_alias_file_lacks_are_kept_and_listed(desk: Desk) -> None:
    named = "  estate: {from: call.estate, names: projects}\nskip when: kind == 'test'\nevery: {project_id: estate}\n"
    aliases = "projects: {云栖花园（一期）: yunqi-1}\n"
    desk.map(MAPPING.replace("skip when: kind == 'test'\n", named), aliases=aliases)
    for number, estate in enumerate(("云栖花园（一期）", "桃源", "yunqi-1", "桃源", "")):
        desk.post(call(f"c-{number}", estate=estate))
    desk.inboxes.settle()
    assert [fact.project_id for fact in desk.facts()] == ["yunqi-1", "桃源", "yunqi-1", "桃源", ""]
    inbox, passed = desk.inboxes.find("pbx"), list[int]()
    assert inbox is not None
    assert unknown(desk.ledger, inbox, passed.append) == {"projects": {"桃源": 2}}
    assert sum(passed) == len(desk.facts())
    desk.map(MAPPING)
    inbox = desk.inboxes.find("pbx")
    assert inbox is not None
    assert unknown(desk.ledger, inbox, passed.append) == {}, "without an alias file nothing is unknown"


def test_discarded_for_good(desk: Desk) -> None:
    letter = desk.post({"secret words": "卫生间渗水的王女士"})
    desk.inboxes.settle()
    stored = b"".join(content for _, content in desk.house.stored())
    assert "王女士".encode() not in stored, "sealed"
    assert desk.ledger.keys.key(desk.tenant.name, letter, "letter")
    assert desk.inboxes.discard(desk.tenant, letter, "test_data", "it-7")
    found = desk.one(letter)
    assert (found["state"], found["cause"], found["by"]) == ("discarded", "test_data", "it-7")
    with pytest.raises(Gone):
        desk.inboxes.letters.content(desk.tenant, letter)
    with desk.house.raw(keys=True) as keys:
        left = keys.execute("SELECT count(*) FROM person_keys WHERE retention = 'letter'").fetchone()[0]
    assert left == 0
    assert not desk.inboxes.discard(desk.tenant, letter, "test_data", "it-7")
    assert desk.inboxes.replay(desk.tenant, by="it-7", letter=letter) == []


def test_dead_letters_are_kept_until_somebody_decides_or_as_long_as_an_operator_said(desk: Desk) -> None:
    """What waits is never too old, and what is discarded so is as gone as by hand; the same delivery is known all the same."""
    clock = desk.house.clock
    assert isinstance(clock, SimulatedClock)
    old = desk.post({"secret words": "卫生间渗水的王女士"})
    desk.inboxes.settle()
    clock.set(START + 20 * DAY)
    younger = desk.post({"other words": "别的"})
    desk.inboxes.settle()
    clock.set(START + 31 * DAY)
    waiting = desk.post({"third words": "第三"})
    assert expire(desk.inboxes, START) == 0, "received at that instant is not before it"
    assert expire(desk.inboxes, START + DAY) == 1
    found = desk.one(old)
    assert (found["state"], found["cause"], found["by"]) == ("discarded", "retention_over", "touchline")
    with pytest.raises(Gone):
        desk.inboxes.letters.content(desk.tenant, old)
    with desk.house.raw(keys=True) as keys:
        left = keys.execute("SELECT count(*) FROM person_keys WHERE retention = 'letter'").fetchone()[0]
    assert left == 2
    assert desk.send(json.dumps({"secret words": "卫生间渗水的王女士"}, ensure_ascii=False).encode()) == (
        old,
        False,
    )
    assert desk.one(waiting)["state"] == "waiting"
    desk.inboxes.start(30 * DAY)
    try:
        until(lambda: desk.one(waiting)["state"] == "dead", "what waits is mapped")
        assert desk.one(younger)["state"] == "dead", "eleven days old"
    finally:
        desk.inboxes.stop()
    clock.set(START + 51 * DAY)
    desk.inboxes = Inboxes(desk.ledger, desk.intake, clock)
    desk.inboxes.start()
    try:
        for number in ("one", "and one more, so that a whole turn has passed"):
            desk.post({number: "第四"})
            until(lambda: not desk.inboxes.lists.waiting(1), "it is mapped")
    finally:
        desk.inboxes.stop()
    assert desk.one(younger)["state"] == "dead", "where nobody said how long, it stays"
    desk.inboxes = Inboxes(desk.ledger, desk.intake, clock)
    desk.inboxes.start(30 * DAY)
    try:
        until(lambda: desk.one(younger)["state"] == "discarded", "its thirty days are over")
    finally:
        desk.inboxes.stop()
    assert desk.one(waiting)["state"] == "dead"
    fresh = desk.post({"fifth words": "第五"})
    listed = {letter for _, letter in desk.inboxes.lists.dead_before(clock.now() + DAY, 64)}
    assert waiting in listed
    assert fresh not in listed, "nobody has tried to read it"


def test_good_items_of_an_array_are_kept(desk: Desk) -> None:
    letter = desk.post([call("c-1"), {"call": {}}, call("c-2", kind="test"), call("c-3"), 7])
    desk.inboxes.settle()
    found = desk.one(letter)
    assert (found["state"], found["events"], found["faults"]) == ("dead", 2, 2)
    assert found["field"] == "[1] call.id"
    assert desk.tickets() == ["c-1", "c-3"]
    assert reconciled(desk) == {"kept": 2, "dead": 2, "skipped": 1}


def test_left_out_by_the_mapping(desk: Desk) -> None:
    letter = desk.post(call(kind="test"))
    desk.inboxes.settle()
    assert desk.one(letter)["state"] == "skipped"
    assert desk.facts() == []
    assert reconciled(desk) == {"skipped": 1}


def test_other_content_of_a_kept_call_is_dead_not_lost(desk: Desk) -> None:
    desk.post(call())
    letter = desk.post(call(words="另一句"))
    desk.inboxes.settle()
    found = desk.one(letter)
    assert found["state"] == "dead"
    assert "other content" in found["reason"]
    assert desk.tickets() == ["c-1"]


def test_a_defect_of_a_mapping_is_told_by_its_kind_alone(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise ValueError(f"not {PHONE}")

    monkeypatch.setattr(Mapping, "events", fail)
    letter = desk.post(call())
    desk.inboxes.settle()
    assert desk.one(letter)["reason"] == "the mapping failed: ValueError"


def test_what_tells_a_delivery_apart_says_nothing_without_the_ledgers_key(tmp_path: Path) -> None:
    """A telephone number is soon guessed from its digest: ids and digests of the same delivery differ from ledger to ledger."""
    told = []
    for name in ("one", "other"):
        desk = Desk(tmp_path / name)
        letter = desk.post(call())
        with desk.house.database.read() as connection:
            told.append((letter, connection.scalar(select(tables.letters.c.delivery))))
        desk.close()
    assert len(set(told[0]) | set(told[1])) == 4


def test_the_key_store_is_older_than_the_letter(desk: Desk) -> None:
    letter = desk.post(call())
    desk.house.writer.call(lambda _: desk.ledger.keys.destroy(desk.tenant.name, letter))
    desk.inboxes.settle()
    assert desk.one(letter)["reason"].startswith("its key is missing")


def test_a_letter_is_of_its_tenant_alone(desk: Desk) -> None:
    """Also when its source is another tenant's by now: what that one maps is its own."""
    other = desk.house.tenant("another-group")
    letter = desk.post({"odd": 1})
    desk.inboxes.settle()
    assert desk.one(letter)["state"] == "dead"
    lists, letters = desk.inboxes.lists, desk.inboxes.letters
    assert (lists.listed(other, state=""), lists.one(other, letter), lists.dead(other)) == ([], None, [])
    assert set(lists.standing(other).values()) == {0}
    with pytest.raises(Gone):
        letters.content(other, letter)
    assert not letters.looked_at(other, letter, "it-9").result(WAIT)
    assert not desk.inboxes.discard(other, letter, "test_data", "it-9")
    assert desk.inboxes.replay(other, by="it-9", letter=letter) == []
    found = desk.one(letter)
    assert (found["state"], found["by"], found["opened_by"]) == ("dead", "", "")
    waiting = desk.post(call())
    desk.inboxes.put(Inbox("pbx", other, MAPPING, "pbx.yaml", "", "token", "header:x-token", START), TOKEN)
    desk.inboxes.settle()
    assert desk.one(waiting)["reason"] == "its source has no inbox"
    with desk.ledger.database.read() as connection:
        assert [desk.ledger.head(connection, of).place for of in (desk.tenant, other)] == [0, 0]


# Who may deliver.


def headers(secret: str, own_id: str, body: bytes, at: datetime | None = None) -> dict[str, str]:
    at = at or datetime.now(UTC)
    signature = Webhook(secret).sign(own_id, at, body.decode())
    stamp = str(int(at.timestamp()))
    return {"webhook-id": own_id, "webhook-timestamp": stamp, "webhook-signature": signature}


def test_tokens() -> None:
    def let_in(place: str, told: dict[str, str], query: tuple[tuple[str, str], ...] = ()) -> bool:
        try:
            return doors.authentic("token", place, TOKEN, told, query, b"") == ""
        except doors.NotAuthentic:
            return False

    assert let_in("header:x-token", {"x-token": TOKEN})
    assert let_in("header:authorization", {"authorization": f"Bearer {TOKEN}"})
    assert let_in("query:key", {}, (("key", TOKEN),))
    assert not let_in("header:x-token", {})
    assert not let_in("header:x-token", {"x-token": ""})
    assert not let_in("header:x-token", {"x-token": TOKEN + "x"})
    assert not let_in("header:x-token", {"x-token": "\udcff"})
    assert not let_in("query:key", {"key": TOKEN})
    assert doors.without_proof("query:key", (("key", TOKEN), ("a", "b"))) == (("a", "b"),)


def test_hmacs() -> None:
    body = "渗水".encode()
    mac = hmac.digest(TOKEN.encode(), body, "sha256")
    for said in (mac.hex(), "sha256=" + mac.hex().upper(), base64.b64encode(mac).decode()):
        assert doors.authentic("hmac", "header:x-signature", TOKEN, {"x-signature": said}, (), body) == ""
    other = hashlib.sha256(body).hexdigest()
    for said in ("", "sha256=", other, "ü", mac.hex()[:-1], "=" * 64, "\udcff"):
        with pytest.raises(doors.NotAuthentic):
            doors.authentic("hmac", "header:x-signature", TOKEN, {"x-signature": said}, (), body)
    with pytest.raises(doors.NotAuthentic):
        doors.authentic("hmac", "header:x-signature", TOKEN, {"x-signature": mac.hex()}, (), body + b" ")


def test_standard_webhooks_whatever_is_wrong_is_one_refusal() -> None:
    secret = doors.fresh_secret("standard-webhooks")
    body = b'{"a": 1}'
    good = headers(secret, "msg_1", body)
    assert doors.authentic("standard-webhooks", "", secret, good, (), body) == "msg_1"
    late = headers(secret, "msg_1", body, datetime.now(UTC) - timedelta(minutes=6))
    wrong: list[tuple[dict[str, str], bytes]] = [
        ({}, body),
        (late, body),
        (good, body + b" "),
        (good, b"\xff\xfe"),
        ({**good, "webhook-id": "msg_2"}, body),
        ({**good, "webhook-timestamp": "nan"}, body),
        ({**good, "webhook-timestamp": "9" * 400}, body),
        ({**good, "webhook-signature": "v1"}, body),
        ({**good, "webhook-signature": "v1,%%%"}, body),
        ({**good, "webhook-signature": "v1,ü"}, body),
        ({**good, "webhook-signature": "v1,a,b"}, body),
        ({**good, "webhook-signature": "v2,abcd"}, body),
    ]
    for told, sent in wrong:
        with pytest.raises(doors.NotAuthentic):
            doors.authentic("standard-webhooks", "", secret, told, (), sent)


def test_a_replayed_message_adds_nothing(desk: Desk) -> None:
    """Within its five minutes the same signature is good again: the id is what tells."""
    secret = doors.fresh_secret("standard-webhooks")
    desk.map(MAPPING, "standard-webhooks", "", secret)
    inbox = desk.inboxes.find("pbx")
    assert inbox is not None
    body = json.dumps(call()).encode()
    told = headers(secret, "msg_1", body)
    first = desk.inboxes.receive(inbox, told, (), body).result(WAIT)
    assert first.fresh
    again = desk.inboxes.receive(inbox, told, (), body).result(WAIT)
    assert (again.id, again.fresh) == (first.id, False)
    anew = headers(secret, "msg_1", body, datetime.now(UTC) + timedelta(seconds=60))
    assert not desk.inboxes.receive(inbox, anew, (), body).result(WAIT).fresh, "sent anew under its id"
    assert desk.inboxes.settle() == 1


@pytest.mark.parametrize(
    ("kind", "place", "secret"),
    [
        ("token", "", ""),
        ("token", "", "short"),
        ("token", "body:x", TOKEN),
        ("token", "header:", TOKEN),
        ("token", "header:a b", TOKEN),
        ("hmac", "query:sig", TOKEN),
        ("standard-webhooks", "", TOKEN),
        ("standard-webhooks", "", "whsec_c2hvcnQ="),
        ("standard-webhooks", "", "whsec_ü"),
        ("none", "", TOKEN),
    ],
)
def test_no_door_stands_open(kind: str, place: str, secret: str) -> None:
    with pytest.raises(doors.BadDoor):
        doors.checked(kind, place, secret)


@pytest.mark.parametrize("kind", doors.KINDS)
def test_a_made_secret_is_good(kind: str) -> None:
    made = doors.fresh_secret(kind)
    assert made != doors.fresh_secret(kind)
    assert doors.checked(kind, "", made) == doors.USUAL[kind]


MEDIA = (
    "", "application/json", "text/xml; charset=gbk", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded",
    "x\r\ny: z", "multipart/form-data", "\udcff",
)  # fmt: skip


@given(st.binary(max_size=200), st.sampled_from(MEDIA))
def test_no_body_raises_anything_else(body: bytes, media: str) -> None:
    faults = []
    try:
        found = rows(Content(media, (("q", "\ud800"),), body))
    except BadRow as error:
        found, faults = [], error.faults
    assert bool(found) != bool(faults)


# Crashes.


def die(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def victim(arguments: list[str]) -> None:
    """Takes a delivery and dies at the step: main of a process of its own."""
    desk = Desk(named(arguments[0]))
    desk.post(call())
    if arguments[1] == "kept":
        die()
    setattr(Letters, arguments[1], die)
    desk.inboxes.settle()


@pytest.mark.crash
@pytest.mark.parametrize("step", ["kept", "content", "decide", "tidy"])
def test_killed_between_keeping_and_mapping(place: Where, step: str) -> None:
    """``kept``: acknowledged, nothing else; ``decide``: its events are appended; ``tidy``: decided, its key still stands."""
    assert ended(victim, name_of(place), step) == -signal.SIGKILL
    desk = Desk(place)
    (letter,) = desk.inboxes.lists.listed(desk.tenant, state="")
    assert letter["state"] == ("mapped" if step == "tidy" else "waiting")
    try:
        desk.inboxes.start()
        states = desk.inboxes.lists.standing
        until = datetime.now(UTC) + timedelta(seconds=WAIT)
        while not gone(desk) or states(desk.tenant)["mapped"] != 1:
            assert datetime.now(UTC) < until, states(desk.tenant)
        desk.inboxes.stop()
        assert desk.tickets() == ["c-1"]
        assert not desk.send(json.dumps(call(), ensure_ascii=False).encode())[1]
    finally:
        desk.close()


def gone(desk: Desk) -> bool:
    """Whether no letter's key stands."""
    with desk.house.raw(keys=True) as keys:
        return bool(
            keys.execute("SELECT count(*) FROM person_keys WHERE retention = 'letter'").fetchone()[0] == 0
        )
