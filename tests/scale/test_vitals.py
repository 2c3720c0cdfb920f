"""A worker's pulse: what restarts it, what its figures are counted from. The worker is real, its transport the test's hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from prometheus_client import CollectorRegistry

from processors import vitals
from processors.assignment import Held
from processors.vitals import STALE, Vitals
from processors.worker import Worker
from schemas.instants import DAY
from tests.kit.carried import carried, forged
from tests.kit.places import ON_POSTGRESQL
from tests.kit.postgres import Place
from tests.kit.world import World
from tests.scale.hand import at_head, complaints, head, opened, working
from tests.web.site import until

pytestmark = ON_POSTGRESQL
MANY = 20


@pytest.fixture
def world(place: Place) -> Iterator[World]:
    made = opened(place)
    yield made
    made.close()


@pytest.fixture
def worker(world: World) -> Iterator[Worker]:
    """At the head, by the ledger alone."""
    complaints(world, 0, MANY)
    with working(world) as made:
        made.assign([world.tenant.number])
        until(lambda: at_head(world) and one(made).decided == head(world))
        yield made


def one(worker: Worker) -> Held:
    (held,) = worker.held().values()
    return held


def figures(worker: Worker) -> dict[str, float]:
    """By name, with the values of the labels."""
    registry = CollectorRegistry()
    registry.register(Vitals(worker))
    return {
        "|".join((sample.name.removeprefix("touchline_worker_"), *sample.labels.values())): sample.value
        for metric in registry.collect()
        for sample in metric.samples
    }


def test_what_came_is_counted_by_where_it_came_from(world: World, worker: Worker) -> None:
    number, read = world.tenant.number, head(world)
    complaints(world, MANY, MANY)
    records = carried(world)[read:]
    worker.deliver(number, [forged(records[0])])
    until(lambda: at_head(world))
    until(lambda: one(worker).decided == head(world))
    counts = one(worker).delivery.counts
    assert counts.carried + counts.read == head(world)
    found = figures(worker)
    assert found.pop("standstill_seconds") < STALE
    assert found == {
        "tenants": 1,
        "fenced_total": 0,
        f"decided_place|{number}": head(world),
        f"lag|{number}": 0,
        f"decided_age_seconds|{number}": 0,
        f"facts_total|{number}|kafka": counts.carried,
        f"facts_total|{number}|ledger": counts.read,
        f"refused_total|{number}": counts.refused,
    }


def test_a_tenant_that_stands_still_with_more_to_decide_is_no_life(worker: Worker) -> None:
    assert Vitals(worker).health()[0] == 200
    number = one(worker).delivery.tenant.number
    worker.stop()  # what is written below stays
    held = one(worker)
    held.head, held.moved = held.decided + 5, held.moved - STALE
    found = figures(worker)
    assert (found[f"lag|{number}"], found[f"decided_place|{number}"]) == (5, held.decided)
    assert found[f"decided_age_seconds|{number}"] >= STALE
    assert found["standstill_seconds"] >= STALE
    worker.status.running = True  # as far as it says itself
    code, told = Vitals(worker).health()
    assert (code, told["status"], told["tenants"]) == (503, "stalled", 1)
    held.head = held.decided
    assert Vitals(worker).health()[0] == 200


def test_one_that_ended_is_no_life(worker: Worker) -> None:
    worker.stop()
    assert Vitals(worker).age() < STALE
    assert Vitals(worker).health()[0] == 503


def test_a_ledger_that_is_not_looked_at_is_no_life(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    worker.stop()
    worker.status.running = True
    for late, code in ((STALE - 1, 200), (STALE, 503)):
        monkeypatch.setattr(vitals, "monotonic", lambda late=late: worker.looked + late)
        assert Vitals(worker).health()[0] == code
        assert figures(worker)["standstill_seconds"] == pytest.approx(late)


def test_a_clock_in_doubt_is_told_and_is_life(world: World, worker: Worker) -> None:
    assert Vitals(worker).health()[1]["clock_doubted"] is False
    world.clock.step(DAY)
    code, told = Vitals(worker).health()
    assert (code, told["clock_doubted"]) == (200, True)
