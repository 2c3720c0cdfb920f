"""Histories of return visits and defects, and their figures counted by hand, with nothing of the rules."""

from __future__ import annotations

from collections import Counter, defaultdict
from random import Random
from typing import Any

from hypothesis import strategies as st

from processors.rules.defects import DefectReport
from schemas.identity import event_id
from schemas.instants import DAY, HOUR, NEVER, Instant, to_datetime
from tests.kit.hostile import DELAYS, TIMES, Told
from tests.kit.world import SOURCE, START, TENANT, World, event

PLACES = {
    "TS-1": {"projectid": "云栖", "houseid": "1-101", "ownertype": "break_in"},
    "BX-1": {"projectid": "云栖", "houseid": "1-102"},
}
Tables = dict[str, dict[tuple[str, ...], tuple[int, ...]]]
CELL = ("project_id", "origin", "component", "cause", "month")
ASKED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("defect.recorded", {"component": "window", "cause": "construction_quality"}),
    ("followup.repair_first_completed", {"satisfied": True}),
    ("followup.repair_first_completed", {"satisfied": False, "scores": [{"component": "a", "points": 90}]}),
    ("followup.complaint_close_completed", {"scores": [{"component": "a", "points": 3, "out_of": 5}]}),
    (
        "followup.property_service_completed",
        {
            "scores": [
                {"component": "a", "points": 2, "out_of": 5},
                {"component": "b", "points": 79},
                {"component": "c", "points": 7, "out_of": 5},
            ]
        },
    ),
    ("followup.repair_second_completed", {}),
    ("followup.complaint_intake_completed", {"reached": False}),
    ("followup.attempted", {"followup_kind": "complaint_close", "outcome": "unreachable"}),
    ("defect.recorded", {"component": "window"}),
    ("repair.reported", {"urgency": "other", "component": "window", "description": "关不严"}),
    ("repair.cause_determined", {"cause": "construction_quality", "responsible_party": "contractor"}),
    ("repair.cause_determined", {"cause": "non_construction_quality"}),
    ("repair.cause_determined", {"responsible_party": "property_co", "within_warranty": True}),
    ("repair.reported", {"urgency": "other", "component": "pipe", "description": "渗水"}),
)


@st.composite
def stories(draw: st.DrawFn) -> list[Told]:
    """Facts that are counted, each changing another at most once, and nothing changing what was withdrawn."""
    made: list[Told] = []
    free: list[int] = []
    for index in range(draw(st.integers(1, 20))):
        changes = draw(st.sampled_from([-1, -1, *free]))
        withdraws = changes >= 0 and draw(st.booleans())
        made.append(
            Told(
                ticket=draw(st.sampled_from(sorted(PLACES))),
                kind=draw(st.integers(0, len(ASKED) - 1)),
                time=START + HOUR + draw(st.sampled_from(TIMES)),
                delay=draw(st.sampled_from(DELAYS)),
                again=draw(st.integers(0, 5)) == 0,
                changes=changes,
                withdraws=withdraws,
            )
        )
        if changes >= 0:
            free.remove(changes)
        if not withdraws:
            free.append(index)
    return made


def when(one: Told) -> Instant:
    """Some happened a month before."""
    return one.time - (one.kind % 3) * 5 * DAY


def wire(history: list[Told], index: int) -> dict[str, Any]:
    one = history[index]
    if one.withdraws:
        return event("event.withdrawn", f"e{index}", when(one), correctssourceid=f"e{one.changes}")
    kind, data = ASKED[one.kind]
    more = {} if one.changes < 0 else {"correctssourceid": f"e{one.changes}"}
    return event(kind, f"e{index}", when(one), ticket=one.ticket, data=data, **PLACES[one.ticket], **more)


def standing(history: list[Told], kept: set[int], upto: Instant = NEVER) -> dict[int, Told]:
    """Those that happened by ``upto``, by index."""
    gone = {history[index].changes for index in kept}
    left = {index: history[index] for index in sorted(kept - gone) if not history[index].withdraws}
    return {index: one for index, one in left.items() if when(one) <= upto}


def last_said(told: list[tuple[Instant, str, dict[str, Any]]]) -> tuple[str, str]:
    """(cause, party) of a case, of its determinations: the last cause, and the last party named since that cause was first
    said after another."""
    said = [data for _, _, data in sorted(told, key=lambda one: one[:2])]
    cause = next((data["cause"] for data in reversed(said) if "cause" in data), "")
    since = 0
    for index, data in enumerate(said):
        if data.get("cause", cause) != cause:
            since = next(n for n in range(index, len(said)) if said[n].get("cause") == cause)
    parties = [data["responsible_party"] for data in said[since:] if "responsible_party" in data]
    return cause, parties[-1] if parties else ""


def scratch(history: list[Told], kept: set[int], upto: Instant = NEVER) -> Tables:
    """Counted by hand, with nothing of the rules."""
    stand = standing(history, kept, upto)
    answers: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    scores: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0, 0])
    reports: Counter[tuple[str, ...]] = Counter()
    blamed: Counter[tuple[str, ...]] = Counter()
    told: dict[str, list[tuple[Instant, str, dict[str, Any]]]] = defaultdict(list)
    for index, one in stand.items():
        kind, data = ASKED[one.kind]
        if kind == "repair.cause_determined":
            told[one.ticket].append((when(one), event_id(TENANT, SOURCE, f"e{index}"), data))
    houses: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for one in stand.values():
        kind, data = ASKED[one.kind]
        at = PLACES[one.ticket]
        month = to_datetime(when(one)).strftime("%Y-%m")
        if kind in ("defect.recorded", "repair.reported"):
            repair = kind == "repair.reported"
            cause, party = last_said(told[one.ticket]) if repair else (data.get("cause", ""), "")
            cell = (at["projectid"], kind.split(".")[0], str(data["component"]), cause, month)
            reports[cell] += 1
            blamed[(*cell, party)] += 1
            houses[cell].add(at["houseid"])
        elif kind.startswith("followup.") and kind != "followup.attempted" and data.get("reached", True):
            key = (at["projectid"], at.get("ownertype", ""), month)
            marks = [(s["points"], s.get("out_of", 100)) for s in data.get("scores", [])]
            marks = [(p, n) for p, n in marks if p <= n]
            said = data.get("satisfied")
            if said is None and marks:
                said = sum(100 * p / n for p, n in marks) / len(marks) > 59.75  # none lies near
            more = (1, said is not None, said is True, bool(marks))
            answers[key] = [a + b for a, b in zip(answers[key], more, strict=True)]
            for points, out_of in marks:
                before = scores[(*key, str(out_of))]
                scores[(*key, str(out_of))] = [before[0] + points, before[1] + 1]
    return {
        "satisfaction_answers": {key: tuple(value) for key, value in answers.items()},
        "satisfaction_scores": {key: tuple(value) for key, value in scores.items()},
        "defect_reports": {key: (value,) for key, value in reports.items()},
        "defect_houses": {key: (len(value),) for key, value in houses.items()},
        "defect_parties": {key: (value,) for key, value in blamed.items()},
    }


def figures(world: World) -> Tables:
    """The tables as they stand."""
    found: Tables = {}
    with world.reading.snapshot() as (conn, tables):
        for name, table in tables.sums.items():
            width = len(table.primary_key.columns)
            lines = [tuple(line) for line in conn.execute(table.select())]
            found[name] = {line[1:width]: line[width:] for line in lines}
        rows = conn.execute(tables.rows[DefectReport].select()).all()
        blamed = Counter(
            (r.project_id, r.origin, r.component, r.cause, r.month, r.responsible_party) for r in rows
        )
        found["defect_parties"] = {key: (count,) for key, count in blamed.items()}
    return found | defects(world)


def of_defects(counted: Tables) -> Tables:
    return {name: counted[name] for name in ("defect_reports", "defect_houses")}


def defects(world: World, *, as_of: Instant | None = None, known_at: Instant | None = None) -> Tables:
    """As the figures are told at a moment; each has as many reports behind it as it counts."""
    reading, tenant = world.reading.figures, world.tenant
    told = reading.defects(tenant, {}, as_of=as_of, known_at=known_at)["figures"]
    found = {tuple(one[name] for name in CELL): (one["reports"], one["houses"]) for one in told}
    for key, (count, _) in found.items():
        where = dict(zip(CELL, key, strict=True))
        behind = reading.behind(tenant, "defects", where, as_of=as_of, known_at=known_at)
        assert len(behind) == count
        assert {line["data"].get("cause", "") for line in behind} == {where["cause"]}
    return {
        "defect_reports": {key: (count,) for key, (count, _) in found.items()},
        "defect_houses": {key: (houses,) for key, (_, houses) in found.items()},
    }


def long_story(seed: int, length: int) -> list[Told]:
    """One as ``stories`` draws them, longer, by a seed."""
    dice = Random(seed)
    made: list[Told] = []
    free: list[int] = []
    for index in range(length):
        changes = dice.choice(free) if free and dice.random() < 0.4 else -1
        withdraws = changes >= 0 and dice.random() < 0.5
        time, delay = START + HOUR + dice.choice(TIMES), dice.choice(DELAYS)
        kind, ticket = dice.randrange(len(ASKED)), dice.choice(sorted(PLACES))
        made.append(Told(ticket, kind, time, delay, dice.random() < 0.2, changes, withdraws))
        if changes >= 0:
            free.remove(changes)
        if not withdraws:
            free.append(index)
    return made
