"""Cumulative penalties (累计处罚制): the worked examples, in any order of arrival, and hostile histories of whole houses."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from processors.rules.penalties import Penalties
from processors.rules.penalty import Penalty
from processors.rules.repetition.filing import problem_of
from schemas.event import Event
from schemas.identity import case_id_of_ticket, penalty_id, problem_id
from schemas.instants import DAY, HOUR, MINUTE, format_instant
from schemas.policy_files import load_profile
from tests.kit.arrivals import arrival
from tests.kit.quick import quick_world
from tests.kit.ruledesk import RuleDesk
from tests.kit.worked import Told, arrivals, examples, placed
from tests.kit.world import SOURCE, START, TENANT, World, event
from tests.processors.desk import at

EXAMPLES = examples("penalties")
TIMES = {"opened", "doubled", "decided"}


def switched_on(**more: Any) -> dict[str, Any]:
    """The shipped figures, on."""
    return {**load_profile().dump()["penalties"], "enabled": True, **more}


def play(example: Mapping[str, Any], events: Sequence[Told]) -> RuleDesk:
    sections = {} if example.get("off") else {"penalties": switched_on(**example.get("terms", {}))}
    return placed(RuleDesk((Penalties(),), sections), [(own_id, spelt(words)) for own_id, words in events])


def spelt(words: Mapping[str, Any]) -> dict[str, Any]:
    """All examples are of one problem, and name a penalty by its case and rule."""
    fields = dict(words)
    if "of" in fields:
        fields["penalty_id"] = penalty_id("p", *fields.pop("of"))
    if words["type"].partition(".")[0] in ("escalation", "penalty"):
        fields["problem"] = "p"
    return fields


def check(desk: RuleDesk, wanted: Sequence[Mapping[str, Any]]) -> None:
    rows = sorted(desk.rows(Penalty), key=lambda row: row.rule)
    assert len(rows) == len(wanted)
    standing = desk.standing()
    assert {row for row, _, _ in standing} <= {row.id for row in rows}
    for row, expected in zip(rows, wanted, strict=True):
        for name, said in expected.items():
            if name == "marks":
                marks = sorted((kind, time) for own, kind, time in standing if own == row.id)
                assert marks == sorted((kind, at(time)) for kind, time in said)
            else:
                assert getattr(row, name) == (at(said) if name in TIMES else said), name


@pytest.mark.parametrize("number", range(len(EXAMPLES)), ids=lambda n: str(n + 1))
def test_worked_example(number: int) -> None:
    example = EXAMPLES[number]
    events: list[Told] = [(f"e{n}", words) for n, words in enumerate(example["events"], 1)]
    for order in arrivals(events):
        check(play(example, order), example["penalties"])


# -- with the ladder itself

HOUSE = {"houseid": "3-1-1201", "projectid": "yunqi", "channel": "hotline"}
LEAK = {"description": "渗水", "category": "leak"}
PIPE = {"description": "爆管", "component": "pipe", "location": "bath"}
KINDS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    *(("complaint.received", f"T{n}", LEAK) for n in range(3)),
    ("complaint.received", "T3", {**LEAK, "cause": "delay"}),
    *(("repair.reported", f"R{n}", {**PIPE, "dissatisfied_with_previous": True}) for n in range(4)),
    ("repair.reported", "R4", {**PIPE, "in_warranty": False}),
    ("repair.cause_determined", "R2", {"cause": "construction_quality"}),
    ("repair.cause_determined", "R2", {"cause": "non_construction_quality", "within_warranty": True}),
    ("complaint.analysed", "T1", {"cause": "delay"}),
    *(("penalty.confirmed", f"T{n}", {"rule": "rule1"}) for n in (0, 1)),
    ("penalty.confirmed", "R2", {"rule": "rule2b"}),
    ("penalty.waived", "T1", {"rule": "rule1"}),
)
PART = st.tuples(st.integers(0, len(KINDS) - 1), st.integers(0, 6), st.integers(-8, 14), st.booleans())
"""(kind, day on which it happened, which one it changes (below 0: none), whether it withdraws that)."""
BEGUN = (0, 1, 4, 5, 6)
"""Two complaints and three repairs, so that both kinds have moved up before anything is changed."""


def case_of(ticket: str) -> str:
    return case_id_of_ticket(TENANT, SOURCE, ticket)


@cache
def problem(kind: str) -> str:
    """Of the house's complaints, and of its repairs."""
    ladder = load_profile().repetition
    assert ladder is not None
    data = LEAK if kind == "complaint.received" else PIPE
    fact = Event(
        type=kind,
        version=1,
        event_id="x",
        time=0,
        recorded=0,
        place=1,
        after=1,
        case_id="x",
        house_id=HOUSE["houseid"],
        project_id=HOUSE["projectid"],
        data=data,
    )
    return problem_id(problem_of(fact, ladder))


def sendings(parts: Sequence[tuple[int, int, int, bool]]) -> list[tuple[int, dict[str, Any]]]:
    """(index of what it changes or -1, the event); each changes another at most once, and none a withdrawal."""
    made: list[tuple[int, dict[str, Any]]] = []
    taken: set[int] = set()
    for index, (number, day, target, withdraws) in enumerate(parts):
        kind, ticket, data = KINDS[number]
        time = START - 20 * DAY + day * DAY
        free = 0 <= target < index and target not in taken and made[target][1]["type"] != "event.withdrawn"
        own = f"e{index}"
        if free and (withdraws or kind.startswith("penalty.")):
            taken.add(target)
            made.append((target, event("event.withdrawn", own, time, correctssourceid=f"e{target}", data={})))
        elif kind.startswith("penalty."):
            where = problem("complaint.received" if ticket[0] == "T" else "repair.reported")
            said = {
                "penalty_id": penalty_id(where, case_of(ticket), data["rule"]),
                "problem": where,
                "by": "gm",
            }
            sum_ = {"amount_fen": 30000} if kind == "penalty.confirmed" else {}
            made.append((-1, event(kind, own, time, data={**said, **sum_})))
        else:
            fixes = free and not made[target][1]["type"].startswith("penalty.")
            more = {"correctssourceid": f"e{target}"} if fixes else {}
            if fixes:
                taken.add(target)
            made.append(
                (target if fixes else -1, event(kind, own, time, ticket=ticket, data=data, **HOUSE, **more))
            )
    return made


def publish(world: World) -> None:
    """Penalties on, in force since before anything happened, and later than the shipped profile."""
    data: dict[str, Any] = json.loads(json.dumps(load_profile().published()))
    data["version"] = data["policy"]["version"] = "with-penalties"
    data["effective_from"] = data["policy"]["effective_from"] = format_instant(START - 25 * DAY)
    data["policy"]["penalties"] = switched_on()
    data["policy"]["policies"] = {}
    world.keep(event("policy.published", "on", world.clock.now(), data=data), admin=True)
    world.fold()


def arrived(
    world: World, told: Sequence[tuple[int, dict[str, Any]]], shuffle: Random
) -> tuple[list[dict[str, Any]], set[tuple[str, str, int]]]:
    """The penalties, and what stands of what was said of them, after the facts came in this order, some of them twice."""
    publish(world)
    for index in arrival([changes for changes, _ in told], shuffle):
        world.clock.set(world.clock.now() + MINUTE)
        world.append(*[told[index][1]] * shuffle.choice((1, 2)), approver=True)
        if shuffle.random() < 0.3:
            world.tick()
    world.tick()
    assert world.rebuild().differences == {}
    standing: set[tuple[str, str, int]] = set()
    for verdict in world.verdicts():
        if verdict.origin["rule"] == "penalties":
            row, kind = str(verdict.origin["row"]), str(verdict.origin["kind"])
            if retracted := verdict.data.get("retracted_kind"):
                standing = {one for one in standing if one[:2] != (row, retracted)}
            else:
                standing.add((row, kind, verdict.time))
    rows = [json.loads(line.partition(" ")[2]) for line in world.tables() if line.startswith("penalties ")]
    for row in rows:  # ids of verdicts, which tell how often they were said
        del row["raised"], row["doubled_by"]
    return rows, standing


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.integers(0, 6), min_size=5, max_size=5),
    st.lists(PART, min_size=1, max_size=10),
    st.randoms(use_true_random=False),
)
def test_no_order_of_arrival_changes_what_is_proposed(
    days: list[int], parts: list[tuple[int, int, int, bool]], shuffle: Random
) -> None:
    begun = [(kind, day, -1, False) for kind, day in zip(BEGUN, days, strict=True)]
    told = sendings([*begun, *parts])
    with quick_world(batch=3) as one, quick_world() as other:
        assert arrived(one, told, Random(0)) == arrived(other, told, shuffle)


def test_a_second_complaint_is_proposed_confirmed_and_taken_back(world: World) -> None:
    publish(world)
    for number in range(2):
        at_ = START - (9 - number) * DAY
        world.keep(event("complaint.received", f"c{number}", at_, ticket=f"T{number}", data=LEAK, **HOUSE))
    world.tick()
    (one,) = world.reading.penalties.find(world.tenant)
    assert (one["rule"], one["state"], one["amount_fen"]) == ("rule1", "proposed", 20000)
    assert one["case_id"] == case_of("T1")
    said = {"penalty_id": one["id"], "problem": one["problem"], "by": "gm-1", "amount_fen": 30000}
    refused = world.append(event("penalty.confirmed", "no", START - HOUR, data=said))[0]
    assert getattr(refused, "status", 0) == 422
    world.append(
        event("penalty.confirmed", "d", START - HOUR, data={**said, "reason": "漏点未查明"}), approver=True
    )
    world.tick()
    (one,) = world.reading.penalties.find(world.tenant, state="confirmed")
    assert (one["amount_fen"], one["decided_by"], one["reason"]) == (30000, "gm-1", "漏点未查明")
    world.keep(event("event.withdrawn", "w", START - MINUTE, correctssourceid="c0", data={}))
    world.tick()
    (one,) = world.reading.penalties.find(world.tenant)
    assert (one["state"], one["amount_fen"]) == ("unfounded", 0)
    mine = [v for v in world.verdicts() if v.origin["rule"] == "penalties"]
    assert [v.type for v in mine] == ["penalty.proposed", "obligation.retracted"]
    assert "amount_fen" not in mine[1].data
    assert world.rebuild().differences == {}


def test_off_until_a_company_switches_it_on(world: World) -> None:
    for number in range(3):
        world.keep(
            event("complaint.received", f"c{number}", START - DAY, ticket=f"T{number}", data=LEAK, **HOUSE)
        )
    world.tick()
    assert any(v.type == "escalation.raised" for v in world.verdicts())
    assert world.reading.penalties.find(world.tenant) == []
    assert not [v for v in world.verdicts() if v.type.startswith("penalty.")]
