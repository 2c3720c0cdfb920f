"""Invariant 14 where no event is in hand: a rule that fails on a row at its due instant, or on what a publication recalls or
files, has that scope alone stand still. A verdict says so; everything else goes on; it is tried again by what touches it
and when it is resumed, and from then on it is as if the rule had never failed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from processors.rules.book import Book
from processors.rules.protocol import Evidence, Filing, Mark, Row
from schemas.canonical import canonical
from schemas.event import Event
from schemas.instants import HOUR, NEVER, Instant
from tests.kit.policies import UNHEARD, with_more
from tests.kit.rebuilding import rebuilt_anyhow
from tests.kit.world import START, World, event

COMPLAINT = {"subject": "engineering", "category": "leak", "description": "渗水"}
FORWARDED = {"to_department": "engineering_dept"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick(Row):
    """A report of a case, and all that was heard there by the time it was judged; ``book``: of how many publications."""

    TABLE: ClassVar[str] = "clockwork"
    INDEXES: ClassVar[tuple[tuple[str, ...], ...]] = (("open",),)
    at: int
    heard: str
    book: int
    open: int


class Clockwork:
    """Each report of a case is warned of after an hour and breached after two, unless the case is closed. Fails on cases whose
    ticket is among ``broken``, where it is told to, until it is mended."""

    name = "clockwork"
    version = 1
    rows: tuple[type[Row], ...] = (Tick,)

    def __init__(self, where: str, *broken: str, hour: int = HOUR) -> None:
        self.hour = hour
        self.where = where
        self.broken = broken
        self.published = 0
        """A book that knows more than so many publications has it file more, and fail in ``judge``."""

    def _maybe(self, where: str, heard: str) -> None:
        if where == self.where and any(name in heard.split() for name in self.broken):
            raise ZeroDivisionError("the customer's name might stand here")

    def file(self, event: Event, book: Book) -> Iterator[Filing]:
        if event.case_id and not event.verdict and event.type != "event.withdrawn":
            yield Filing(scope=event.case_id, slot="heard", value=canonical(event.source_id))
            if len(book.instants) > self.published and event.type == "complaint.forwarded":
                yield Filing(scope=event.case_id, slot="more", value=canonical("more"))

    def judge(self, scope: str, evidence: Sequence[Evidence], book: Book) -> Iterator[Row]:
        names = [e.value.strip('"') for e in evidence]
        if len(book.instants) > self.published:
            self._maybe("judge", " ".join(names))
        open_ = int("closed" not in names)
        for e, name in zip(evidence, names, strict=True):
            if e.slot == "heard" and name != "closed":
                yield Tick(
                    id=f"{scope}/{name}",
                    scope=scope,
                    at=e.time,
                    heard=" ".join(names),
                    book=len(book.instants) if open_ else 0,
                    open=open_,
                )

    def instants(self, row: Row, book: Book) -> list[Instant]:
        assert isinstance(row, Tick)
        self._maybe("instants", row.heard)
        return [row.at + self.hour, row.at + 2 * self.hour] if row.open else []

    def marks(self, row: Row, book: Book) -> Iterator[Mark]:
        assert isinstance(row, Tick)
        self._maybe("marks", row.heard)
        for hours, kind in ((1, "due_soon"), (2, "breached")) if row.open else ():
            at = row.at + hours * self.hour
            yield Mark(
                at=at,
                time=at,
                kind=kind,
                type=f"obligation.{kind}",
                envelope={"case_id": row.scope},
                cause=row.id.rpartition("/")[2],
            )

    def about(self, row: Row, book: Book) -> tuple[Mapping[str, Any], Mapping[str, str]]:
        assert isinstance(row, Tick)
        self._maybe("about", row.heard)
        return {}, {}

    def unsettled(self, event: Event, book: Book) -> Iterable[tuple[type[Row], str, Any]]:
        return ((Tick, "open", 1),) if event.type == "policy.published" else ()


class Clock:
    """A world with that rule in it."""

    def __init__(self, place: Path, rule: Clockwork) -> None:
        self.rule = rule
        self.world = World(place, more_rules=[rule])
        self.world.fold()
        rule.published = len(self.world.engine.book.instants)
        self._resumed = 0

    def report(self, name: str, hours: int, *, kind: str = "complaint.received", **more: Any) -> str:
        data = {"complaint.received": COMPLAINT, "complaint.forwarded": FORWARDED}.get(kind, {})
        own = {"ticket": name[0], "data": data, **more}
        kept = self.world.keep(event(kind, name, START + hours * HOUR, **own), START + hours * HOUR)
        return kept.event_id

    def publish(self, hours: int) -> None:
        at = START + hours * HOUR
        data = with_more(f"still.{hours}", {"still.one": UNHEARD})
        self.world.keep(event("policy.published", f"p{hours}", at, data=data), at, admin=True)
        self.world.tick()

    def resume(self, hours: int) -> None:
        """All that is parked."""
        at = START + hours * HOUR
        for one in self.world.reading.engine.parked_list(self.world.tenant):
            self._resumed += 1
            data = {"rule": one["rule"], "parked_event": one["event_id"]}
            self.world.keep(event("event.resumed", f"r{self._resumed}", at, data=data), at, admin=True)
        self.world.fold()

    def tick(self, hours: int) -> None:
        self.world.tick(START + hours * HOUR)

    def said(self) -> list[tuple[str, str, int]]:
        """(type, row or ticket of the case that stands still, hour)."""
        found = []
        for v in self.world.verdicts():
            if v.origin["rule"] == "clockwork":
                row = str(v.origin["row"]).rpartition("/")[2].rpartition(":")[2]
                about = "" if "parked" in v.type else row
                found.append((v.type.partition(".")[2], about, (int(v.origin["at"]) - START) // HOUR))
        return found

    def still(self) -> list[str]:
        return [
            one["event_id"] for one in self.world.reading.engine.parked(self.world.tenant) if one["scope"]
        ]

    def rows(self) -> list[str]:
        return [line for line in self.world.tables() if line.startswith("clockwork ")]

    def rebuilt(self) -> None:
        """No other rows, whatever the rule would do today."""
        rebuilt_anyhow(self.world)


def test_a_row_that_fails_when_it_is_due_stands_still_and_all_else_goes_on(tmp_path: Path) -> None:
    clock = Clock(tmp_path, Clockwork("marks", "a"))
    try:
        bad = clock.report("a", 1)
        clock.report("b", 1)
        clock.tick(5)
        parked = ("parked", "", 2)
        assert sorted(clock.said()) == [("breached", "b", 3), ("due_soon", "b", 2), parked], (
            "once; b is not late"
        )
        assert clock.still() == [bad]
        assert clock.world.engine.earliest() > START + 5 * HOUR, "it does not fall due again and again"
        (verdict,) = [v for v in clock.world.verdicts() if v.type == "event.parked"]
        case = clock.world.reading.cases.get(clock.world.tenant, verdict.case_id)
        assert case is not None
        assert (verdict.data["scope"], verdict.data["error"]) == (verdict.case_id, "ZeroDivisionError")
        assert "customer" not in str(verdict.data)
        assert clock.world.reading.engine.recheck(clock.world.tenant) == [], "today's rules would park it too"
        clock.rebuilt()

        clock.resume(6)
        assert clock.said()[3:] == [("parked", "", 6)], "resumed too early"
        clock.rebuilt()
        clock.rule.broken = ()
        clock.rebuilt()
        clock.resume(7)
        assert clock.said()[4:] == [("unparked", "", 7), ("due_soon", "a", 7), ("breached", "a", 7)]
        assert clock.world.reading.engine.parked(clock.world.tenant) == []
        assert clock.world.reading.engine.recheck(clock.world.tenant) == []
        clock.rebuilt()
    finally:
        clock.world.close()


def test_what_is_new_in_it_tries_again(tmp_path: Path) -> None:
    """While it fails nothing is said anew and nothing else is parked; as soon as it does not, nothing need be resumed."""
    clock = Clock(tmp_path, Clockwork("marks", "a"))
    try:
        first = clock.report("a", 1)
        clock.tick(2)
        clock.rebuilt()  # while its breach lies ahead
        before = clock.rows()
        clock.report("a2", 3, kind="complaint.forwarded")
        clock.tick(9)
        assert clock.said() == [("parked", "", 2)]
        assert clock.rows() == before, "as they were, and nothing falls due"
        clock.rebuilt()
        clock.resume(9)
        assert clock.said() == [("parked", "", 2), ("parked", "", 9)], "resumed too early"
        assert clock.still() == [first], "it is told of the same event"
        clock.rule.broken = ()
        clock.rebuilt()
        clock.report("a3", 10, kind="complaint.forwarded")
        clock.tick(20)
        assert clock.said()[2:3] == [("unparked", "", 10)]
        assert sorted(clock.said()[3:]) == sorted(
            [(kind, name, 10) for kind in ("due_soon", "breached") for name in ("a", "a2")]
            + [("due_soon", "a3", 11), ("breached", "a3", 12)]
        )
        assert clock.still() == []
        clock.rebuilt()
    finally:
        clock.world.close()


class Unmoved(Clockwork):
    """What is new in a case changes none of its other rows."""

    def judge(self, scope: str, evidence: Sequence[Evidence], book: Book) -> Iterator[Row]:
        for row in super().judge(scope, evidence, book):
            assert isinstance(row, Tick)
            yield replace(row, heard=row.id.rpartition("/")[2], book=0)


def test_a_row_that_did_not_change_goes_on_with_its_scope(tmp_path: Path) -> None:
    """It has something to say that it could not, and falls due again; what comes later is judged as ever, afresh too."""
    clock = Clock(tmp_path, Unmoved("marks", "a"))
    try:
        clock.report("a", 1)
        clock.tick(2)
        clock.rule.broken = ()
        clock.report("a2", 2, kind="complaint.forwarded")
        clock.tick(3)
        assert clock.said() == [
            ("parked", "", 2),
            ("unparked", "", 2),
            ("due_soon", "a", 2),
            ("breached", "a", 3),
            ("due_soon", "a2", 3),
        ]
        clock.report("a3", 20, kind="complaint.forwarded")
        clock.world.fold()
        assert len(clock.rows()) == 3
        clock.rebuilt()
    finally:
        clock.world.close()


def test_a_row_that_goes_while_its_scope_stands_still_is_taken_back_when_it_goes_on(tmp_path: Path) -> None:
    """Also where no evidence is left of it."""
    clock = Clock(tmp_path, Clockwork("marks"))
    try:
        clock.report("a", 1)
        clock.tick(2)
        clock.rule.broken = ("a",)
        clock.tick(3)
        assert clock.said() == [("due_soon", "a", 2), ("parked", "", 3)]
        clock.rule.where, clock.rule.broken = "about", ("a",)
        taken = {"correctssourceid": "a", "data": {"reason": "误录"}}
        clock.world.keep(event("event.withdrawn", "w", START + 4 * HOUR, **taken), START + 4 * HOUR)
        clock.world.fold()
        assert len(clock.rows()) == 1
        clock.rebuilt()
        clock.rule.broken = ()
        clock.world.take_over()  # nothing is in memory
        clock.resume(5)
        assert clock.said()[2:] == [("unparked", "", 5), ("retracted", "a", 5)]
        assert clock.rows() == []
        clock.rebuilt()
    finally:
        clock.world.close()


@pytest.mark.parametrize("filed", [False, True])
def test_what_a_publication_recalls_or_files_stands_still_as_it_was(filed: bool, tmp_path: Path) -> None:
    clock = Clock(tmp_path, Clockwork("judge", "more" if filed else "a"))
    try:
        clock.report("a", 1)
        clock.report("a2", 1, kind="complaint.forwarded")
        clock.report("b", 1)
        clock.world.fold()
        before = clock.rows()
        clock.publish(2)
        clock.tick(9)
        assert [one for one in clock.said() if "parked" in one[0]] == [("parked", "", 2)]
        assert len(clock.rows()) == 3
        kept = [line.partition('"next"')[0] for line in before if "/a" in line]
        assert [line.partition('"next"')[0] for line in clock.rows() if "/a" in line] == kept
        assert ("breached", "b", 3) in clock.said()
        clock.rebuilt()
        clock.publish(10)  # tries again
        clock.rebuilt()
        clock.rule.broken = ()
        clock.publish(11)
        clock.tick(12)
        assert [one for one in clock.said() if "parked" in one[0]][1:] == [("unparked", "", 11)]
        assert {one for one in clock.said() if one[1] == "a"} >= {("due_soon", "a", 2), ("breached", "a", 11)}
        clock.rebuilt()
    finally:
        clock.world.close()


class Publishing(Clockwork):
    """A publication is news of a case."""

    case = ""

    def file(self, event: Event, book: Book) -> Iterator[Filing]:
        if event.source_id == "p2":
            yield Filing(scope=self.case, slot="news", value=canonical("news"))
        yield from super().file(event, book)


def test_what_stops_on_a_publication_is_not_recalled_by_it(tmp_path: Path) -> None:
    """The rule fails on the case with that event and without it: the event is parked, and the case stands still on it."""
    rule = Publishing("judge", "a")
    clock = Clock(tmp_path, rule)
    try:
        clock.report("a", 2)
        clock.world.fold()
        (case,) = [str(json.loads(line.partition(" ")[2])["scope"]) for line in clock.rows()]
        rule.case = case
        clock.publish(2)
        assert clock.said() == [("parked", "", 2)] * 2
        assert [bool(v.data.get("scope")) for v in clock.world.verdicts()] == [False, True]
        clock.rebuilt()
        rule.broken = ()
        clock.resume(5)
        assert clock.said()[2:] == [("unparked", "", 5), ("due_soon", "a", 5), ("breached", "a", 5)]
        assert clock.world.reading.engine.parked(clock.world.tenant) == []
        clock.rebuilt()
    finally:
        clock.world.close()


def test_wherever_batches_end_and_whoever_goes_on(tmp_path: Path) -> None:
    """The same lane and tables in batches of one row with another engine after each, as in one."""
    found = []
    for step in (False, True):
        clock = Clock(tmp_path / str(step), Clockwork("marks", "a", "c"))
        try:
            clock.world.batch = 1 if step else 64
            clock.world.take_over()
            for name in ("a", "a2", "b", "b2", "c"):
                clock.report(name, 1, kind="complaint.received" if len(name) == 1 else "complaint.forwarded")
                if step:
                    clock.tick(1)
            for hours in (2, 3) if step else ():
                clock.tick(hours)
                clock.world.take_over()
            clock.tick(4)
            clock.rule.broken = ("c",)
            clock.resume(5)
            clock.tick(6)
            found.append((clock.world.lane(), clock.world.tables()))
            clock.rebuilt()
        finally:
            clock.world.close()
    assert found[0] == found[1]


def test_next_of_what_stands_still_is_never(tmp_path: Path) -> None:
    clock = Clock(tmp_path, Clockwork("marks", "a"))
    try:
        for name in ("a", "a2"):
            clock.report(name, 1)
        clock.tick(9)
        rows = clock.rows()
        assert len(rows) == 2
        assert all(f'"next":{NEVER}' in line for line in rows)
        assert clock.world.engine.step() is False
        assert clock.world.engine.earliest() > START + 9 * HOUR
    finally:
        clock.world.close()
