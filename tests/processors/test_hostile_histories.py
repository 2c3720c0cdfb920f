"""More of what no hostile history may change: sent twice is kept once (invariant 5), and a promise stays bound to the policy of
its trigger, whatever is published afterwards (invariant 9)."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import HealthCheck, given, settings

from ledger.candidate import Appended, Problem
from schemas.instants import MINUTE, Instant, format_instant
from schemas.policy_files import load_profile
from tests.kit.hostile import END, Told, by_recorded, histories, wire
from tests.kit.quick import quick_world
from tests.kit.world import START, World, event

ON_VERDICTS = "complaint.progress_notice"
SHORTER = ("complaint.respond_in_standard", "complaint.handle_in_standard", "repair.first_return_visit")


def told(world: World, history: list[Told]) -> dict[int, Any]:
    """Every fact at its recorded instant; the answers by index."""
    answers: dict[int, Any] = {}
    for at, index in by_recorded(history):
        world.clock.set(max(at, world.clock.now()))
        (answers[index],) = world.append(wire(history, index))
    return answers


def stricter() -> dict[str, Any]:
    """The shipped policies with three limits cut to a minute, in force since before anything happened."""
    data = copy.deepcopy(load_profile().published())
    data["version"] = data["policy"]["version"] = "stricter"
    data["effective_from"] = data["policy"]["effective_from"] = format_instant(START - 60 * MINUTE)
    for key in SHORTER:
        data["policy"]["policies"][key]["due"] = {"after": "1min"}
    return dict(data)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(histories())
def test_sent_twice_is_kept_once_and_other_content_changes_nothing(history: list[Told]) -> None:
    with quick_world() as world:
        first = told(world, history)
        world.tick(END)
        before = (world.lane(), world.tables())
        for index, answer in first.items():
            raw = wire(history, index)
            (again,) = world.append(raw)
            if isinstance(answer, Appended):
                assert isinstance(again, Appended)
                assert (again.event_id, again.case_id, again.place) == (
                    answer.event_id,
                    answer.case_id,
                    answer.place,
                )
                assert again.duplicate
                (other,) = world.append({**raw, "region": "elsewhere"})
                assert isinstance(other, Problem)
                assert other.status == 409
        world.tick(END + MINUTE)
        assert (world.lane(), world.tables()) == before


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(histories())
def test_what_was_promised_under_a_policy_stays_under_it(history: list[Told]) -> None:
    def rows(world: World, published: Instant) -> list[str]:
        """What had begun: later periods of a duty that goes on are the new policy's, and so is what a later verdict opens."""
        kept = []
        for line in world.tables():
            table, _, row = line.partition(" ")
            begun = table == "announced" or (table == "promises" and json.loads(row)["opened"] <= published)
            if begun and ON_VERDICTS not in row:
                kept.append(line)
        return kept

    def lane(world: World) -> list[tuple[int, str, int, dict[str, Any]]]:
        return [said for said in world.lane() if f"|{ON_VERDICTS}" not in said[3]["scope"]]

    with quick_world() as world:
        told(world, history)
        moment = world.clock.now()
        world.tick(END)
        calm = rows(world, moment), lane(world)
    with quick_world() as world:
        told(world, history)
        world.keep(
            event("policy.published", "stricter", world.clock.now(), data=stricter()),
            admin=True,
        )
        world.tick(END)
        place = world.engine.state.decided
        said = [
            (after - (after == place), *rest) for after, *rest in lane(world)
        ]  # what follows the publication would have followed the fact before it
        assert (rows(world, moment), said) == calm
        assert world.rebuild().differences == {}
