"""补录明细: who entered late what was done in time, counted by person and department, each leading to its case."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.instants import DAY, HOUR, MINUTE, Instant, format_instant
from tests.kit.world import START, World, event


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "data")
    yield made
    made.close()


def repaired(world: World, number: int, entered: Instant, **who: Any) -> None:
    """Reported at START, contacted an hour later; that is entered at ``entered`` after the 24 hours, or before."""
    data = {"urgency": "other", "component": "window", "description": "关不严"}
    world.keep(event("repair.reported", f"r{number}", START, ticket=f"BX-{number}", data=data), at=START)
    world.clock.set(max(entered, world.clock.now()))
    for kind, own_id in (("repair.contacted", f"k{number}"), ("repair.visit_booked", f"b{number}")):
        world.keep(event(kind, own_id, START + HOUR, ticket=f"BX-{number}", **who))
    world.tick()


def test_by_person_and_department(world: World) -> None:
    due = START + 24 * HOUR
    repaired(world, 1, due + 6 * MINUTE, actorref="kf-007", department="project_cs")
    world.clock.set(due + DAY)
    told = world.reading.figures.late_entries(world.tenant)
    (entry,) = [one for one in told["entries"] if one["obligation"] == "repair.contact_24h"]
    assert (entry["person"], entry["department"], entry["source"]) == ("kf-007", "project_cs", "crm")
    assert (entry["due"], entry["happened"]) == (format_instant(due), format_instant(START + HOUR))
    assert entry["late_by"] == 6 * MINUTE
    case = world.reading.cases.get(world.tenant, entry["case_id"])
    assert case is not None
    assert case["ticket"] == "BX-1"
    assert told["count"] == len(told["entries"]) == sum(one["count"] for one in told["by"])
    assert {(one["department"], one["person"]) for one in told["by"]} == {("project_cs", "kf-007")}


def test_the_span_is_of_the_entry_and_what_came_in_its_grace_is_no_late_entry(world: World) -> None:
    due = START + 24 * HOUR
    repaired(world, 1, due + 5 * MINUTE, actorref="kf-001")
    assert world.reading.figures.late_entries(world.tenant) == {"count": 0, "by": [], "entries": []}


@pytest.mark.parametrize(("since", "until", "count"), [(0, 1, 1), (1, 2, 0), (-9, 0, 0), (-9, 1, 1)])
def test_from_since_up_to_until(world: World, since: int, until: int, count: int) -> None:
    entered = START + 24 * HOUR + 9 * MINUTE
    repaired(world, 1, entered, actorref="kf-002")
    told = world.reading.figures.late_entries(world.tenant, since=entered + since, until=entered + until)
    mine = [one for one in told["entries"] if one["obligation"] == "repair.contact_24h"]
    assert len(mine) == count
