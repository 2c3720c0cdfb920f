"""Invariant 10: what stands follows from the order of happening, not of arrival. For any order of arrival, duplication, batch
cut and rhythm of ticks (a correction after its target) the standing verdicts are equal, generation left out, but for what says
how late it was learned: late entry, born late, and warnings, which a promise born late never gives; and what they open."""

from __future__ import annotations

import random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.instants import MINUTE
from tests.kit.arrivals import arrival
from tests.kit.hostile import END, Told, histories, wire
from tests.kit.quick import quick_world

WARNED = "complaint.progress_notice"
"""Opened by a warning or, where a promise born late gave none, by its breach."""
Standing = set[tuple[str, str, int]]


def arrivals(history: list[Told], shuffle: random.Random) -> list[int]:
    """Any order in which nothing comes before what it changes; duplicates anywhere after their first."""
    order = arrival([one.changes for one in history], shuffle)
    for index, one in enumerate(history):
        if one.again:
            order.insert(shuffle.randint(order.index(index) + 1, len(order)), index)
    return order


def standing(history: list[Told], order: list[int], batch: int, ticking: bool) -> Standing:
    """(row, kind, time) of the breaches and steps that stand at the end."""
    with quick_world(batch=batch) as world:
        # Everything is told after it happened; in which order, is the question.
        world.clock.set(max(one.time for one in history) + MINUTE)
        for index in order:
            world.clock.set(world.clock.now() + MINUTE)
            world.append(wire(history, index))
            if ticking:
                world.tick()
        world.tick(END)
        found: Standing = set()
        for verdict in world.verdicts():
            key = (str(verdict.origin["row"]), str(verdict.origin["kind"]), verdict.time)
            if verdict.type == "obligation.retracted":
                kind = str(verdict.data["retracted_kind"])
                found = {f for f in found if f[:2] != (key[0], kind)}
            elif verdict.type != "obligation.due_soon" and verdict.data["obligation_key"] != WARNED:
                found.add(key)
        return found


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(histories(), st.randoms(use_true_random=False), st.sampled_from((1, 5, 64)), st.booleans())
def test_what_stands_does_not_depend_on_the_order_of_arrival(
    history: list[Told], shuffle: random.Random, batch: int, ticking: bool
) -> None:
    told_in_order = arrivals(history, random.Random(0))
    assert standing(history, arrivals(history, shuffle), batch, ticking) == standing(
        history, told_in_order, 64, False
    )
