"""Over new year 2027 (S24): the shipped calendar ends with 2026, so what falls due behind it stands undated (待定) and rings
nobody; the calendar of 2027, whenever it comes, dates it by a verdict, and what it missed meanwhile is said then."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.candidate import Appended
from producers.calendar_maker import lunar_months, make_calendar
from projections.store import open_store
from schemas.instants import HOUR, MINUTE, format_instant, parse_instant
from schemas.policy import Calendar
from schemas.policy_files import load_profile
from tests.kit.policies import publication
from tests.kit.world import World, event

EVE = parse_instant("2026-12-29T10:00:00+08:00")
KEY = "complaint.close_return_visit"
HOLIDAYS = ["2027-01-01"]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "data", at=EVE - 24 * HOUR)
    yield made
    made.close()


def closed(world: World) -> None:
    data: dict[str, Any] = {
        "subject": "engineering", "category": "leak", "severity": "ordinary", "description": "渗水",
    }  # fmt: skip
    world.keep(event("complaint.received", "c1", EVE, ticket="TS-1", data=data), at=EVE)
    world.keep(event("complaint.closed", "c2", EVE, ticket="TS-1", data={"close_reason": "resolved"}))
    world.tick()


def publish(world: World, at: str) -> None:
    spec = Calendar(base="none", closed=HOLIDAYS)
    first = parse_instant("2027-01-01T00:00:00+08:00")
    data = make_calendar("office", first, (2027,), spec, "hand-2027")
    world.keep(
        event("calendar.published", "office-2027", parse_instant(at), data=data),
        parse_instant(at),
        admin=True,
    )
    world.tick()


def mine(world: World) -> dict[str, Any]:
    (found,) = [p for p in world.reading.promises.find(world.tenant) if p["obligation"] == KEY]
    return found


def said(world: World) -> list[tuple[str, int]]:
    return [
        (v.type.removeprefix("obligation."), v.time)
        for v in world.verdicts()
        if v.data.get("obligation_key") == KEY
    ]


DUE = parse_instant("2027-01-04T23:59:59.999999+08:00")
"""Wed 30, Thu 31, Friday off, a weekend, Mon 4 January."""


def test_before_it_is_due_the_calendar_dates_it_and_it_runs(world: World) -> None:
    closed(world)
    assert (mine(world)["wall"], mine(world)["due"]) == ("undated", None)
    publish(world, "2026-12-31T09:00:00+08:00")
    assert (mine(world)["wall"], mine(world)["due"]) == ("pending", format_instant(DUE))
    assert said(world) == [("dated", parse_instant("2026-12-31T09:00:00+08:00"))]
    world.tick(DUE)
    assert mine(world)["wall"] == "due_soon"
    world.tick(DUE + 1)
    assert [kind for kind, _ in said(world)] == ["dated", "due_soon", "breached"]
    assert said(world)[-1] == ("breached", DUE)
    assert world.rebuild().differences == {}


def test_what_a_calendar_dates_in_the_instant_of_another_fact_is_said_after_a_rebuild(world: World) -> None:
    """Time had come to that instant by the fact before it, and has not for what the calendar recalls."""
    closed(world)
    spec = Calendar(base="none", closed=HOLIDAYS)
    data = make_calendar("office", parse_instant("2027-01-01T00:00:00+08:00"), (2027,), spec, "hand-2027")
    asked = {"subject": "engineering", "category": "leak", "description": "渗水"}
    other = event("complaint.received", "c3", EVE, ticket="TS-2", data=asked)
    made = event("calendar.published", "office-2027", EVE, data=data)
    assert all(isinstance(one, Appended) for one in world.append(other, made, at=EVE + HOUR, admin=True))
    world.fold()
    rebuilt = world.rebuild(swap=True)
    assert rebuilt.differences == {}
    world.store = open_store(world.database, world.writer, world.rules)
    world.take_over()
    world.tick()
    assert said(world) == [("dated", EVE + HOUR)]
    assert world.rebuild().differences == {}


def test_when_it_has_long_been_due_the_breach_is_said_with_the_date(world: World) -> None:
    closed(world)
    world.tick(parse_instant("2027-01-09T09:00:00+08:00"))
    assert said(world) == []
    assert world.reading.promises.counts(world.tenant)["undated"] >= 1
    publish(world, "2027-01-10T09:00:00+08:00")
    kinds = {kind for kind, _ in said(world)}
    assert kinds == {"dated", "breached", "alert_step_reached"}, "and nobody is warned any more"
    assert mine(world)["wall"] == "breached"
    assert world.rebuild().differences == {}


def test_a_visit_meanwhile_is_judged_by_the_calendar_that_came(world: World) -> None:
    closed(world)
    world.keep(
        event("followup.complaint_close_completed", "v1", DUE, ticket="TS-1", data={"satisfied": True}),
        DUE + MINUTE,
    )
    publish(world, "2027-01-10T09:00:00+08:00")
    assert mine(world)["wall"] == "met"
    assert "breached" not in [kind for kind, _ in said(world)]


def test_a_region_waits_for_its_own_calendar(world: World) -> None:
    """East has closing days of its own, west has not: each is dated by its calendar, whichever comes first, and by none that
    is not its own. What a project's region is was told by a fact; what is triggered before that is everybody's."""

    def close(ticket: str, project: str) -> None:
        asked = {"subject": "engineering", "category": "leak", "severity": "ordinary", "description": "渗水"}
        for kind, data in (("complaint.received", asked), ("complaint.closed", {"close_reason": "resolved"})):
            told = event(kind, f"{ticket}-{kind}", EVE, ticket=ticket, projectid=project, data=data)
            world.keep(told, EVE + HOUR)

    def calendar(name: str, closed: list[str], at: str, year: int = 2027) -> None:
        data = make_calendar(
            name,
            parse_instant(f"{year}-01-01T00:00:00+08:00"),
            (year,),
            Calendar(base="none", closed=closed),
            f"{name}-{year}",
        )
        said = event("calendar.published", f"{name}-{year}", parse_instant(at), data=data)
        world.keep(said, parse_instant(at), admin=True)
        world.tick()

    def dues() -> dict[str, str]:
        found = [p for p in world.reading.promises.find(world.tenant) if p["obligation"] == KEY]
        return {p["project_id"]: (p["due"] or "undated")[:10] for p in found}

    calendar("office@east", ["2026-12-31"], "2026-12-29T09:00:00+08:00", 2026)
    for project, region in (("p-east", "east"), ("p-west", "west")):
        told = event("project.registered", project, EVE - HOUR, projectid=project, data={"region": region})
        world.keep(told, EVE)
    close("E", "p-east")
    close("W", "p-west")
    close("N", "p-nowhere")
    world.keep(
        event("project.registered", "late", EVE, projectid="p-nowhere", data={"region": "east"}), EVE + HOUR
    )
    world.tick()
    assert dues() == {"p-east": "undated", "p-west": "undated", "p-nowhere": "undated"}
    calendar("office", HOLIDAYS, "2026-12-30T09:00:00+08:00")
    assert dues() == {"p-east": "undated", "p-west": "2027-01-04", "p-nowhere": "2027-01-04"}
    calendar("office@east", [*HOLIDAYS, "2027-01-04"], "2026-12-30T10:00:00+08:00")
    assert dues() == {"p-east": "2027-01-06", "p-west": "2027-01-04", "p-nowhere": "2027-01-04"}
    ends = world.reading.published.horizons(world.tenant)
    assert sorted(ends) == ["office", "office@east"]
    assert world.rebuild().differences == {}


def test_a_festival_waits_for_the_calendar_that_tells_the_moon(world: World) -> None:
    """A year that was published by hand without lunar months (农历): its mid-autumn is owed on a day that nobody can tell."""
    greeting = "care.mid_autumn"
    policy = {
        "row": "O127", "zh": "中秋问候", "on": "project.delivered", "per": ["project"],
        "due": {"days": {"mid_autumn": "lunar 08-15"}}, "by": "care.greeting_sent", "owes": "project_cs",
    }  # fmt: skip
    own = load_profile().dump() | {
        "profile": "own", "version": "1", "policies": {greeting: policy}, "facts": {}, "calendars": {"moon": {}},
    }  # fmt: skip
    own["policies"][greeting]["calendar"] = "moon"
    own |= {name: None for name in ("repetition", "penalties", "ownership", "figures") if name in own}
    world.keep(event("policy.published", "own", EVE, data=publication(own)), EVE, admin=True)
    data = make_calendar(
        "moon", parse_instant("2027-01-01T00:00:00+08:00"), (2026, 2027), Calendar(base="none")
    )
    bare = data | {"lunar": {"2026": lunar_months(2026)}}
    world.keep(event("calendar.published", "moon-1", EVE, data=bare), EVE, admin=True)
    world.keep(event("project.delivered", "p1", EVE, projectid="p1"), EVE)

    def owed() -> list[tuple[str, str, Any]]:
        rows = [row for row in world.reading.promises.find(world.tenant) if row["obligation"] == greeting]
        return [(row["period"], row["wall"], row["due"]) for row in rows]

    spring = parse_instant("2027-03-01T09:00:00+08:00")
    world.tick(spring)
    assert owed() == [("2027-mid_autumn", "undated", None)]
    again = event("calendar.published", "moon-2", spring, data=data | {"version": "with-moon"})
    world.keep(again, spring + HOUR, admin=True)
    world.tick(parse_instant("2027-09-15T12:00:00+08:00"))
    assert owed() == [("2027-mid_autumn", "pending", "2027-09-15T23:59:59.999999+08:00")]
    world.tick(parse_instant("2027-09-16T00:00:01+08:00"))
    assert [row[1] for row in owed()] == ["breached"]
    assert world.rebuild().differences == {}
