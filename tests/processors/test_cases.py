"""What a case is called and whether it is closed, where promises are made beside it."""

from __future__ import annotations

import pytest

from schemas.instants import DAY, HOUR
from tests.kit.world import START, World, event


@pytest.mark.parametrize("promised", [0, -HOUR, HOUR])
def test_a_promise_beside_a_complaint_neither_names_nor_closes_it(world: World, promised: int) -> None:
    at = START - 5 * DAY
    data = {"promise_text": "x", "commitment_id": "p"}
    world.append(
        event("complaint.received", "a", at, ticket="t", data={"description": "x"}),
        event("commitment.made", "b", at + promised, ticket="t", data=data),
        event("commitment.fulfilled", "c", at + DAY, ticket="t", data={"commitment_id": "p"}),
    )
    world.fold()
    (case,) = world.reading.cases.find(world.tenant)
    assert (case["kind"], case["state"]) == ("complaint", "open")
    world.append(
        event("complaint.closed", "d", at + 2 * DAY, ticket="t"),
        event("commitment.made", "e", at + 3 * DAY, ticket="t", data={**data, "commitment_id": "q"}),
    )
    world.fold()
    (case,) = world.reading.cases.find(world.tenant)
    assert (case["kind"], case["state"]) == ("complaint", "closed")


def test_a_promise_alone_is_a_case_of_its_own(world: World) -> None:
    data = {"promise_text": "x", "commitment_id": "p"}
    world.append(event("commitment.made", "a", START - DAY, ticket="t", data=data))
    world.fold()
    assert [(c["kind"], c["state"]) for c in world.reading.cases.find(world.tenant)] == [
        ("commitment", "open")
    ]
    world.append(event("commitment.fulfilled", "b", START - HOUR, ticket="t", data={"commitment_id": "p"}))
    world.fold()
    assert [(c["kind"], c["state"]) for c in world.reading.cases.find(world.tenant)] == [
        ("commitment", "closed")
    ]


def test_what_nobody_had_told_before_stands_in_the_case(world: World) -> None:
    """One touchpoint more carries a case on; what it tells first is kept, what it tells again changes nothing."""
    for number, more in enumerate(({}, {"houseid": "h-1"}, {"houseid": "h-2"})):
        forwarded = {"to_department": "engineering_dept"}
        kind, data = (
            ("complaint.forwarded", forwarded) if number else ("complaint.received", {"description": "x"})
        )
        world.append(event(kind, f"{number}", START - DAY + number, ticket="t", data=data, **more))
        world.fold()
    (case,) = world.reading.cases.find(world.tenant)
    assert (case["house_id"], case["touchpoints"]) == ("h-1", 3)
    assert world.rebuild().differences == {}
