"""The verdict lane: places without gaps, and a compare-and-set that lets one engine through."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.clock import SimulatedClock
from ledger.errors import Fenced, UnknownTenant
from ledger.feeds import stored_verdicts
from ledger.lanes import EngineState, VerdictDraft, decide, engine_state, switch_set, take_over
from ledger.tenants import Tenant
from schemas.identity import verdict_id
from tests.ledger.house import START, House, sent


def verdict(number: int, after: int, **body: Any) -> VerdictDraft:
    named = verdict_id(f"row{number}", "breached", 0)
    stored = {
        "event_id": named, "type": "obligation.breached", "v": 1, "time": START, "rule": "promises", "rule_version": 1,
        "row": f"row{number}", "kind": "breached", "generation": 0, "cause": "c", "at": START, "case_id": "case",
        "data": {"due": START}, **body,
    }  # fmt: skip
    return VerdictDraft(event_id=named, after=after, body=stored)


def decided(
    home: House, expect: EngineState, to: int, *drafts: VerdictDraft, advanced: int = 0
) -> EngineState:
    return home.writer.call(
        lambda connection: decide(
            connection, home.clock, expect, decided=to, advanced=advanced, verdicts=drafts
        )
    )


@pytest.fixture
def state(home: House, tenant: Tenant) -> EngineState:
    home.send(tenant, *(sent(number) for number in range(5)))
    return home.writer.call(lambda connection: take_over(connection, tenant, "me"))


def test_a_new_tenants_engine(home: House, tenant: Tenant) -> None:
    with home.database.read() as connection:
        fresh = engine_state(connection, tenant)
        with pytest.raises(UnknownTenant):
            engine_state(connection, Tenant(99, "nobody"))
    assert (fresh.decided, fresh.verdict_place, fresh.epoch, fresh.owner, fresh.set_name) == (
        0,
        0,
        0,
        "",
        "a",
    )


def test_verdicts_in_order(home: House, tenant: Tenant, state: EngineState) -> None:
    assert (state.epoch, state.owner) == (1, "me")
    second = decided(home, state, 3, verdict(1, 1), verdict(2, 3), advanced=START)
    assert isinstance(home.clock, SimulatedClock)
    home.clock.step(-10)
    third = decided(home, second, 5, verdict(3, 4), advanced=START)
    assert (third.decided, third.verdict_place, third.verdict_recorded) == (5, 3, START)
    with home.database.read() as connection:
        assert engine_state(connection, tenant) == third
        events = home.ledger.verdicts(connection, tenant, 1, 10)
        stored = stored_verdicts(connection, tenant, 0, 10)
        assert home.ledger.verdicts_at(connection, tenant, [9, 2, 2]) == {2: events[0]}
    assert [(one.place, one.after, one.recorded) for one in stored] == [
        (1, 1, START),
        (2, 3, START),
        (3, 4, START),
    ]
    assert [event.place for event in events] == [2, 3]
    first = events[0]
    assert (first.verdict, first.after, first.case_id, first.causation_id) == (True, 3, "case", "c")
    assert dict(first.data) == {"due": START}
    assert dict(first.origin) == {
        "rule": "promises", "rule_version": 1, "row": "row2", "kind": "breached", "generation": 0, "at": START,
    }  # fmt: skip
    assert home.verify().ok


def test_a_zombie_is_fenced_and_writes_nothing(home: House, tenant: Tenant, state: EngineState) -> None:
    newer = home.writer.call(lambda connection: take_over(connection, tenant, "you"))
    with pytest.raises(Fenced):
        decided(home, state, 3, verdict(1, 1))
    after = decided(home, newer, 3, verdict(1, 1))
    with pytest.raises(Fenced):
        decided(home, newer, 4)
    switched = home.writer.call(
        lambda connection: switch_set(connection, after, set_name="b", fold_version="f2")
    )
    assert (switched.set_name, switched.fold_version) == ("b", "f2")
    with pytest.raises(Fenced):
        decided(home, after, 4)
    decided(home, switched, 4)
    assert home.count("verdicts") == 1


def test_what_an_engine_may_not_do(home: House, tenant: Tenant, state: EngineState) -> None:
    there = decided(home, state, 3, advanced=START)
    for to, advanced, drafts in (
        (2, START, []),
        (3, START - 1, []),
        (4, START, [verdict(1, 4), verdict(2, 3)]),
        (4, START, [verdict(1, 5)]),
        (4, START, [verdict(1, 4, event_id="other")]),
    ):
        with pytest.raises(ValueError, match=r"never goes back|out of order"):
            decided(home, there, to, *drafts, advanced=advanced)
    assert home.count("verdicts") == 0
    assert decided(home, there, 4, advanced=START - 1).advanced == START - 1
