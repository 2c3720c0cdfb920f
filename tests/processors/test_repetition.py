"""The repetition ladder (投诉上移制): its truth table in any order of arrival, hostile histories, the linked complaint."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.candidate import Appended
from processors.rules.repetition.repetition import CONVERTED, FLAGGED, RAISED, Repetition
from processors.rules.repetition.rule import Repetitions
from schemas.canonical import canonical
from schemas.instants import DAY, HOUR, MINUTE
from schemas.policy_files import load_profile
from tests.kit.arrivals import arrival
from tests.kit.quick import quick_world
from tests.kit.ruledesk import RuleDesk
from tests.kit.worked import Told, arrivals, examples, placed
from tests.kit.world import START, World, event
from touchline.commands.cases import _print

EXAMPLES = examples("repetition")
WORDS = {CONVERTED: "converted", RAISED: "raised", FLAGGED: "flagged"}


def told(words: Mapping[str, Any], number: int) -> Told:
    """(event id, fields) of one line of an example."""
    said = dict(words)
    where = {"project_id": "p", "house_id": "h"}
    if case := said.pop("r", ""):
        what = {"type": "repair.reported", "component": "window", "location": "主卧"}
    elif case := said.pop("c", ""):
        what = {"type": "complaint.received", "category": "leak"}
    else:
        case, what, where = said.pop("of"), {}, {}
    if named := said.pop("named", ""):
        said["same_problem_key"] = named
    own_id = said.pop("id", case if what else f"e{number}")
    return own_id, {"case_id": case, **where, **what, **said}


def play(example: Mapping[str, Any], events: Sequence[Told]) -> RuleDesk:
    shipped = load_profile().dump()["repetition"]
    assert isinstance(shipped, dict)
    sections = {"repetition": {**shipped, **example.get("repetition", {})}}
    return placed(RuleDesk((Repetitions(),), sections), events)


def standing(desk: RuleDesk) -> list[Mapping[str, Any]]:
    """The verdicts that stand, in order of happening."""
    return sorted(desk.bodies_standing(), key=lambda b: (b["time"], b["kind"].split(":")[0]))


def said(body: Mapping[str, Any]) -> list[Any]:
    data = body["data"]
    how = data.get("to_level", data.get("flag", ""))
    return [WORDS[body["type"]], data["reported_case_id"], how, data["count"]]


def check(example: Mapping[str, Any], desk: RuleDesk) -> None:
    rows = {row.case_id: row for row in desk.rows(Repetition)}
    for case, (kind, level, number) in example["after"].items():
        last = json.loads(rows[case].reports)[-1]
        assert [rows[case].kind, rows[case].level, last["no"]] == [kind, level, number], case
    assert sorted(case for case, row in rows.items() if row.differs) == example.get("differs", [])
    assert [said(body) for body in standing(desk)] == example["says"]


@pytest.mark.parametrize("number", range(len(EXAMPLES)), ids=lambda n: str(n + 1))
def test_worked_example(number: int) -> None:
    example = EXAMPLES[number]
    events = [told(words, n) for n, words in enumerate(example["events"])]
    first = play(example, events)
    for order in arrivals(events):
        desk = play(example, order)
        check(example, desk)
        assert whole(desk) == whole(first)


def whole(desk: RuleDesk) -> list[str]:
    """Everything that the standing verdicts say, but their generation and what happened to bring them about."""
    return [canonical([b["type"], b["time"], b["data"], b["row"], b["kind"]]) for b in standing(desk)]


def test_a_level_says_why_and_to_whom() -> None:
    [example] = [e for e in EXAMPLES if e["title"].startswith("第三次满意，第四次")]
    desk = play(example, [told(words, n) for n, words in enumerate(example["events"])])
    first, second = (body for body in standing(desk) if body["type"] == RAISED)
    assert [first["data"]["to"], second["data"]["to"]] == [["developer_dept"], ["hq_cs"]]
    assert [first["data"]["obligation_key"], second["data"]["obligation_key"]] == [
        "escalation.repair_third",
        "escalation.repair_fourth",
    ]
    assert first["data"]["counted"] == ["a", "b", "c"]
    assert (first["data"]["origin"], first["data"]["dissatisfied"]) == ("repair", "yes")
    assert first["case_id"] == "d"
    [converted] = [body for body in standing(desk) if body["type"] == CONVERTED]
    assert converted["case_id"] == converted["data"]["linked_case_id"] == first["data"]["linked_case_id"]
    assert converted["house_id"] == "h"


def test_every_move_is_of_one_level_and_told_to_whom_it_reaches() -> None:
    roles = {1: "developer_dept", 2: "hq_cs", "new_occurrence": "cs_supervisor", "stays": "company_gm"}
    moved = 0
    for example in EXAMPLES:
        for body in standing(play(example, [told(words, n) for n, words in enumerate(example["events"])])):
            data = body["data"]
            if body["type"] != CONVERTED:
                assert data["to"] == [roles[data["flag"] if body["type"] == FLAGGED else data["to_level"]]]
            if body["type"] == RAISED:
                assert data["from_level"] == data["to_level"] - 1
                moved += data["obligation_key"] == "escalation.repair_further"
    assert moved == 1  # of the fifth report, which led there by itself


def test_a_case_becomes_one_complaint_whatever_is_said_of_it_later() -> None:
    """Reported once more, and its third report corrected: it was another customer."""
    lines: list[dict[str, Any]] = [
        {"r": case, "time": f"2026-03-0{day} 09:00", "customer_ref": "k1", "in_warranty": False}
        for day, case in enumerate("abc", start=2)
    ]
    corrected = {**lines[2], "id": "c9", "corrects": "c", "customer_ref": "k2"}
    again = {**lines[2], "id": "c2", "time": "2026-03-06 09:00"}
    desk = play({}, [told(words, n) for n, words in enumerate((*lines, again, corrected))])
    [converted] = [body for body in standing(desk) if body["type"] == CONVERTED]
    assert (converted["customer_ref"], converted["data"]["in_warranty"]) == ("k2", False)


WINDOW = {"description": "关不严", "component": "window", "location": "主卧"}
WHERE = {"projectid": "yunshan", "houseid": "3-1-2301"}


def third_repair(world: World) -> tuple[str, str]:
    """Three reports of one window. (case of the third, case of the complaint that it became)"""
    cases = [
        world.keep(
            event(
                "repair.reported",
                f"r{n}",
                START - DAY + n * HOUR,
                ticket=f"BX-{n}",
                actorref=f"kf-{n}",
                data=WINDOW,
                **WHERE,
            )
        ).case_id
        for n in range(3)
    ]
    world.fold()
    one = world.reading.cases.get(world.tenant, cases[-1])
    assert one is not None
    return cases[-1], str(one["repetition"]["linked_case_id"])


def test_the_third_repair_is_a_complaint_of_its_own(world: World) -> None:
    repair, linked = third_repair(world)
    reading, tenant = world.reading, world.tenant
    found = reading.cases.get(tenant, linked)
    assert found is not None
    assert (found["kind"], found["state"], found["house_id"]) == ("complaint", "open", "3-1-2301")
    assert found["owner"] == "kf-2"  # who took the third report
    level = found["repetition"]
    assert (level["level"], level["level_zh"], level["role"]) == (1, "开发商相关部门", "developer_dept")
    assert level["converted_from"] == repair
    assert [(one["count"], one["level"], one["row"]) for one in level["reports"]] == [
        (1, 0, None),
        (2, 0, None),
        (3, 1, "O51"),
    ]
    owed = {p["row"] for p in reading.promises.find(tenant, case_id=linked, state="open")}
    assert {"O28", "O29", "O32", "O33", "O35", "O36"} <= owed
    history = reading.histories.of(tenant, linked)
    assert history is not None
    assert [one["type"] for one in history["touchpoints"]] == [CONVERTED]
    assert {p["row"] for p in history["promises"]} >= owed
    assert {p["case_id"] for p in history["promises"]} == {linked}  # and none of the repair's
    assert history["repetition"] == level
    before = reading.histories.of(tenant, repair, as_of=START - DAY + HOUR)
    assert before is not None
    assert before["repetition"] is None
    world.keep(event("complaint.registered", "reg", START, caseid=linked, data={"ledger_no": "1"}))
    world.fold()
    [registered] = [p for p in reading.promises.find(tenant, case_id=linked) if p["row"] == "O28"]
    assert registered["state"] in ("met", "late")
    assert world.rebuild().differences == {}


def test_the_command_line_says_the_level_why_and_whose(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    repair, linked = third_repair(world)
    for case, other in ((linked, "由报修转来"), (repair, "已转为投诉")):
        history = world.reading.histories.of(world.tenant, case)
        assert history is not None
        _print(history, case)
        out = capsys.readouterr().out
        assert "投诉上移 level: 1 开发商相关部门" in out
        assert "→ 1 第三次报修仍不满意，转为投诉并上移" in out
        assert other in out


def test_what_is_withdrawn_takes_the_complaint_back(world: World) -> None:
    repair, linked = third_repair(world)
    world.keep(event("event.withdrawn", "w", START, correctssourceid="r0", data={"reason": "误录"}))
    world.fold()
    assert world.reading.cases.get(world.tenant, linked) is None
    assert world.reading.promises.find(world.tenant, case_id=linked, state="open") == []
    one = world.reading.cases.get(world.tenant, repair)
    assert one is not None
    assert (one["repetition"]["level"], one["repetition"]["linked_case_id"]) == (0, None)
    taken = [
        v for v in world.verdicts() if v.type == "obligation.retracted" and v.origin["rule"] == "repetition"
    ]
    assert sorted(str(v.data["retracted_kind"]).partition(":")[0] for v in taken) == ["converted", "level1"]
    world.keep(event("repair.reported", "r3", START, ticket="BX-3", data=WINDOW, **WHERE))
    world.fold()
    assert world.rebuild().differences == {}
    assert world.reading.engine.recheck(world.tenant) == []


NAMED = {"same_problem_key": "窗"}
KINDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("repair.reported", {**WINDOW, **NAMED}),
    ("repair.reported", {**WINDOW, **NAMED, "dissatisfied_with_previous": False}),
    ("repair.reported", {**WINDOW, **NAMED, "dissatisfied_with_previous": True, "report_no": 9}),
    ("complaint.received", {"description": "x", "category": "leak", **NAMED}),
    ("complaint.received", {"description": "x", "category": "leak"}),
    ("followup.repair_first_completed", {"satisfied": True}),
    ("repair.cause_determined", {"cause": "construction_quality", "within_warranty": True}),
    ("repair.closed", {"close_reason": "duplicate"}),
    ("problem.split", {}),
    ("problem.merged", {"problem_key": ["named", "house", "yunshan", "3-1-2301", "窗"]}),
)
PART = st.tuples(
    st.sampled_from([0, 0, 0, 1, 2, 2, 3, 3, *range(4, len(KINDS))]),
    st.integers(0, 3),
    st.integers(0, 5),
    st.integers(-6, 11),
    st.booleans(),
)
"""(kind, which case, hour at which it happened, which one it changes (below 0: none), whether it withdraws that)."""
Sent = tuple[int, dict[str, Any]]


def sendings(parts: Sequence[tuple[int, int, int, int, bool]]) -> list[Sent]:
    """(index of what it changes or -1, the event); each changes another at most once, and none a withdrawal."""
    made: list[Sent] = []
    taken: set[int] = set()
    for index, (kind, case, hour, target, withdraws) in enumerate(parts):
        time = START - 10 * HOUR + hour * HOUR
        free = 0 <= target < index and target not in taken and made[target][1]["type"] != "event.withdrawn"
        name, data = KINDS[kind]
        free = free and (withdraws or not name.startswith("problem."))  # a decision corrects nothing
        more = {"correctssourceid": f"e{target}"} if free else {}
        if free:
            taken.add(target)
        if free and withdraws:
            made.append((target, event("event.withdrawn", f"e{index}", time, **more)))
        else:
            said_ = event(name, f"e{index}", time, ticket=f"T{case}", data=data, **WHERE, **more)
            made.append((target if free else -1, said_))
    return made


def arrived(world: World, sent: Sequence[Sent], shuffle: Random) -> list[str]:
    """What stands after the facts came in this order, some of them twice; as a rebuild has it too."""
    for index in arrival([changes for changes, _ in sent], shuffle):
        world.clock.set(world.clock.now() + MINUTE)
        assert all(isinstance(o, Appended) for o in world.append(*[sent[index][1]] * shuffle.choice((1, 2))))
        if shuffle.random() < 0.3:
            world.fold()
        if shuffle.random() < 0.1:
            world.take_over()
    world.fold()
    assert world.rebuild().differences == {}
    found: dict[tuple[str, str], str] = {}
    for verdict in world.verdicts():
        if verdict.origin["rule"] != "repetition":
            continue
        row = str(verdict.origin["row"])
        if retracted := str(verdict.data.get("retracted_kind", "")):
            del found[(row, retracted)]
        else:
            found[(row, str(verdict.origin["kind"]))] = canonical(
                [verdict.type, verdict.time, verdict.case_id, dict(verdict.data)]
            )
    rows = [line for line in world.tables() if line.startswith(Repetition.TABLE + " ")]
    return sorted([*found.values(), *(without_next(line) for line in rows)])


def without_next(line: str) -> str:
    """A row of the dump but for when more stands of it, which tells how far time has come."""
    table, _, row = line.partition(" ")
    return table + canonical({name: value for name, value in json.loads(row).items() if name != "next"})


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(PART, min_size=3, max_size=12), st.randoms(use_true_random=False))
def test_no_order_of_arrival_changes_what_stands(
    parts: list[tuple[int, int, int, int, bool]], shuffle: Random
) -> None:
    sent = sendings(parts)
    with quick_world(batch=3) as one, quick_world() as other:
        assert arrived(one, sent, Random(0)) == arrived(other, sent, shuffle)
