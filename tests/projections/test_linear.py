"""Linear rules: a cell is the sum over the events that stand, however they came, were corrected, withdrawn, parked or let in
again; over SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from processors.rules.book import Book
from processors.rules.linear import MOST, AnyRule, Sum, names_of
from projections.reading.reading import Reading
from projections.store import OtherFold, open_store
from schemas.event import Event
from schemas.instants import HOUR
from tests.kit.places import Where
from tests.kit.world import START, World, event


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally(Sum):
    """Touchpoints by type and channel."""

    TABLE: ClassVar[str] = "tally"

    type: str
    channel: str
    events: int
    hours: int


class Tallies:
    """Fails on what is forwarded to ``failing``."""

    name = "tallies"
    version: int = 1
    rows: tuple[type[Sum], ...] = (Tally,)
    failing = ""
    hours = 1

    def addends(self, event: Event, book: Book) -> Iterator[Sum]:
        if self.failing and event.data.get("to_department") == self.failing:
            raise ZeroDivisionError("the customer's name might stand here")
        if event.type.startswith("complaint."):
            for _ in range(2):  # to one cell: counted together
                yield Tally(
                    type=event.type, channel=event.channel, events=1, hours=self.hours * (event.time // HOUR)
                )


COMPLAINT = {"subject": "engineering", "category": "leak", "description": "渗水"}


def made(place: Where, rule: AnyRule, batch: int) -> World:
    return World(place, more_rules=[rule], batch=batch)


def sums(world: World) -> dict[tuple[str, str], tuple[int, int]]:
    with world.reading.snapshot() as (conn, tables):
        t = tables.sums["tally"]
        return {
            (line.type, line.channel): (line.events, line.hours) for line in conn.execute(t.select()).all()
        }


def forwarded(own_id: str, hour: int, department: str = "engineering_dept", **more: str) -> dict[str, Any]:
    return event(
        "complaint.forwarded",
        own_id,
        START + hour * HOUR,
        ticket="T",
        channel="app",
        data={"to_department": department},
        **more,
    )


BASE = START // HOUR


@pytest.mark.parametrize("batch", [1, 64])
def test_corrected_and_withdrawn_events_are_subtracted_exactly(place: Where, batch: int) -> None:
    world = made(place, Tallies(), batch)
    try:
        cell = ("complaint.forwarded", "app")
        world.append(event("complaint.received", "a", START, ticket="T", data=COMPLAINT), at=START + 9 * HOUR)
        world.append(forwarded("b", 1), forwarded("c", 2))
        world.fold()
        assert sums(world) == {
            ("complaint.received", ""): (2, 2 * BASE),
            cell: (4, 2 * (BASE + 1) + 2 * (BASE + 2)),
        }
        # in one batch: an event with its own withdrawal, another with its correction and the correction's withdrawal
        world.append(
            forwarded("d", 3),
            event("event.withdrawn", "w1", START + HOUR, correctssourceid="d"),
            forwarded("e", 4),
            forwarded("e2", 5, correctssourceid="e"),
            event("event.withdrawn", "w2", START + HOUR, correctssourceid="e2"),
            forwarded("b2", 7, correctssourceid="b"),
            at=START + 10 * HOUR,
        )
        world.fold()
        assert sums(world)[cell] == (4, 2 * (BASE + 7) + 2 * (BASE + 2))
        world.append(
            event("event.withdrawn", "w3", START + HOUR, correctssourceid="b2"),
            event("event.withdrawn", "w4", START + HOUR, correctssourceid="c"),
            at=START + 11 * HOUR,
        )
        world.fold()
        assert cell not in sums(world), "a cell that nobody adds to does not stand"
        assert world.rebuild(swap=True).differences == {}
        assert sums(world) == {("complaint.received", ""): (2, 2 * BASE)}
    finally:
        world.close()


def test_what_a_linear_rule_fails_on_is_parked_and_added_when_resumed(place: Where) -> None:
    rule = Tallies()
    rule.failing = "sales_dept"
    world = made(place, rule, 64)
    try:
        cell = ("complaint.forwarded", "app")
        world.append(event("complaint.received", "a", START, ticket="T", data=COMPLAINT), at=START + 9 * HOUR)
        world.append(forwarded("b", 1), forwarded("c", 2, "sales_dept"), forwarded("d", 3, "sales_dept"))
        world.fold()
        parked = world.reading.engine.parked(world.tenant)
        assert [(p["rule"], p["error"]) for p in parked] == [("tallies", "ZeroDivisionError")] * 2
        assert sums(world)[cell] == (2, 2 * (BASE + 1))
        rule.failing = ""
        # mended code counts them nowhere before they are resumed, in a rebuild neither; nor is subtracted what was not added
        assert world.rebuild(swap=True).differences == {}
        world.store = open_store(world.database, world.writer, world.rules)
        world.take_over()
        world.append(event("event.withdrawn", "w", START + HOUR, correctssourceid="d"), at=START + 10 * HOUR)
        world.fold()
        assert sums(world)[cell] == (2, 2 * (BASE + 1))
        for n, one in enumerate([*parked, *parked]):
            resume = {"rule": "tallies", "parked_event": one["event_id"]}
            world.keep(event("event.resumed", f"r{n}", START, data=resume), START + 11 * HOUR, admin=True)
        world.fold()
        assert sums(world)[cell] == (4, 2 * (BASE + 1) + 2 * (BASE + 2)), "each once, the withdrawn one never"
        assert world.rebuild().differences == {}
    finally:
        world.close()


def test_subtracted_is_what_was_added_whatever_the_rule_says_now(place: Where) -> None:
    rule = Tallies()
    world = made(place, rule, 64)
    try:
        world.append(event("complaint.received", "a", START, ticket="T", data=COMPLAINT), at=START + 9 * HOUR)
        world.append(forwarded("b", 1))
        world.fold()
        rule.hours = 3  # an upgrade without a new version: forbidden, and yet no sum may drift
        world.append(event("event.withdrawn", "w", START, correctssourceid="b"), at=START + 10 * HOUR)
        world.fold()
        assert set(sums(world)) == {("complaint.received", "")}
    finally:
        world.close()


def test_an_addend_too_large_is_parked_and_stops_nothing(place: Where) -> None:
    rule = Tallies()
    rule.hours = MOST
    world = made(place, rule, 64)
    try:
        world.append(event("complaint.received", "a", START, ticket="T", data=COMPLAINT), at=START + 9 * HOUR)
        world.fold()
        assert [p["error"] for p in world.reading.engine.parked(world.tenant)] == ["OverflowError"]
        assert len(world.reading.cases.find(world.tenant)) == 1
        assert sums(world) == {}
    finally:
        world.close()


def test_a_sum_has_texts_for_a_key_and_whole_numbers_for_sums() -> None:
    assert names_of(Tally) == (("type", "channel"), ("events", "hours"))

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Ratio(Sum):
        TABLE: ClassVar[str] = "ratio"
        project_id: str
        share: float

    with pytest.raises(TypeError, match=r"Ratio\.share is str"):
        names_of(Ratio)


def test_a_rule_of_another_version_is_another_fold_and_adds_anew(place: Where) -> None:
    world = made(place, Tallies(), 64)
    try:
        cell = ("complaint.forwarded", "app")
        world.append(event("complaint.received", "a", START, ticket="T", data=COMPLAINT), at=START + 9 * HOUR)
        world.append(forwarded("b", 1), forwarded("c", 2))
        world.fold()
        newer = Tallies()
        newer.version, newer.hours = 2, 3
        world.rules = (*world.rules[:-1], newer)
        with pytest.raises(OtherFold, match="touchline rebuild"):
            open_store(world.database, world.writer, world.rules)
        world.rebuild(swap=True)
        world.store = open_store(world.database, world.writer, world.rules)
        world.reading = Reading(world.database, world.ledger, world.rules, lambda: world.rules)
        world.take_over()
        assert sums(world)[cell] == (4, 3 * (2 * (BASE + 1) + 2 * (BASE + 2)))
        world.append(event("event.withdrawn", "w", START, correctssourceid="b"), at=START + 10 * HOUR)
        world.fold()
        assert sums(world)[cell] == (2, 3 * 2 * (BASE + 2))
        assert world.rebuild().differences == {}
    finally:
        world.close()
