"""Mutations that no other test noticed: a doubted clock and the runner, what causes a verdict, what an error may tell."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DatabaseError

from processors.embedded import EmbeddedRunner
from processors.progress import Progress
from schemas.instants import DAY, HOUR, MINUTE
from tests.kit.policies import with_more
from tests.kit.world import START, World, event

COMPLAINT = {"subject": "engineering", "category": "leak", "description": "渗水"}


def test_the_runner_concludes_nothing_while_the_clock_is_in_doubt(world: World) -> None:
    world.keep(event("complaint.received", "a", START, ticket="T", data=COMPLAINT), START + MINUTE)
    runner = EmbeddedRunner(world.ledger, world.store, world.rules, Progress(), "breaking")
    runner.run_to_head()
    world.clock.step(30 * DAY)
    runner.run_to_head()
    assert runner.snapshot()["clock_doubted"]
    assert world.verdicts() == []
    runner.guard.accept()
    runner.run_to_head()
    assert not runner.snapshot()["clock_doubted"]
    assert world.verdicts() != []


def test_a_verdict_names_the_fact_that_brought_it_or_else_the_trigger(world: World) -> None:
    party = {"party": "owner"}
    opened = world.keep(event("complaint.received", "a", START, ticket="T", data=COMPLAINT), START + HOUR)
    world.keep(event("case.wait_started", "b", START + DAY, ticket="T", data=party), START + DAY)
    world.keep(event("case.wait_ended", "c", START + 2 * DAY, ticket="T", data=party), START + 2 * DAY)
    world.tick(START + 20 * DAY)
    moved = event("case.wait_ended", "d", START + 4 * DAY, ticket="T", data=party, correctssourceid="c")
    mover = world.keep(moved, START + 20 * DAY)
    world.fold()
    key = "complaint.handle_in_standard"
    first, second = [
        v for v in world.verdicts() if v.data["obligation_key"] == key and v.type == "obligation.breached"
    ]
    assert first.causation_id == opened.event_id
    assert second.causation_id == mover.event_id


@pytest.mark.parametrize("store", ["record", "keys"])
def test_an_error_of_the_database_tells_no_values(store: str, world: World) -> None:
    query = text("SELECT :told FROM nowhere")

    def ask(conn: Connection) -> None:
        conn.execute(query, {"told": "13800000000"})

    with pytest.raises(DatabaseError) as error:
        world.keys.reading(ask) if store == "keys" else world.writer.call(ask)
    assert "13800000000" not in str(error.value)


def chain(length: int) -> dict[str, Any]:
    """The shipped profile and a chain of policies, each opened by the breach of the one before."""
    links: dict[str, Any] = {}
    before = "complaint.respond_in_standard"
    for number in range(length):
        key = f"breaking.c{number}"
        links[key] = {
            "row": "O1",
            "zh": "试",
            "on": {"event": "obligation.breached", "where": {"obligation_key": before}},
            "per": ["case"],
            "due": {"after": "1h"},
            "by": "complaint.closed",
            "owes": "project_cs",
        }
        before = key
    return with_more("breaking.1", links)


LONGEST = 40


def test_a_long_chain_of_verdicts_can_be_taken_back_whole(world: World) -> None:
    world.keep(event("policy.published", "p", START, data=chain(LONGEST)), admin=True)
    world.keep(event("complaint.received", "a", START, ticket="T", data=COMPLAINT), START + MINUTE)
    world.tick(START + 30 * DAY)
    last = f"breaking.c{LONGEST - 1}"
    assert "obligation.breached" in {v.type for v in world.verdicts() if v.data["obligation_key"] == last}
    taken = event("event.withdrawn", "w", START + 30 * DAY, correctssourceid="a", data={"reason": "误"})
    world.keep(taken)
    world.fold()
    said = {v.event_id for v in world.verdicts() if v.type != "obligation.retracted"}
    assert said == {v.data["retracts"] for v in world.verdicts() if v.type == "obligation.retracted"}
    assert world.rebuild().differences == {}
