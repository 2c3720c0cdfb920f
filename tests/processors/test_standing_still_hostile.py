"""A rule that fails on some rows whenever anything is said of them, in hostile histories, until it is mended and all is resumed
(invariant 14): batches, ticks and crashes change nothing of that, a rebuild at any time makes the same tables, and in the
end it is as if it had never failed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar
from unittest.mock import patch
from zlib import crc32

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tests.kit.world
from processors.rules.book import Book
from processors.rules.promises.promise import Promise
from processors.rules.promises.rule import Promises
from processors.rules.protocol import Evidence, Mark, Row
from schemas.instants import DAY, HOUR, MINUTE, Instant
from tests.kit.hostile import END, Crash, Tick, Told, by_recorded, faults, histories, wire
from tests.kit.policies import UNHEARD, with_more
from tests.kit.quick import prepared_folder, quick_world
from tests.kit.rebuilding import rebuilt_anyhow
from tests.kit.world import START, World, event
from touchline.rules import rules

ON_VERDICTS = "complaint.progress_notice"
OF_ARRIVAL = {
    "born_late", "late_entry", "entered_by", "trigger_recorded", "settled_recorded", "trigger_place", "confirm",
}  # fmt: skip
DAYS = [START, *(START + HOUR + day * DAY + 7 * MINUTE for day in (0, 1, 2, 3, 4, 6, 8, 14))]

Rows = TypeVar("Rows", Sequence[Row], Sequence[Row] | None)


class Brittle(Promises):
    """Fails on two in three: of rows in what they say; of scopes that publications recall in judging them, once a book knows
    too much."""

    def __init__(self) -> None:
        super().__init__()
        self.where = ""
        self.third = 0
        self.most = 0

    def _maybe(self, where: str, name: str) -> None:
        if where == self.where and crc32(name.encode()) % 3 != self.third:
            raise ZeroDivisionError

    def carry(self, rows: Sequence[Row], evidence: Sequence[Evidence], book: Book) -> Sequence[Row] | None:
        return self._judged(evidence[-1].scope, Promises.carry(rows, evidence, book), book)

    def judge(self, scope: str, evidence: Sequence[Evidence], book: Book) -> Iterable[Row]:
        return self._judged(scope, list(super().judge(scope, evidence, book)), book)

    def _judged(self, scope: str, rows: Rows, book: Book) -> Rows:
        if len(book.published) > self.most and any(
            isinstance(row, Promise) and row.ongoing for row in rows or ()
        ):
            self._maybe("judge", scope)
        return rows

    def marks(self, row: Row, book: Book) -> Iterable[Mark]:
        self._maybe("marks", row.id)
        return super().marks(row, book)

    def about(self, row: Row, book: Book) -> tuple[Mapping[str, Any], Mapping[str, str]]:
        self._maybe("about", row.id)
        return super().about(row, book)


@contextmanager
def brittle_world(batch: int) -> Iterator[tuple[World, Brittle]]:
    prepared_folder()
    rule = Brittle()
    whole = tuple(rule if isinstance(one, Promises) else one for one in rules())
    with patch.object(tests.kit.world, "rules", lambda: whole), quick_world(batch=batch) as world:
        rule.most = len(world.engine.book.published)
        yield world, rule


def run(
    world: World,
    history: list[Told],
    items: Sequence[Tick | Crash] = (),
    *,
    since: Instant,
    until: Instant,
    published: Instant,
) -> None:
    """What is recorded from ``since`` on and before ``until``, with the faults among it; then time comes to that."""
    told: list[tuple[Instant, int, Any]] = [(at, 0, index) for at, index in by_recorded(history)]
    told += [(item.at, 1, item) for item in items] + [(published, 2, None)]
    for at, sort, what in sorted(told, key=lambda one: one[:2]):
        if not since <= at < until:
            continue
        world.clock.set(max(at, world.clock.now()))
        if sort == 0:
            world.append(wire(history, what))
        elif sort == 2:
            data = with_more("still", {"still.one": {**UNHEARD, "per": ["case"]}})
            world.keep(event("policy.published", "still", world.clock.now(), data=data), admin=True)
        elif isinstance(what, Tick):
            world.tick()
        else:
            world.take_over()
    world.tick(max(until, world.clock.now()))


def resume(world: World) -> None:
    """All that is parked, until nothing is."""
    for number in range(8):
        parked = world.reading.engine.parked_list(world.tenant)
        if not parked:
            return
        for index, one in enumerate(parked):
            data = {"rule": one["rule"], "parked_event": one["event_id"]}
            raw = event("event.resumed", f"r{number}/{index}", world.clock.now(), data=data)
            world.keep(raw, admin=True)
        world.tick()
    raise AssertionError(world.reading.engine.parked_list(world.tenant))


DEEP = os.environ.get("TOUCHLINE_DEEP") == "1"
FAULTS = st.sampled_from(["marks", "about", "judge"])
MOMENTS = st.lists(st.sampled_from(DAYS), min_size=3, max_size=3).map(sorted)
"""When it breaks, when a policy is published, and when it is mended."""


# each is folded twice and rebuilt six times, in two seconds
@settings(max_examples=200 if DEEP else 6, deadline=None, suppress_health_check=list(HealthCheck))
@given(histories(), faults(), FAULTS, st.integers(0, 2), MOMENTS, st.sampled_from([1, 3, 64]))
def test_nothing_but_the_history_counts_and_a_rebuild_makes_the_same(
    history: list[Told],
    items: list[Tick | Crash],
    where: str,
    third: int,
    moments: list[Instant],
    batch: int,
) -> None:
    broken, published, mended = moments
    found = []
    for size, among in ((64, ()), (batch, items)):
        with brittle_world(size) as (world, rule):
            rule.third = third
            run(world, history, among, since=0, until=broken, published=published)
            rule.where = where
            run(world, history, among, since=broken, until=mended, published=published)
            if not among:
                rebuilt_anyhow(world, (2000, 2))
            rule.where = ""
            if not among:
                rebuilt_anyhow(world, (2000, 2))
            run(world, history, among, since=mended, until=END, published=published)
            found.append((world.lane(), world.tables()))
            resume(world)
            found.append((world.lane(), world.tables()))
            rebuilt_anyhow(world, (2000, 2))
    assert found[:2] == found[2:]


@settings(max_examples=200 if DEEP else 25, deadline=None, suppress_health_check=list(HealthCheck))
@given(histories(), FAULTS, st.integers(0, 2), MOMENTS)
def test_mended_and_resumed_it_is_as_if_it_had_never_failed(
    history: list[Told], where: str, third: int, moments: list[Instant]
) -> None:
    """But for what says when something was known: what is opened by a verdict is opened by a later one."""
    broken, published, mended = moments
    found = []
    for fails in ("", where):
        with brittle_world(64) as (world, rule):
            rule.third = third
            run(world, history, since=0, until=broken, published=published)
            rule.where = fails
            run(world, history, since=broken, until=mended, published=published)
            rule.where = ""
            run(world, history, since=mended, until=END, published=published)
            resume(world)
            found.append((standing(world), promises(world)))
    assert found[1] == found[0]


def standing(world: World) -> list[tuple[str, str, int]]:
    lines = [json.loads(line.partition(" ")[2]) for line in world.tables() if line.startswith("announced ")]
    return sorted(
        (line["row_id"], line["kind"], line["time"])
        for line in lines
        if line["standing"] and line["kind"] != "parked" and f"|{ON_VERDICTS}" not in line["scope"]
    )


def promises(world: World) -> list[dict[str, Any]]:
    rows = [json.loads(line.partition(" ")[2]) for line in world.tables() if line.startswith("promises ")]
    return [
        {name: value for name, value in row.items() if name not in OF_ARRIVAL}
        for row in rows
        if row["obligation"] != ON_VERDICTS
    ]
