"""What a promise will have said, and from when on (提醒、超时、提醒升级): due soon, breached, steps of the ladder, dated.

A mark does not exist where the promise was settled before it. A promise that a later calendar dated says nothing before
that calendar was recorded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from processors.rules.promises.promise import OPEN, Promise, confirmable
from processors.rules.promises.texts import read
from processors.rules.protocol import LOOK, Mark, Row
from processors.rules.sources import Wait
from schemas.instants import NEVER, Instant

if TYPE_CHECKING:
    from processors.rules.book import Book

DUE_SOON, BREACHED = "obligation.due_soon", "obligation.breached"
STEP_REACHED, DATED = "obligation.alert_step_reached", "obligation.dated"

NOBODY, OWERS, AT_BREACH = -2, -1, 0
"""Whom a mark tells: nobody, who owes it, the ladder's first line; 1, 2, 3: the roles of that step."""

_ROUTING = ("case_id", "house_id", "project_id", "customer_ref")
_routed = attrgetter(*_ROUTING)


def marks(row: Promise, book: Book) -> Iterator[Mark]:
    """In order of kinds; ``at`` is when it begins to stand, ``time`` what the verdict bears."""
    said = _Saying(row, book)
    for line in _lines(row, book):
        yield said.mark(*line)


def instants(row: Row, book: Book) -> list[Instant]:
    """When its marks begin to stand: all that is asked of most of them."""
    assert isinstance(row, Promise)
    if row.due == NEVER and row.planned == NEVER:
        return []
    return [line[0] for line in _lines(row, book)]


def _lines(row: Promise, book: Book) -> list[tuple[Instant, Instant, str, str, int]]:
    """(at, time, kind, type, whom it tells)"""
    made: list[tuple[Instant, Instant, str, str, int]] = []
    due, settled, early = row.due, row.settled, row.early
    if due == NEVER and row.planned == NEVER:
        return made
    if row.kind == "coverage":  # a share is a figure; who is missing has a promise of his own
        return made
    floor = row.dated_recorded if row.dated_by else -NEVER
    if row.dated_by:
        made.append((floor, floor, "dated", DATED, NOBODY))
    if not row.born_late and not early:
        last = min(due, row.planned)
        for number, warn in enumerate(read(row.warns), start=1):
            if warn < settled and max(warn, floor) <= last:
                kind = "due_soon" if number == 1 else f"due_soon{number}"
                made.append((max(warn, floor), warn, kind, DUE_SOON, OWERS))
    if (settled <= due and not early) or row.confirm == NEVER:
        return made
    confirmed = confirmable(row)
    if book.sources.declared and (waiting := waits(row, book)):
        made.append((confirmed, due, "look", LOOK, NOBODY))
        confirmed = max(wait.until for wait in waiting)
    made.append((confirmed, due, "breached", BREACHED, AT_BREACH))
    for number, step in enumerate(read(row.steps), start=1):
        if step < settled:
            made.append((max(step, confirmed), step, f"step{number}", STEP_REACHED, number))
    return made


def waits(row: Promise, book: Book) -> list[Wait]:
    """The sources for which its breach waits, once nothing else keeps it. Early is early, whoever reports (row.early)."""
    sources = book.sources
    if not sources.declared or row.early or NEVER in (row.due, row.confirm) or row.settled <= row.due:
        return []
    bound = book.policies.at(row.policy_place, row.obligation)
    return sources.waits(bound.terms.discharges, row.due, confirmable(row)) if bound is not None else []


def unconfirmed(row: Promise, book: Book, at: Instant) -> list[Wait]:
    """The sources for which its breach still waits at an instant (待核实)."""
    if row.state != OPEN or row.due == NEVER or confirmable(row) > at:
        return []
    return [wait for wait in waits(row, book) if wait.until > at]


def about(row: Promise, book: Book) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    """(data, envelope) that every verdict on this promise bears."""
    bound = book.policies.at(row.policy_place, row.obligation)
    data: dict[str, Any] = {
        "obligation_key": row.obligation,
        "row": row.obligation_row,
        "zh": bound.terms.zh if bound is not None else row.obligation,
        "en": bound.terms.en if bound is not None else row.obligation,
        "promise_id": row.id,
        "due": min(row.due, row.planned),
        "opened": row.opened,
        "policy_version": row.policy_version,
        "owes": list(read(row.owes)),
        "to": list(read(row.owes)),
        "keys": dict(read(row.keys)),
        "born_late": bool(row.born_late),
    }
    if row.calendar_version:
        data["calendar_version"] = row.calendar_version
    if row.person:
        data["person"] = row.person
    return data, _routing(row)


class _Told(Mapping[str, Any]):
    """The data of one mark, put together when somebody reads it: most marks are only looked at for their instant."""

    __slots__ = ("_line", "_made", "_said")

    def __init__(self, said: _Saying, line: int) -> None:
        self._said, self._line = said, line
        self._made: dict[str, Any] | None = None

    def _whole(self) -> dict[str, Any]:
        if self._made is None:
            self._made = self._said.data(self._line)
        return self._made

    def __getitem__(self, name: str) -> Any:
        return self._whole()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._whole())

    def __len__(self) -> int:
        return len(self._whole())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mapping) and self._whole() == dict(other)

    __hash__ = None  # type: ignore[assignment]


class _Saying:
    """What the marks of one promise have in common."""

    __slots__ = ("book", "envelope", "row")

    def __init__(self, row: Promise, book: Book) -> None:
        self.row, self.book = row, book
        self.envelope: Mapping[str, str] | None = None

    def mark(self, at: int, time: int, kind: str, event_type: str, line: int) -> Mark:
        """``line`` says who is told: see ``NOBODY``. A mark that says nothing bears nothing."""
        if event_type == LOOK:
            return Mark(at, time, kind, LOOK)
        if self.envelope is None:
            self.envelope = _routing(self.row)
        return Mark(at, time, kind, event_type, _Told(self, line), self.envelope, self.row.trigger)

    def data(self, line: int) -> dict[str, Any]:
        """What a verdict on it bears."""
        made = dict(about(self.row, self.book)[0])
        made["to"] = self._to(line, made["owes"])
        if line > 0:
            made["step"] = line
        return made

    def _to(self, line: int, owes: list[str]) -> list[str]:
        if line == NOBODY:
            return []
        if line == OWERS:
            return [*owes]
        bound = self.book.policies.at(self.row.policy_place, self.row.obligation)
        ladder = bound.terms.ladder if bound is not None else None
        if line == AT_BREACH:
            return self._told_of_breach(ladder.breach if ladder is not None else ["ower"], owes)
        return list(ladder.steps[line - 1].to) if ladder is not None and line <= len(ladder.steps) else []

    def _told_of_breach(self, told: Sequence[str], owes: Sequence[str]) -> list[str]:
        """Roles of the ladder's first line: ``ower`` stands for who owes it, ``superior`` for the first ower's."""
        made: list[str] = []
        for word in told:
            if word == "ower":
                made += owes
            elif word == "superior":
                made.append(self.book.superior(owes[0]) if owes else "")
            else:
                made.append(word)
        return [role for role in dict.fromkeys(made) if role]


def _routing(row: Promise) -> dict[str, str]:
    return {name: value for name, value in zip(_ROUTING, _routed(row), strict=True) if value}
