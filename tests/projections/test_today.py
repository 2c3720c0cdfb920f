"""今日待办 and 晨会日报 as read models, on both databases: where each visit stands, whose it is, what a morning counts."""

from __future__ import annotations

from typing import Any

from projections.today import WHEN, Asked
from projections.visits import Visit, visit_of
from schemas.instants import DAY, HOUR, MINUTE
from tests.kit.world import SOURCE, START, World, event

MORNING = START + DAY + 30 * MINUTE
"""Tuesday, half past eight."""
_WHO = {"name": "王女士", "phone": "13800000000"}


def lived(world: World) -> None:
    """Monday: A is complained of at eight by way of kf-012 and closed at noon, B is complained of at noon; a house is handed
    over; a repair is closed at six and its first visit made at seven."""
    data = {"description": "渗水", "customer": _WHO}
    world.keep(
        event("complaint.received", "a", START, ticket="A", actorref="kf-012", houseid="h-1", data=data)
    )
    handed = {"customer": {"name": "赵女士", "phone": "13900000000"}}
    world.keep(event("delivery.completed", "d", START, houseid="h-3", projectid="p", data=handed))
    noon = START + 4 * HOUR
    world.keep(event("complaint.closed", "x", noon, ticket="A", houseid="h-1"), at=noon)
    world.keep(
        event("complaint.received", "b", noon, ticket="B", houseid="h-2", data={"description": "噪声"})
    )
    six = START + 10 * HOUR
    world.keep(event("repair.reported", "r", six, ticket="R", data={"description": "门松"}), at=six)
    world.keep(event("repair.closed", "rc", six, ticket="R"))
    seven = six + HOUR
    world.keep(event("followup.repair_first_completed", "rv", seven, ticket="R"), at=seven)
    world.tick(seven)


def listed(world: World, **asked: Any) -> list[tuple[str, str, str]]:
    found = world.reading.worklist.find(world.tenant, Asked(**asked))
    return [(one["obligation"].partition(".")[2], one["house_id"], one["when"]) for one in found]


def test_each_visit_stands_where_its_due_instant_says(world: World) -> None:
    lived(world)
    world.tick(MORNING)
    everything = listed(world)
    assert everything == [
        ("intake_return_visit", "h-1", "overdue"),
        ("intake_return_visit", "h-2", "today"),
        ("close_return_visit", "h-1", "later"),
        ("regular_visit", "h-3", "no_limit"),
    ]
    counts = world.reading.worklist.counts(world.tenant, Asked())["counts"]
    for word in WHEN:
        assert listed(world, when=(word,)) == [one for one in everything if one[2] == word]
        assert counts[word] == len(listed(world, when=(word,)))
    assert [one[1] for one in listed(world, person="kf-012")] == ["h-1", "h-1"]
    assert [one[1] for one in listed(world, role="cs_staff")] == ["h-3"]
    told = world.reading.worklist.counts(world.tenant, Asked())
    assert told["persons"] == ["kf-012"]
    assert set(told["roles"]) == {"cs_front_desk", "cs_staff"}
    named = world.reading.worklist.find(world.tenant, Asked(), named=True)
    assert [(one["customer"]["name"], one["about"]) for one in named] == [
        ("王女士", "渗水"), ("", "噪声"), ("王女士", "渗水"), ("赵女士", ""),
    ]  # fmt: skip
    first = world.reading.worklist.find(world.tenant, Asked(), limit=2)
    after = f"{first[-1]['due']},{first[-1]['id']}"
    rest = world.reading.worklist.find(world.tenant, Asked(), limit=2, after=after)
    assert [one["id"] for one in first + rest] == [one["id"] for one in named]
    assert world.reading.worklist.find(world.tenant, Asked(role='x"%_')) == []
    person = world.ledger.customer(world.tenant, source=SOURCE, phone=_WHO["phone"])
    assert person is not None
    world.ledger.erase(world.tenant, person).result(60)
    gone = world.reading.worklist.find(world.tenant, Asked(case_id=named[0]["case_id"]), named=True)
    assert [one["customer"]["phone"] for one in gone] == [{"erased": True}] * 2


def test_what_has_no_limit_stands_longest_open_first(world: World) -> None:
    """By opening, not by id, which is drawn from what happened; the first contact is named."""
    for n in range(6):
        at = START + n * HOUR
        told = event(
            "complaint.received",
            f"c-{n}",
            at,
            ticket=f"T-{n}",
            actorref=f"kf-{n}",
            data={"description": "噪声"},
        )
        world.keep(told, at=at)
    world.tick(START + DAY)
    found = world.reading.promises.longest_open(world.tenant, "worklist", 100)
    opened = [one["opened"] for one in found]
    assert opened == sorted(opened)
    assert len(set(opened)) == 6
    assert [one["person"] for one in found if one["row"] == "O1"] == [f"kf-{n}" for n in range(6)]
    assert world.reading.promises.longest_open(world.tenant, "worklist", 3) == found[:3]


def test_a_morning_counts_the_same_whenever_it_is_asked(world: World) -> None:
    lived(world)
    assert not world.reading.engine.abreast(world.tenant, MORNING), "nothing of the night is concluded yet"
    world.tick(MORNING)
    assert world.reading.engine.abreast(world.tenant, MORNING)
    told = world.reading.figures.day_note(world.tenant, MORNING)
    assert (told["day"], told["new"], told["closed"]) == (
        "2026-03-03",
        {"complaint": 2, "repair": 1},
        {"complaint": 1, "repair": 1},
    )
    overdue = {(one["obligation"].partition(".")[2], one["house_id"]) for one in told["overdue"]["first"]}
    assert ("intake_return_visit", "h-1") in overdue
    assert ("intake_return_visit", "h-2") not in overdue
    assert told["overdue"]["total"] == sum(one["count"] for one in told["overdue"]["owed"]) == len(overdue)
    assert ("", ["cs_front_desk"], 1) in [
        (one["person"], one["roles"], one["count"]) for one in told["overdue"]["owed"]
    ], "a first contact is not blamed for what the front desk owes"
    assert "kf-012" in {one["has_case"] for one in told["overdue"]["first"]}
    later = MORNING + 2 * HOUR
    world.keep(event("followup.complaint_intake_completed", "v", later, ticket="A"), at=later)
    world.keep(event("complaint.closed", "y", later, ticket="B", houseid="h-2"))
    world.tick(MORNING + 3 * DAY)
    assert world.reading.figures.day_note(world.tenant, MORNING) == told
    assert world.reading.figures.day_note(world.tenant, MORNING + DAY)["closed"] == {"complaint": 1}


def test_what_a_policy_asks_for_is_read_off_as_written() -> None:
    completed = {"event": "followup.complaint_close_completed"}
    close = Visit("followup.complaint_close_completed", "complaint_close", 0)
    assert visit_of({"by": completed, "due": {"after": "3wd"}}) == close
    assert visit_of({"by": {"any": [{"event": ["complaint.replied"]}, {"all": [completed]}]}}) == close
    assert visit_of({"by": completed, "due": {"coverage": "month"}}) is None
    assert visit_of({"by": {"event": "followup.attempted"}}) is None
    assert visit_of({"by": {"event": "complaint.closed"}}) is None
    assert visit_of({"due": {"after": "3wd"}}) is None
