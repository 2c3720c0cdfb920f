"""满意度与缺陷: what is published of the sums, from how many answers on, at which moment, and which cases are behind."""

from __future__ import annotations

from typing import Any

from ledger.candidate import Appended
from schemas.instants import DAY, HOUR, Instant, format_instant
from schemas.policy_files import load_profile
from tests.kit.counting import figures, long_story, scratch, wire
from tests.kit.hostile import by_recorded
from tests.kit.world import START, World, event

MARCH = {"project_id": "云栖", "owner_type": "break_in", "month": "2026-03"}


def visit(number: int, at: Instant, satisfied: bool | None = None, **more: Any) -> dict[str, Any]:
    data = more.pop("data", {} if satisfied is None else {"satisfied": satisfied})
    return event(
        "followup.repair_first_completed",
        f"v{number}",
        at,
        ticket=f"BX-{number}",
        projectid="云栖",
        ownertype="break_in",
        data=data,
        **more,
    )


def publish(world: World, version: str, at: Instant, since: Instant | None = None, **figures: int) -> None:
    """In force ``since`` (default: ``at``)."""
    data: Any = load_profile().published()
    data["version"] = data["policy"]["version"] = version
    data["effective_from"] = data["policy"]["effective_from"] = format_instant(since or at)
    data["policy"]["figures"] = figures
    world.keep(event("policy.published", f"policy-{version}", at, data=data), at, admin=True)


def one(world: World, **at: Instant) -> dict[str, Any]:
    (figure,) = world.reading.figures.satisfaction(world.tenant, {}, **at)["figures"]
    assert {name: figure[name] for name in MARCH} == MARCH
    return dict(figure)


def test_nothing_is_published_from_fewer_answers_than_the_minimum_sample(world: World) -> None:
    mark = {"scores": [{"component": "a", "points": 3, "out_of": 5}]}
    world.append(*[visit(n, START + HOUR, n % 10 > 0) for n in range(29)], at=START + 2 * HOUR)
    world.append(visit(100, START + HOUR), visit(101, START + HOUR, data={"still_faulty": False}))
    world.fold()
    few = one(world)
    assert (few["visits"], few["answered"]) == (31, 29)
    hidden = ("satisfied", "share", "interval", "mean", "scores")
    assert [few[name] for name in hidden] == [None] * 5

    world.append(visit(200, START + HOUR, data=mark))  # a mark of 60 % counts as satisfied: the 30th answer
    world.fold()
    told = one(world)
    assert (told["answered"], told["satisfied"], told["share"]) == (30, 27, 900)
    assert told["interval"] == [743, 966]  # 0.7438 to 0.9654
    assert (told["scored"], told["mean"], told["scores"]) == (1, None, None), "one mark is no mean"
    whole = world.reading.figures.satisfaction(world.tenant, {"project_id": "elsewhere"})
    assert (whole["figures"], whole["total"]["visits"], whole["minimum_sample"]) == ([], 0, 30)
    assert world.rebuild().differences == {}


def test_a_company_publishes_its_own_measure_and_what_was_counted_stays(world: World) -> None:
    half = {"scores": [{"component": "a", "points": 1, "out_of": 2}, {"component": "b", "points": 50}]}
    world.keep(visit(1, START + HOUR, data=half), START + HOUR)
    publish(world, "own", START + 2 * HOUR, minimum_sample=2, satisfied_pct=50, z_permille=1645)
    world.keep(visit(2, START + 3 * HOUR, data=half), START + 3 * HOUR)
    world.fold()
    told = one(world)
    assert (told["satisfied"], told["answered"], told["mean"]) == (1, 2, 500)
    assert told["scores"] == [
        {"out_of": 2, "points": 2, "marks": 2},
        {"out_of": 100, "points": 100, "marks": 2},
    ]
    assert one(world, known_at=START + 90 * 60 * 1_000_000)["share"] is None, "as it was published then"
    # withdrawn after the measure changed: what it had added goes, by the measure that it was counted by
    world.keep(
        event("event.withdrawn", "w", START + HOUR, correctssourceid="v1"),
        START + 4 * HOUR,
    )
    world.fold()
    assert (one(world)["answered"], one(world)["satisfied"]) == (1, None)
    assert world.rebuild().differences == {}


def test_a_measure_counts_from_the_instant_on_from_which_it_is_in_force(world: World) -> None:
    """And not already five minutes before, as far as a sender's clock may run ahead."""
    publish(world, "one", START - DAY, minimum_sample=1)
    publish(world, "two", START, START + DAY, minimum_sample=2)
    world.keep(visit(1, START, True))
    world.fold()
    world.clock.set(START + DAY - 1)
    assert one(world)["share"] == 1000
    world.clock.set(START + DAY)
    assert one(world)["share"] is None


def test_figures_as_known_and_as_of_and_the_cases_behind_them(world: World) -> None:
    publish(world, "small", START - DAY, minimum_sample=1)
    first = world.keep(visit(1, START + HOUR, False), START + 2 * HOUR)
    second = world.keep(visit(2, START + 3 * HOUR, True), START + 30 * HOUR)
    world.keep(visit(3, START + 2 * HOUR, True, correctssourceid="v1"), START + 40 * HOUR)
    world.fold()
    assert (one(world)["answered"], one(world)["satisfied"]) == (2, 2)
    before = one(world, known_at=START + 39 * HOUR)
    assert (before["answered"], before["satisfied"]) == (2, 1)
    assert one(world, known_at=START + 29 * HOUR)["answered"] == 1
    happened = one(world, as_of=START + 2 * HOUR)
    assert (happened["answered"], happened["satisfied"]) == (1, 1), "the correction counts"

    def behind(**more: Any) -> list[str]:
        return [
            line["event_id"]
            for line in world.reading.figures.behind(world.tenant, "satisfaction", MARCH, **more)
        ]

    now = behind()
    assert len(now) == 2
    assert now[0] == second.event_id
    assert first.event_id not in now
    assert behind(known_at=START + 39 * HOUR) == [second.event_id, first.event_id]
    assert behind(limit=1) == now[:1]
    assert behind(limit=1, after=f"{format_instant(START + 3 * HOUR)},{now[0]}") == now[1:]
    lines = world.reading.figures.behind(world.tenant, "satisfaction", MARCH)
    assert lines[0]["case_id"] == second.case_id
    assert lines[0]["data"] == {"satisfied": True}
    assert world.reading.figures.behind(world.tenant, "satisfaction", {"month": "2026-04"}) == []


def test_defects_in_different_houses_and_as_known(world: World) -> None:
    def report(number: int, house: str, **more: Any) -> dict[str, Any]:
        data = {"urgency": "other", "component": "window", "description": "关不严"}
        attributes = {"houseid": house} if house else {}
        return event(
            "repair.reported",
            f"r{number}",
            START + HOUR,
            ticket=f"BX-{number}",
            projectid="云栖",
            data=data,
            **attributes,
            **more,
        )

    world.append(report(1, "1-101"), report(2, "1-101"), report(3, "1-102"), report(4, ""), at=START + HOUR)
    registered = {"component": "window", "cause": "construction_quality", "defect_id": "D-1"}
    world.append(
        event("defect.recorded", "d1", START, projectid="云栖", houseid="1-101", data=registered),
        event("event.withdrawn", "w", START, correctssourceid="r2"),
        at=START + 2 * HOUR,
    )
    world.fold()
    told = world.reading.figures.defects(world.tenant, {"month": "2026-03"})
    counted = [(one["origin"], one["cause"], one["reports"], one["houses"]) for one in told["figures"]]
    assert counted == [("repair", "", 3, 2), ("defect", "construction_quality", 1, 1)]
    assert told["total"] == {"reports": 4, "houses": 2}
    before = world.reading.figures.defects(world.tenant, {"origin": "repair"}, known_at=START + HOUR)
    assert before["total"] == {"reports": 4, "houses": 2}
    world.append(event("event.withdrawn", "w2", START, correctssourceid="r1"), at=START + 3 * HOUR)
    world.fold()
    assert world.reading.figures.defects(world.tenant, {"origin": "repair"})["total"] == {
        "reports": 2,
        "houses": 1,
    }
    (line,) = world.reading.figures.behind(world.tenant, "defects", {"origin": "defect"})
    assert (line["house_id"], line["case_id"]) == ("1-101", None)
    assert world.rebuild().differences == {}


def test_the_cause_determined_later_moves_what_was_reported_to_it(world: World) -> None:
    def said(kind: str, own_id: str, at: Instant, ticket: str, **data: str) -> dict[str, Any]:
        where = {"ticket": ticket, "projectid": "云栖", "houseid": f"1-{ticket}"}
        return event(kind, own_id, at, data=data, **where)

    def told(**moment: Instant) -> dict[tuple[str, str], tuple[int, int]]:
        found = world.reading.figures.defects(world.tenant, {}, **moment)["figures"]
        return {(one["month"], one["cause"]): (one["reports"], one["houses"]) for one in found}

    def behind(**where: str) -> list[tuple[str, str]]:
        found = world.reading.figures.behind(world.tenant, "defects", where)
        return [(one["case_id"], one["data"].get("responsible_party", "")) for one in found]

    built, other = "construction_quality", "non_construction_quality"
    april = START + 35 * DAY
    window = {"component": "window", "description": "关不严"}
    first, second = (
        world.keep(said("repair.reported", own, START + HOUR, own, **window), START + 2 * HOUR)
        for own in ("101", "102")
    )
    world.fold()
    assert told() == {("2026-03", ""): (2, 2)}
    named = {"cause": built, "responsible_party": "contractor"}
    world.keep(said("repair.cause_determined", "c1", april, "101", **named), april + HOUR)
    world.fold()
    assert told() == {("2026-03", ""): (1, 1), ("2026-03", built): (1, 1)}, "in the month of the report"
    assert behind(cause=built) == behind(responsible_party="contractor") == [(first.case_id, "contractor")]
    assert behind(cause="") == behind(responsible_party="") == [(second.case_id, "")]
    assert behind(cause=built, responsible_party="property_co") == []

    world.keep(said("repair.cause_determined", "c2", april + DAY, "101", cause=other), april + DAY)
    world.keep(said("repair.cause_determined", "c3", START, "102", cause=other), april + 2 * DAY)
    world.fold()
    assert told() == {("2026-03", other): (2, 2)}
    assert told(known_at=april + DAY) == {("2026-03", ""): (1, 1), ("2026-03", other): (1, 1)}
    assert told(as_of=april) == {("2026-03", built): (1, 1), ("2026-03", other): (1, 1)}
    assert behind(responsible_party="contractor") == [], "another cause, and nobody named with it"
    taken = event("event.withdrawn", "w", april, correctssourceid="c2")
    mended = said("repair.cause_determined", "c4", april, "102", **named) | {"correctssourceid": "c3"}
    world.append(taken, mended, at=april + 3 * DAY)
    world.fold()
    assert told() == {("2026-03", built): (2, 2)}
    assert told(known_at=april + 2 * DAY) == {("2026-03", other): (2, 2)}
    assert {party for _, party in behind()} == {"contractor"}
    reading = world.reading.figures
    moments: tuple[dict[str, Any], ...] = ({}, {"known_at": april + 3 * DAY}, {"as_of": april})
    for when in moments:
        both = reading.behind(world.tenant, "defects", {"cause": built}, **when)
        assert [one["event_id"] for one in both] == sorted([first.event_id, second.event_id])
        (one,) = reading.behind(world.tenant, "defects", {"cause": built}, **when, limit=1)
        last = f"{one['time']},{one['event_id']}"
        assert reading.behind(world.tenant, "defects", {"cause": built}, **when, after=last) == both[1:]
    assert world.rebuild(swap=True).differences == {}
    assert told() == {("2026-03", built): (2, 2)}


def test_a_mark_above_its_own_scale_is_none(world: World) -> None:
    slip = {"scores": [{"component": "a", "points": 7, "out_of": 5}, {"component": "b", "points": 2**40}]}
    world.keep(visit(1, START + HOUR, data=slip), START + HOUR)
    world.fold()
    assert (one(world)["visits"], one(world)["answered"], one(world)["scored"]) == (1, 0, 0)
    assert world.reading.engine.parked(world.tenant) == []


def test_a_long_hostile_history_is_what_a_count_from_scratch_gives(world: World) -> None:
    history = long_story(7, 160)
    for at, index in by_recorded(history):
        world.clock.set(max(at, world.clock.now()))
        for _ in range(1 + history[index].again):
            (kept,) = world.append(wire(history, index))
            assert isinstance(kept, Appended), kept
        if index % 37 == 0:
            world.fold()
    world.fold()
    counted = scratch(history, set(range(len(history))))
    assert all(len(table) > 2 for table in counted.values())
    assert figures(world) == counted
    assert world.rebuild(swap=True).differences == {}
    assert figures(world) == counted


def test_the_share_of_return_visits_is_told_by_month_and_project(world: World) -> None:
    """O20: of four closed repairs one was visited, one is missing, one is not due yet; the fourth is another project's."""
    for number, project, hours in ((1, "云栖", 0), (2, "云栖", 0), (3, "云栖", 40), (4, "南岸", 0)):
        at = START + hours * HOUR
        closed = event("repair.closed", f"c{number}", at, ticket=f"BX-{number}", projectid=project, data={})
        world.keep(closed, at)
    world.keep(visit(1, START + 2 * HOUR, True), START + 41 * HOUR)
    world.tick(START + 2 * DAY)

    def told(**where: str) -> list[tuple[Any, ...]]:
        found = world.reading.figures.coverage(world.tenant, where)
        names = ("row", "period", "project_id", "done", "ripe", "share", "unreached", "unripe")
        return [tuple(one[name] for name in names) for one in found]

    mine = ("O20", "2026-03", "云栖", 1, 2, 500, 0, 1)
    assert told() == [mine, ("O20", "2026-03", "南岸", 0, 1, 0, 0, 0)]
    assert told(project_id="云栖", month="2026-03") == [mine]
    assert told(month="2026-04") == []

    def members(now: int) -> list[str]:
        world.clock.set(now)
        found = world.reading.figures.members(world.tenant, {"project_id": "云栖"})
        assert len(found) == sum(sum(one[4:5] + one[6:]) for one in told(project_id="云栖"))
        return sorted(one["standing"] for one in found)

    ripe = START + 40 * HOUR + DAY
    assert members(ripe) == ["done", "missed", "unripe"], "due at that very instant, and not before it"
    assert members(ripe + 1) == ["done", "missed", "missed"]
    assert members(START) == ["done", "unripe"], "of what has begun, a sender's five minutes aside"
