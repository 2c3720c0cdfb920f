"""Killed with SIGKILL at every step of a rebuild: the old set stays active, or the new one is, whole either way; the next
rebuild clears what was left behind and succeeds."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from projections.rebuild import Rebuild
from projections.sets import Sets
from projections.steps import RebuildStep
from projections.store import active_set
from tests.kit import rebuild_victim
from tests.kit.hatchery import ended
from tests.kit.world import World
from tests.projections.test_rebuild import story

AFTER = (RebuildStep.SWAPPED, RebuildStep.EMPTIED)
"""Steps behind the commit of the swap."""


def victim(world: World, step: RebuildStep, count: int = 1) -> int:
    """Exit status of a process that rebuilds this world."""
    place = str(world.place) if isinstance(world.place, Path) else world.place.url
    return ended(rebuild_victim.main, place, step.name, str(count))


def active(world: World) -> str:
    with world.database.read() as conn:
        found = active_set(conn)
    assert found is not None
    return found[0]


@pytest.mark.crash
def test_killed_at_every_step(world: World) -> None:
    story(world)
    before, lane, was = world.tables(), world.lane(), active(world)
    for step in RebuildStep:
        assert victim(world, step) == -signal.SIGKILL, step
        assert (active(world) != was) == (step in AFTER), step
        assert (world.tables(), world.lane()) == (before, lane), step
        was = active(world)
    sets = Sets(world.database, world.writer)
    assert len(sets.standing()) > 1  # the last one left its old set behind, half dropped
    rebuild = Rebuild(world.ledger, world.rules)
    report = rebuild.run()
    assert (report.swapped, report.differences) == (True, {})
    assert rebuild.drop_old()
    assert sets.standing().keys() == {active(world)}
    assert (world.tables(), world.lane()) == (before, lane)
