"""A rebuild between a publication and the next look at time loses nothing that the publication is about to bring."""

from __future__ import annotations

from projections.store import open_store
from schemas.instants import DAY, HOUR, parse_instant
from tests.kit.world import START, World, event

BORN = parse_instant("2026-12-29T16:00:00+08:00")
CALENDAR = {
    "version": "cn-2027",
    "name": "office",
    "effective_from": "2027-01-01T00:00:00+08:00",
    "years": {"2027": "W" * 365},
}


def undated(world: World) -> None:
    """Promises that need a calendar of 2027, and then that calendar, folded but no look at time yet."""
    for number in range(3):
        world.keep(
            event(
                "complaint.closed", f"c{number}", BORN, ticket=f"T{number}", data={"close_reason": "resolved"}
            ),
            BORN + HOUR,
        )
    world.tick(BORN + 10 * DAY)
    at = BORN + 11 * DAY
    world.keep(event("calendar.published", "cal", at, data=CALENDAR), at, admin=True)
    world.fold()


def test_what_a_calendar_dates_is_said_after_a_rebuild_too(world: World) -> None:
    undated(world)
    assert world.rebuild(swap=True).differences == {}
    world.store = open_store(world.database, world.writer, world.rules)
    world.take_over()
    world.tick(BORN + 12 * DAY)
    said = [v.type for v in world.verdicts() if v.case_id]
    assert said.count("obligation.dated") == 3
    assert said.count("obligation.breached") == 3
    assert world.rebuild().differences == {}


def test_it_is_equal_whenever_it_is_rebuilt(world: World) -> None:
    undated(world)
    assert world.rebuild().differences == {}
    world.tick(BORN + 11 * DAY)
    assert world.rebuild().differences == {}
    world.tick(BORN + 20 * DAY)
    assert world.rebuild().differences == {}


def test_a_new_tenant_whose_publications_bear_one_instant(world: World) -> None:
    """What the last of them recalled is due at that instant, and stands so in both."""
    world.fold()
    facts = world.engine.state.decided
    with world.database.read() as conn:
        assert len({f.recorded for f in world.ledger.facts(conn, world.tenant, 0, facts)}) == 1
        assert world.store.pages(conn, world.tenant.number).due(START, 10)
    assert not world.rebuild().differences
    world.tick(START)
    assert not world.rebuild().differences
