"""First-contact responsibility (首问责任制): the worked examples, in any order of arrival, and hostile histories."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from processors.rules.firstcontact import CaseOwner, FirstContact
from schemas.instants import HOUR, MINUTE, NEVER
from tests.kit.arrivals import arrival
from tests.kit.quick import quick_world
from tests.kit.ruledesk import RuleDesk
from tests.kit.worked import Told, arrivals, examples, placed
from tests.kit.world import START, World, event
from tests.processors.desk import at

EXAMPLES = examples("first_contact")
TIMES = {"since", "first_at", "offered"}


def play(example: Mapping[str, Any], events: Sequence[Told]) -> CaseOwner | None:
    desk = RuleDesk((FirstContact(),), {"ownership": example.get("ownership", {})})
    rows = placed(desk, [(own_id, {"case_id": "c", **words}) for own_id, words in events]).rows(CaseOwner)
    assert len(rows) <= 1
    return rows[0] if rows else None


def moment(text: str) -> int:
    return NEVER if text == "none" else at(text)


def check(row: CaseOwner | None, wanted: Mapping[str, Any] | None) -> None:
    assert (row is None) == (wanted is None)
    for name, said in (wanted or {}).items():
        if name == "handovers":
            chain = [
                (one["from"], one["to"], one["offered"], one["accepted"])
                for one in json.loads(row.chain if row else "[]")
            ]
            assert chain == [(a, b, moment(o), moment(t)) for a, b, o, t in said]
        else:
            assert getattr(row, name) == (moment(said) if name in TIMES else said), name


@pytest.mark.parametrize("number", range(len(EXAMPLES)), ids=lambda n: str(n + 1))
def test_worked_example(number: int) -> None:
    example = EXAMPLES[number]
    events: list[Told] = [(f"e{n}", words) for n, words in enumerate(example["events"], 1)]
    for order in arrivals(events):
        check(play(example, order), example["owner"])


KINDS = (
    ("complaint.received", {"description": "渗水"}),
    ("inquiry.received", {"topic": "产权证", "question": "何时"}),
    ("case.handed_over", {"to_ref": "a"}),
    ("case.handed_over", {"to_ref": "b"}),
    ("case.handover_accepted", {"to_ref": "a"}),
    ("case.handover_accepted", {"to_ref": "b"}),
)
PART = st.tuples(st.integers(0, len(KINDS) - 1), st.integers(0, 5), st.integers(-3, 8), st.booleans())
"""(kind, hour at which it happened, which one it changes (below 0: none), whether it withdraws that)."""


def sendings(parts: Sequence[tuple[int, int, int, bool]]) -> list[tuple[int, dict[str, Any]]]:
    """(index of what it changes or -1, the event); each changes another at most once, and none a withdrawal."""
    made: list[tuple[int, dict[str, Any]]] = []
    taken: set[int] = set()
    for index, (kind, hour, target, withdraws) in enumerate(parts):
        time = START - 10 * HOUR + hour * HOUR
        free = 0 <= target < index and target not in taken and made[target][1]["type"] != "event.withdrawn"
        more = {"correctssourceid": f"e{target}"} if free else {}
        if free:
            taken.add(target)
        name, data = KINDS[kind]
        if free and withdraws:
            made.append((target, event("event.withdrawn", f"e{index}", time, **more)))
        else:
            said = event(name, f"e{index}", time, ticket="T", actorref=f"kf-{index}", data=data, **more)
            made.append((target if free else -1, said))
    return made


def arrived(world: World, told: Sequence[tuple[int, dict[str, Any]]], shuffle: Random) -> list[str]:
    """The owners' table after the facts came in this order, some of them twice; as a rebuild has it too."""
    for index in arrival([changes for changes, _ in told], shuffle):
        world.clock.set(world.clock.now() + MINUTE)
        world.append(*[told[index][1]] * shuffle.choice((1, 2)))
        if shuffle.random() < 0.3:
            world.fold()
    world.fold()
    assert world.rebuild().differences == {}
    return [line for line in world.tables() if line.startswith(CaseOwner.TABLE + " ")]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(PART, min_size=2, max_size=9), st.randoms(use_true_random=False))
def test_no_order_of_arrival_changes_who_has_the_case(
    parts: list[tuple[int, int, int, bool]], shuffle: Random
) -> None:
    told = sendings(parts)
    with quick_world(batch=3) as one, quick_world() as other:
        assert arrived(one, told, Random(0)) == arrived(other, told, shuffle)


def test_it_is_shown_with_the_case_and_owes_its_promises(world: World) -> None:
    said = {"ticket": "T", "data": {"topic": "产权证", "question": "何时"}}
    case = world.keep(event("inquiry.received", "a", START - HOUR, actorref="kf-1", **said)).case_id
    world.fold()
    was = world.clock.now()
    (due,) = [
        p for p in world.reading.promises.find(world.tenant) if p["obligation"] == "contact.inquiry_reply"
    ]
    assert (due["person"], due["owes"]) == ("kf-1", ["first_contact_owner"])
    world.clock.set(START + HOUR)
    for number, kind in enumerate(("case.handed_over", "case.handover_accepted")):
        world.keep(event(kind, f"h{number}", START + number * MINUTE, ticket="T", data={"to_ref": "kf-2"}))
        world.fold()
        (owner,) = [row["owner"] for row in world.reading.cases.find(world.tenant)]
        assert owner == ("kf-1", "kf-2")[number], "as shipped, nobody has what he has not taken"
    one = world.reading.cases.get(world.tenant, case)
    assert one is not None
    assert (one["owner"], one["ownership"]["first"]) == ("kf-2", "kf-1")
    assert [row["owner"] for row in world.reading.cases.find(world.tenant)] == ["kf-2"]
    for now, person in ((None, "kf-2"), (was, "kf-1")):
        history = world.reading.histories.of(world.tenant, case, known_at=now)
        assert history is not None
        assert history["ownership"]["owner"] == person
        assert {p["person"] for p in history["promises"] if "first_contact_owner" in p["owes"]} == {person}
    assert {
        p["person"] for p in world.reading.promises.find(world.tenant) if "first_contact_owner" in p["owes"]
    } == {"kf-2"}
