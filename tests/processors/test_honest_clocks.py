"""Honest clocks (invariant 11): a breach waits, unconfirmed (待核实), for the sources that declared that they report late and
ever sent what discharges the promise, no longer than they declared, and not behind what they have reported."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.candidate import Appended
from processors.whatif import outcomes
from schemas.instants import DAY, HOUR, MINUTE, Instant, format_instant
from tests.kit.world import SOURCE, START, World, event

SLOW = "night-batch"
KEY = "complaint.close_return_visit"
OPENED = START + HOUR
VISIT = "followup.complaint_close_completed"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "data")
    yield made
    made.close()


def declare(world: World, within: str = "26h", source: str = SLOW, own_id: str = "d1") -> None:
    world.keep(
        event("source.declared", own_id, world.clock.now(), data={"source": source, "reports_within": within})
    )


def sends(world: World, kind: str = VISIT, own_id: str = "old", source: str = SLOW) -> None:
    """Something of that type about another case, from the source."""
    data = {"satisfied": True} if kind == VISIT else {"to_department": "engineering_dept"}
    world.keep(event(kind, own_id, world.clock.now(), source=source, ticket=f"B-{own_id}", data=data))


def promised(world: World) -> dict[str, Any]:
    """A closed complaint, whose return visit is owed within three working days."""
    opened = event(
        "complaint.received",
        "c1",
        OPENED - MINUTE,
        ticket="TS-1",
        data={
            "subject": "engineering",
            "category": "leak",
            "severity": "ordinary",
            "description": "渗水",
        },
    )
    world.keep(opened, at=OPENED)
    world.keep(
        event("complaint.closed", "c2", OPENED, ticket="TS-1", data={"close_reason": "resolved"}), at=OPENED
    )
    world.tick()
    return one(world)


def one(world: World, obligation: str = KEY) -> dict[str, Any]:
    (found,) = [p for p in world.reading.promises.find(world.tenant) if p["obligation"] == obligation]
    return found


def due_of(world: World) -> Instant:
    (row,) = [v for v in _rows(world) if v.obligation == KEY]
    return int(row.due)


def _rows(world: World) -> list[Any]:
    with world.database.read() as conn:
        pages = world.store.pages(conn, world.tenant.number)
        scopes = [p["keys"] for p in world.reading.promises.find(world.tenant) if p["obligation"] == KEY]
        name = f'{{"case":"{scopes[0]["case"]}"}}|{KEY}'
        return [row for row, _ in pages.rows("promises", (name,))[name]]


def breaches(world: World) -> list[tuple[str, Instant, int]]:
    """(type, concluded at, after) of what was said of the breach."""
    return [
        (v.type, int(v.origin["at"]), v.after)
        for v in world.verdicts()
        if v.data.get("obligation_key") == KEY and v.type != "obligation.due_soon"
        and str(v.data.get("retracted_kind", "breached")) == "breached" and "step" not in v.type
    ]  # fmt: skip


def case_of(world: World) -> str:
    return str(one(world)["case_id"])


def visit(world: World, at: Instant, source: str = SLOW, own_id: str = "v1") -> Appended:
    """The visit that settles it, told now by ``source``."""
    return world.keep(
        event(VISIT, own_id, at, source=source, caseid=case_of(world), data={"satisfied": True})
    )


def report(world: World, through: Instant, own_id: str = "r1", source: str = SLOW) -> int:
    data = {"through_at": format_instant(through)}
    return world.keep(
        event("source.reported_through", own_id, world.clock.now(), source=source, data=data)
    ).place


def tried(world: World) -> bool:
    """Whether what-if finds it breached by now, under the policies as they are."""
    with world.database.read() as conn:
        found = outcomes(world.ledger, conn, world.tenant, world.clock.now())
    return found[one(world)["id"]].breached


def test_the_breach_waits_as_long_as_declared_and_not_a_microsecond_longer(world: World) -> None:
    declare(world)
    sends(world)
    promised(world)
    due = due_of(world)
    world.tick(due)
    assert one(world)["wall"] == "due_soon"
    for at in (due + 1, due + 2, due + 26 * HOUR - 1):
        world.tick(at)
        assert breaches(world) == []
    assert one(world)["wall"] == "unconfirmed"
    assert world.reading.promises.counts(world.tenant)["unconfirmed"] == 1
    assert [p["id"] for p in world.reading.promises.find(world.tenant, wall="unconfirmed")] == [
        one(world)["id"]
    ]
    why = world.reading.histories.explain(world.tenant, one(world)["id"])
    assert why is not None
    assert why["promise"]["wall"] == "unconfirmed"
    assert why["waits"] == [{"source": SLOW, "until": format_instant(due + 26 * HOUR)}]
    assert "待核实：来源 night-batch" in why["sentence_zh"]
    world.tick(due + 26 * HOUR)
    assert [(kind, at) for kind, at, _ in breaches(world)] == [("obligation.breached", due + 26 * HOUR)]
    assert one(world)["wall"] == "breached"
    assert world.rebuild().differences == {}


def test_a_report_that_reaches_the_due_instant_confirms_at_once(world: World) -> None:
    declare(world)
    sends(world)
    promised(world)
    due = due_of(world)
    world.tick(due + HOUR)
    world.clock.set(due + 2 * HOUR)
    report(world, due - 1, "r0")
    world.tick()
    assert breaches(world) == [], "one microsecond is missing"
    assert not tried(world)
    world.clock.set(due + 3 * HOUR)
    place = report(world, due, "r1")
    world.tick()
    assert breaches(world) == [("obligation.breached", due + 3 * HOUR, place)]
    assert tried(world), "what-if folds the same history"
    assert world.rebuild().differences == {}


def test_a_report_before_confirms_when_it_is_due(world: World) -> None:
    """A source that reports on the very microsecond keeps nobody waiting."""
    declare(world)
    sends(world)
    promised(world)
    due = due_of(world)
    world.clock.set(due)
    report(world, due)
    world.tick(due + HOUR)
    assert [at for _, at, _ in breaches(world)] == [due + 1]


def test_what_was_done_before_anybody_was_warned_takes_all_of_it_back(world: World) -> None:
    promised(world)
    due = due_of(world)
    world.tick(due + HOUR)
    visit(world, OPENED + MINUTE, SOURCE)
    world.tick()
    mine = [v for v in world.verdicts() if v.data.get("obligation_key") == KEY]
    said = {v.event_id for v in mine if v.type != "obligation.retracted"}
    assert len(said) > 1
    assert {v.data["retracts"] for v in mine if v.type == "obligation.retracted"} == said
    assert world.rebuild().differences == {}


def test_a_corrected_typing_error_is_no_news(world: World) -> None:
    """The trigger of a breach is corrected in another word: it was known when it was known, and nobody is rung again."""
    promised(world)
    due = due_of(world)
    world.tick(due + HOUR)
    corrected = event(
        "complaint.closed",
        "c3",
        OPENED,
        ticket="TS-1",
        correctssourceid="c2",
        data={"close_reason": "other"},
    )
    world.keep(corrected)
    world.tick()
    world.tick(due + 2 * HOUR)
    assert [kind for kind, _, _ in breaches(world)] == ["obligation.breached"]
    assert world.rebuild().differences == {}


def test_nobody_reports_through_what_is_still_to_come(world: World) -> None:
    """A source whose clock is ahead says that it has told what happens up to a minute from now."""
    declare(world)
    sends(world)
    promised(world)
    due = due_of(world)
    world.clock.set(due - MINUTE)
    report(world, due + MINUTE)
    world.tick(due + HOUR)
    assert breaches(world) == []
    world.tick(due + 26 * HOUR)
    assert [at for _, at, _ in breaches(world)] == [due + 26 * HOUR]


@pytest.mark.parametrize("why", ["never sent it", "reports at once again", "declared later", "sent it later"])
def test_nobody_waits_where_there_is_nothing_to_wait_for(world: World, why: str) -> None:
    if why != "declared later":
        declare(world)
    if why == "never sent it":
        sends(world, "complaint.forwarded")
    elif why != "sent it later":
        sends(world)
    if why == "reports at once again":
        declare(world, "0h", own_id="d2")
    promised(world)
    due = due_of(world)
    world.tick(due + 1)
    assert [at for _, at, _ in breaches(world)] == [due + 1]
    world.clock.set(due + HOUR)
    declare(world, "9h", own_id="d3")
    sends(world, own_id="now")
    world.tick(due + 2 * HOUR)
    assert len(breaches(world)) == 1, "what was confirmed stays confirmed"
    assert one(world)["wall"] == "breached"
    assert world.rebuild().differences == {}


def test_what_a_slow_source_reports_in_its_time_is_simply_met(world: World) -> None:
    declare(world)
    sends(world)
    promised(world)
    due = due_of(world)
    world.tick(due + 20 * HOUR)
    visit(world, due)
    world.tick(due + 3 * DAY)
    assert breaches(world) == []
    assert one(world)["wall"] == "met"


def test_who_types_late_while_another_is_waited_for_is_late(world: World) -> None:
    declare(world)
    sends(world)
    promised(world)
    due = due_of(world)
    world.tick(due + 5 * MINUTE + 1)
    visit(world, due, SOURCE)
    world.tick(due + 3 * DAY)
    assert breaches(world) == []
    assert one(world)["wall"] == "late_entry"


def test_what_comes_behind_the_declared_delay_is_late_and_takes_the_breach_back(world: World) -> None:
    declare(world)
    sends(world)
    promised(world)
    due = due_of(world)
    world.tick(due + 26 * HOUR + 5 * MINUTE + 1)
    visit(world, due)
    world.tick()
    assert [kind for kind, _, _ in breaches(world)] == ["obligation.breached", "obligation.retracted"]
    assert one(world)["wall"] == "late_entry"
    assert world.rebuild().differences == {}


def test_the_slowest_is_waited_for(world: World) -> None:
    declare(world)
    declare(world, "3h", "property-system", "d2")
    sends(world)
    sends(world, own_id="p1", source="property-system")
    promised(world)
    due = due_of(world)
    world.tick(due + 4 * HOUR)
    why = world.reading.histories.explain(world.tenant, one(world)["id"])
    assert why is not None
    assert [wait["source"] for wait in why["waits"]] == [SLOW]
    report(world, due)
    world.tick()
    assert [at for _, at, _ in breaches(world)] == [due + 4 * HOUR]


def test_a_withdrawn_discharge_opens_the_wait_again(world: World) -> None:
    declare(world)
    sends(world)
    promised(world)
    due = due_of(world)
    world.clock.set(due - HOUR)
    visit(world, due - HOUR)
    world.tick(due + HOUR)
    assert one(world)["wall"] == "met"
    world.keep(
        event(
            "event.withdrawn", "w1", due + HOUR, source=SLOW, correctssourceid="v1", data={"reason": "误录"}
        )
    )
    world.tick(due + 2 * HOUR)
    assert one(world)["wall"] == "unconfirmed"
    world.tick(due + 26 * HOUR)
    assert [at for _, at, _ in breaches(world)] == [due + 26 * HOUR]


def test_a_moment_ago_it_was_unconfirmed_and_as_of_it_is_breached(world: World) -> None:
    declare(world)
    sends(world)
    promised(world)
    due = due_of(world)
    world.tick(due + 26 * HOUR)
    world.tick(due + 2 * DAY)
    case = case_of(world)

    def wall(**moment: Instant) -> str:
        told = world.reading.histories.of(world.tenant, case, **moment)
        assert told is not None
        (found,) = [p for p in told["promises"] if p["obligation"] == KEY]
        return str(found["wall"])

    assert wall(known_at=due + HOUR) == "unconfirmed"
    assert wall(known_at=due + 26 * HOUR) == "breached"
    assert wall(as_of=due + HOUR) == "breached", "with what is known today nobody need wait"


def test_of_many_reports_the_newest_is_kept_in_mind(world: World) -> None:
    declare(world)
    sends(world)
    promised(world)
    due = due_of(world)
    for number in range(30):
        world.clock.set(world.clock.now() + MINUTE)
        report(world, world.clock.now(), f"r{number}")
    world.tick()
    with world.database.read() as conn:
        places = world.store.pages(conn, world.tenant.number).publications()
        facts = world.ledger.facts_at(conn, world.tenant, places)
    assert [f.type for f in facts.values()].count("source.reported_through") == 1
    world.take_over()
    world.tick(due + DAY)
    assert breaches(world) == []
    world.tick(due + 2 * DAY)
    assert [at for _, at, _ in breaches(world)] == [due + 26 * HOUR]
    assert world.rebuild().differences == {}


def test_an_import_of_history_waits_for_nobody_beyond_the_delay(world: World) -> None:
    """Born late: what the delay allowed has long passed, so the grace alone counts."""
    declare(world)
    sends(world)
    world.clock.set(OPENED + 30 * DAY)
    promised_at = world.clock.now()
    for own_id, kind, data in (
        ("c1", "complaint.received", {"subject": "engineering", "category": "leak", "description": "渗水"}),
        ("c2", "complaint.closed", {"close_reason": "resolved"}),
    ):
        more = {"severity": "ordinary"} if own_id == "c1" else {}
        world.keep(event(kind, own_id, OPENED, ticket="TS-1", data=data | more))
    world.tick(promised_at + 10 * MINUTE - 1)
    assert (breaches(world), one(world)["wall"]) == ([], "pending")
    world.tick(promised_at + 10 * MINUTE)
    assert [at for _, at, _ in breaches(world)] == [promised_at + 10 * MINUTE]
