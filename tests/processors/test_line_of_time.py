"""Invariant 7: the verdict lane is a function of the fact lane and of how far time has come. No rhythm of ticks, cut of
batches, crash or outage changes it; and a fresh fold of the recorded lanes gives the same tables to the byte (16)."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.kit.hostile import END, Crash, Tick, Told, by_recorded, faults, histories, wire
from tests.kit.quick import quick_world


def run(history: list[Told], items: list[Tick | Crash], batch: int) -> tuple[Any, list[str], Any]:
    """Play facts at their recorded instants, with faults between; (lane, tables, rebuild's differences)."""
    with quick_world(batch=batch) as world:
        line: list[tuple[int, int, object]] = [(at, 1, index) for at, index in by_recorded(history)]
        line += [(item.at, 0, item) for item in items]
        for at, _, item in sorted(line, key=lambda one: (one[0], one[1])):
            if at > world.clock.now():
                world.clock.set(at)
            if isinstance(item, int):
                world.append(*[wire(history, item)] * (2 if history[item].again else 1))
            elif isinstance(item, Tick):
                world.tick()
            else:
                world.take_over()
        world.tick(END)
        return world.lane(), world.tables(), world.rebuild().differences


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(histories(), faults(), st.sampled_from((1, 3, 64)))
def test_no_tick_batch_or_crash_changes_what_follows(
    history: list[Told], items: list[Tick | Crash], batch: int
) -> None:
    lane, tables, differences = run(history, [], 64)
    assert differences == {}
    again = run(history, items, batch)
    assert again == (lane, tables, {})
