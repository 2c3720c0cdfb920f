"""A tenant's two lanes as recorded, read side by side in pages; and what a recorded verdict says of itself."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from ledger import lanes
from ledger.ledger import Ledger
from ledger.tenants import Tenant
from processors.batch import PUBLICATIONS, up_to_publication
from processors.halts import Stop
from processors.origin import scope_said
from processors.parked import EVENT_PARKED, stops
from processors.ports import Said
from processors.warm import Key
from schemas.event import Event

PAGE = 2000
"""Facts read at once, and verdicts: of those that fall due between two facts there may be any number."""
FURTHER = 100
"""Verdicts read at once behind a page."""


class Recorded:
    """Up to ``last``, a fact. Memory is bounded by one page of facts and two of verdicts."""

    def __init__(self, ledger: Ledger, tenant: Tenant, last: Event) -> None:
        self.ledger = ledger
        self.tenant = tenant
        self.last = last
        self._facts: list[Event] = []
        self._ahead: deque[Event] = deque()
        """Facts and verdicts that were read and are not given yet."""

    def page(self, conn: Connection, place: int, said: int) -> tuple[list[Event], list[Event]]:
        """The facts behind a place, and the verdicts behind ``said`` that follow them and what was given before. Where there
        are more of these than a page takes, it ends with the last fact of which all are here, or within those of one fact.
        Both empty: that was all."""
        if not self._facts:
            self._facts = self.ledger.facts(conn, self.tenant, place, min(PAGE, self.last.place - place))
        facts = up_to_publication(self._facts)
        verdicts = self._verdicts(conn, said, facts[-1].place if facts else place)
        if len(verdicts) >= PAGE:
            end = verdicts[-1].after
            if verdicts[0].after < end:
                while verdicts[-1].after == end:
                    self._ahead.appendleft(verdicts.pop())
                end -= 1
            facts = [fact for fact in facts if fact.place <= end]
        self._facts = self._facts[len(facts) :]
        return facts, verdicts

    def _verdicts(self, conn: Connection, said: int, upto: int) -> list[Event]:
        """A page of those that follow the facts up to a place; behind the last fact only what it brought about itself. It does
        not end before one that parks: what was parked comes right before that, and must not be let in."""
        taken: list[Event] = []
        while True:
            if not self._ahead:
                found = self.ledger.verdicts(conn, self.tenant, said, PAGE)
                self._ahead.extend(replace(one, recorded=int(one.origin["at"])) for one in found)
                if not found:
                    break
            verdict = self._ahead[0]
            if len(taken) >= PAGE and verdict.type != EVENT_PARKED:
                break
            if verdict.after > upto or (
                verdict.after == self.last.place and verdict.recorded > self.last.recorded
            ):
                break
            taken.append(self._ahead.popleft())
            said = verdict.place
        return taken


def last_decided(ledger: Ledger, tenant: Tenant) -> Event | None:
    """The last decided fact that is no publication: all that was due by then, and all recalled, is concluded."""
    with ledger.database.read() as conn:
        place = lanes.engine_state(conn, tenant).decided
        while place:
            fact = ledger.facts(conn, tenant, place - 1, 1)[0]
            if fact.type not in PUBLICATIONS:
                return fact
            place -= 1
    return None


def parked_after(verdicts: Iterable[Event]) -> dict[int, set[tuple[str, str]]]:
    """Fact place -> (rule, event) that the recorded lane says was parked there."""
    parked: dict[int, set[tuple[str, str]]] = {}
    for verdict in verdicts:
        if verdict.type == EVENT_PARKED and not stops(verdict):
            key = (str(verdict.data["rule"]), str(verdict.data["parked_event"]))
            parked.setdefault(verdict.after, set()).add(key)
    return parked


def placed(verdict: Event) -> Stop:
    """Where a verdict stands on the line of recorded time."""
    return verdict.after, int(verdict.origin["at"]), verdict.event_id


def stopped_in(verdicts: Iterable[Event]) -> dict[Stop, list[Key]]:
    """What a page says stands still from then on: (rule, scope), in the order in which it says so."""
    stopped: dict[Stop, list[Key]] = {}
    for verdict in verdicts:
        if stops(verdict):
            when = (verdict.after, int(verdict.origin["at"]), verdict.causation_id)
            stopped.setdefault(when, []).append((str(verdict.origin["rule"]), scope_said(verdict)))
    return stopped


def said_at_once(
    ledger: Ledger, conn: Connection, tenant: Tenant, publication: Event, verdicts: Sequence[Event]
) -> list[Event]:
    """Those of a page, in which they begin, that follow a publication at its own instant; the lane is read on where the page
    is cut."""
    found: list[Event] = []
    here = (publication.place, publication.recorded)
    while verdicts:
        there = [(one.after, int(one.origin["at"])) for one in verdicts]
        found += [one for one, when in zip(verdicts, there, strict=True) if when == here]
        if there[-1] != here:
            break
        verdicts = ledger.verdicts(conn, tenant, verdicts[-1].place, FURTHER)
    return found


def index_line(verdict: Event) -> Said:
    """Where a recorded verdict stands."""
    return Said(
        place=verdict.place,
        case_id=verdict.case_id,
        row_id=str(verdict.origin["row"]),
        verdict_id=verdict.event_id,
    )
