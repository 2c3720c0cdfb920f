"""A person whose every word is known, the flow that erases them, and how to look whether anything of them is left.

``main([place, person, step])`` in a process of its own asks for the erasure, settles it, and dies at the step.
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from ledger.candidate import Appended
from ledger.clock import Clock, SystemClock
from ledger.database import Database
from ledger.key_place import KeyPlace
from ledger.keys import KeyStore
from ledger.ledger import Ledger
from ledger.ports import Transaction
from ledger.tenants import Tenant
from ledger.writer import Writer
from producers.erasure import Erasures
from producers.erasure_index import EXECUTED, REQUESTED
from producers.inbox.forgetting import Forgetting
from producers.inbox.inbox import Inboxes
from producers.inbox.letter import UNREADABLE, Content, Decision
from producers.inbox.letters import CLASS
from producers.intake import Intake
from producers.steps import ErasureStep
from schemas.event import Event, Sealed
from schemas.instants import Instant, format_instant
from tests.kit.places import named, opened
from tests.ledger.house import House

NUMBER, NAME, PHONE, ADDRESS = "KH-77120", "欧阳若溪", "13911112222", "云栖花园 3 栋 1201"
TEXT = "主卧吊顶漏水，孩子过敏"
CLEAR = tuple(word.encode() for word in (NUMBER, NAME, PHONE, ADDRESS, TEXT))
OTHER_PHONE, OTHER_TEXT = "13600001111", "车位划线不清"
TENANT = "云栖"


def complaint(own_id: str, at: Instant, **more: Any) -> dict[str, Any]:
    """A complaint of the person, as a source would send it."""
    data = {
        "description": TEXT,
        "subject": "engineering",
        "customer": {"number": NUMBER, "name": NAME, "phone": PHONE, "address": ADDRESS},
        **more,
    }
    return {
        "specversion": "1.0",
        "id": own_id,
        "source": "crm",
        "type": "complaint.received",
        "time": format_instant(at),
        "data": data,
    }


def asked_for(intake: Intake, tenant: Tenant, clock: Clock, person: str, own_id: str) -> Appended:
    """The request, kept."""
    raw = {
        "specversion": "1.0",
        "id": own_id,
        "source": "desk",
        "type": REQUESTED,
        "time": format_instant(clock.now()),
        "data": {"subject_ref": person, "basis": "customer_request", "by": "kf-001"},
    }
    outcome = intake.submit_one(tenant, "desk", raw, admin=True).result(60)
    assert isinstance(outcome, Appended), outcome
    return outcome


@dataclass
class Room:
    """Ledger, intake and erasures on one folder."""

    home: House
    intake: Intake
    erasures: Erasures
    inboxes: Inboxes

    @classmethod
    def of(cls, home: House, patience: float = 5.0) -> Room:
        intake = Intake(home.ledger, home.clock)
        inboxes = Inboxes(home.ledger, intake, home.clock)
        letters = Forgetting(home.ledger, inboxes)
        erasures = Erasures(home.ledger, intake, home.clock, lambda: letters, patience=patience)
        return cls(home, intake, erasures, inboxes)

    @property
    def tenant(self) -> Tenant:
        return self.home.ledger.tenant(TENANT)

    def keep(self, event: dict[str, Any], source: str = "crm") -> Appended:
        outcome = self.intake.submit_one(self.tenant, source, event).result(60)
        assert isinstance(outcome, Appended), outcome
        return outcome

    def fact(self, kept: Appended) -> Event:
        return self.home.fact(self.tenant, kept.event_id)

    def request(self, person: str, own_id: str = "r-1") -> Appended:
        return asked_for(self.intake, self.tenant, self.home.clock, person, own_id)

    def said(self, kind: str) -> list[Event]:
        return [fact for fact in self.home.facts(self.tenant) if fact.type == kind]


@dataclass(frozen=True)
class Before:
    """What was kept before the erasure: what may be found no more, and what must be found as it was."""

    person: str
    other: str
    kept: tuple[Appended, ...]
    others: Appended
    at: Instant
    secrets: tuple[bytes, ...]
    """Keys of the person and entries of the index."""
    letter: str
    """A dead letter that names them alone."""
    letter_key: bytes


def settle_in(home: House) -> Before:
    """The person in two sources, somebody else, and all their keys."""
    home.tenant(TENANT)
    room = Room.of(home)
    at = home.clock.now()
    first = room.keep(complaint("c-1", at))
    again = room.keep(complaint("c-2", at, customer={"number": "O-9", "phone": PHONE}), "owner-app")
    other = room.keep(
        complaint("c-3", at, description=OTHER_TEXT, customer={"phone": OTHER_PHONE, "name": "陆一"})
    )
    person, who = room.fact(first).customer_ref, room.fact(other).customer_ref
    assert room.fact(again).customer_ref == person != who
    with home.raw(keys=True) as keys:
        rows = keys.execute(f"SELECT key FROM person_keys WHERE person = '{person}'").fetchall()
        rows += keys.execute(f"SELECT mac FROM blind_index WHERE person = '{person}'").fetchall()
    secrets = tuple(bytes(row[0]) for row in rows)
    assert len(secrets) == 1 + 3  # one class; two numbers and a phone
    letter = dead_letter(room, f"{NAME} {PHONE} {TEXT}")
    with home.raw(keys=True) as keys:
        ((key,),) = keys.execute(f"SELECT key FROM person_keys WHERE person = '{letter}'").fetchall()
    if isinstance(home.place, Path):
        held = everything(home.place)
        assert all(secret in held for secret in (*secrets, bytes(key)))
    return Before(person, who, (first, again), other, at, secrets, letter, bytes(key))


def dead_letter(room: Room, text: str) -> str:
    """What a source sent and nobody could read."""
    content = Content("text/plain", (), text.encode())
    kept = room.inboxes.letters.keep(room.tenant, "crm", "", "text/plain", content, Decision("dead"))
    return kept.result(60).id


def everything(folder: Path) -> bytes:
    """Every byte of every file."""
    return b"\n".join(path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file())


def forgotten(home: House, before: Before) -> None:
    """Nothing of the person is left, the rest is as it was, and the record says what was done: once."""
    room, tenant = Room.of(home), home.ledger.tenant(TENANT)
    for name, held in home.stored():
        assert [word.decode() for word in CLEAR if word in held] == [], name
        if isinstance(home.place, Path):  # of PostgreSQL's disk: test_scrubbing
            assert [secret for secret in (*before.secrets, before.letter_key) if secret in held] == [], name
    assert list(home.ledger.erased(tenant)) == [before.person]
    assert home.ledger.customer(tenant, phone=PHONE) is None
    assert home.ledger.customer(tenant, source="crm", number=NUMBER) is None
    assert home.keys.revived(tenant.name) == []
    with pytest.raises(UNREADABLE):
        room.inboxes.letters.content(tenant, before.letter)
    assert home.keys.of_class(tenant.name, CLASS, "", 9) == []
    gone = {"erased": True}
    for kept in before.kept:
        data = home.ledger.unsealed(tenant, room.fact(kept))
        assert data["description"] == gone
        assert set(map(str, data["customer"].values())) == {str(gone)}
    said = home.ledger.unsealed(tenant, room.fact(before.others))
    assert (said["description"], said["customer"]["phone"]) == (OTHER_TEXT, OTHER_PHONE)
    # Sent again, with other content even: the first answer, and nobody new.
    again = room.keep(complaint("c-1", before.at, description="别的话"))
    assert (again.event_id, again.place, again.duplicate) == (
        before.kept[0].event_id, before.kept[0].place, True,
    )  # fmt: skip
    assert home.count("persons", keys=True) == 1
    assert home.verify().ok


def executed_once(room: Room, before: Before, asked: str) -> None:
    """One execution stands, and names the request."""
    (done,) = room.said(EXECUTED)
    assert done.data["subject_ref"] == before.person
    assert done.data["request"] == asked
    assert done.time == room.home.ledger.erased(room.tenant)[before.person]
    assert not any(isinstance(value, Sealed) for value in done.data.values())


class Cut:
    """Dies when the step comes, once armed."""

    def __init__(self, step: str) -> None:
        self._step = step
        self.armed = False

    def at(self, step: ErasureStep) -> None:
        if self.armed and step.name == self._step:
            os.kill(os.getpid(), signal.SIGKILL)


class CutTransaction:
    """Sees each commit of the record. One caller, one job at a time: their order tells which it was."""

    def __init__(self, inner: Transaction, cut: Cut) -> None:
        self._inner = inner
        self._cut = cut
        self._next = [*RECORDED]
        self.savepoint, self.release, self.undo = inner.savepoint, inner.release, inner.undo
        self.rollback, self.close = inner.rollback, inner.close
        self.begin, self.admits = inner.begin, inner.admits

    @property
    def connection(self) -> Connection:
        return self._inner.connection

    @property
    def reading(self) -> Connection:
        return self._inner.reading

    def commit(self) -> None:
        self._inner.commit()
        if self._cut.armed and self._next:
            self._cut.at(self._next.pop(0))


RECORDED = (
    ErasureStep.REQUESTED, ErasureStep.FOUND, ErasureStep.LETTERS_CUT, ErasureStep.LETTERS_SHUT,
    ErasureStep.SCRUBBED, ErasureStep.STATED, ErasureStep.SETTLED,
)  # fmt: skip
"""The record's commits of one erasure. SCRUBBED is that of the job in which the keys were destroyed."""
DESTROYED = (ErasureStep.LETTERS_KEYS, ErasureStep.DESTROYED)
"""Its scrubs of the key store."""


class CutDatabase:
    def __init__(self, inner: Database, cut: Cut) -> None:
        self._inner = inner
        self._cut = cut

    def transaction(self) -> Transaction:
        return CutTransaction(self._inner.transaction(), self._cut)


class CutPlace:
    def __init__(self, inner: KeyPlace, cut: Cut) -> None:
        self._inner = inner
        self._cut = cut
        self._next = [*DESTROYED]
        self.where, self.changed, self.close = inner.where, inner.changed, inner.close
        self.transaction, self.read = inner.transaction, inner.read

    def scrub(self) -> bool:
        if self._cut.armed and self._next:
            self._cut.at(self._next.pop(0))
        return self._inner.scrub()


def main(arguments: list[str]) -> None:
    place, person, step = arguments
    cut = Cut(step)
    database = opened(named(place))
    keys = KeyStore(CutPlace(database.key_place(), cut), database.ledger_id)
    clock = SystemClock()
    writer = Writer(CutDatabase(database, cut), keys, clock)
    ledger = Ledger(database, writer, keys, clock)
    intake = Intake(ledger, clock)
    letters = Forgetting(ledger, Inboxes(ledger, intake, clock))
    erasures = Erasures(ledger, intake, clock, lambda: letters)
    erasures.settle(all_of_it=True)  # the index stands at the head: what follows is the erasure alone
    cut.armed = True
    tenant = ledger.tenant(TENANT)
    asked_for(intake, tenant, clock, person, "r-1")
    erasures.settle()
