"""Figures equal a count from scratch of the events that stand: for any order, delays, duplicates, corrections, withdrawals,
batch cuts and lost engines, a batch that holds an event with its own withdrawal included; defects also as known at any instant
before, and as of any."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ledger.candidate import Appended
from schemas.instants import Instant
from tests.kit.counting import defects, figures, of_defects, scratch, stories, when, wire
from tests.kit.hostile import Told, by_recorded
from tests.kit.quick import quick_world


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[phase for phase in Phase if phase is not Phase.explain],
)
@given(
    stories(),
    st.sampled_from([1, 2, 5, 64]),
    st.lists(st.sampled_from(["nothing", "fold", "lose"]), min_size=20, max_size=20),
)
def test_figures_are_what_a_count_from_scratch_gives(
    history: list[Told], batch: int, acts: list[str]
) -> None:
    with quick_world(batch=batch) as world:
        kept: set[int] = set()
        known: dict[Instant, set[int]] = {}
        for (at, index), act in zip(by_recorded(history), acts, strict=False):
            world.clock.set(max(at, world.clock.now()))
            for _ in range(1 + history[index].again):
                (answer,) = world.append(wire(history, index))
                assert isinstance(answer, Appended), answer
            kept.add(index)
            known[world.clock.now()] = set(kept)
            if act == "fold":
                world.fold()
                assert figures(world) == scratch(history, kept)
            elif act == "lose":
                world.take_over()
        world.fold()
        assert figures(world) == scratch(history, kept)
        for at, then in list(known.items())[::3]:
            assert defects(world, known_at=at) == of_defects(scratch(history, then))
        for one in history[::5]:
            assert defects(world, as_of=when(one)) == of_defects(scratch(history, kept, when(one)))
        assert world.rebuild().differences == {}
