"""Killed with SIGKILL at every step of an append, and at random under load: nothing acknowledged is lost,
nothing is doubled, and the ledger verifies. (That a commit outlives the machine's power is SQLite's synchronous=FULL.)"""

from __future__ import annotations

import random
import signal
import sys
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from ledger.candidate import Appended
from ledger.clock import SystemClock
from ledger.steps import AppendStep
from ledger.tenants import Tenant
from tests.kit.hatchery import born
from tests.kit.places import Where, name_of
from tests.ledger import crash_child
from tests.ledger.crash_child import PHONES, WORKERS, candidate
from tests.ledger.house import House, house
from tests.touchline.commands import until

Acknowledged = dict[tuple[int, int], tuple[str, int]]

pytestmark = [
    pytest.mark.crash,
    pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is what this is about"),
]


@pytest.fixture
def ready(place: Where) -> Where:
    """A place with one tenant."""
    with house(place) as home:
        home.tenant("云栖")
    return place


def heard(said: Path) -> Acknowledged:
    """What was acknowledged. A last line without its end was not written whole, but its event was acknowledged
    all the same: it is left out because its number cannot be read."""
    found: Acknowledged = {}
    for line in said.read_text().splitlines(keepends=True) if said.exists() else ():
        parts = line.split()
        if line.endswith("\n"):
            found[(int(parts[0]), int(parts[1]))] = (parts[2], int(parts[3]))
    return found


def told(process: BaseProcess, said: Path, wanted: int) -> bool:
    """Has it acknowledged so many? It must be alive."""
    assert process.exitcode is None
    return len(heard(said)) >= wanted


def examine(where: Where, acknowledged: Acknowledged, upto: int) -> None:
    """All acknowledged is there, once; and sending everything again, as its senders will, changes no place."""
    with house(where, SystemClock()) as home:
        tenant = home.ledger.tenant("云栖")
        assert home.verify().ok, home.verify().problems
        facts = {fact.event_id: fact for fact in home.facts(tenant)}
        assert [fact.place for fact in facts.values()] == list(range(1, len(facts) + 1))
        for (worker, number), (event_id, place) in acknowledged.items():
            assert facts[event_id].place == place
            assert facts[event_id].source_id == f"no-{worker}-{number}"
        _resend(home, tenant, upto, {event_id: fact.place for event_id, fact in facts.items()})
        assert home.verify().ok


def _resend(home: House, tenant: Tenant, upto: int, before: dict[str, int]) -> None:
    everything = [candidate(worker, number) for worker in range(WORKERS) for number in range(upto)]
    outcomes = home.send(tenant, *everything)
    kept = [one for one in outcomes if isinstance(one, Appended)]
    assert len(kept) == len(outcomes)
    assert {one.event_id: one.place for one in kept if one.duplicate} == before
    assert len(home.facts(tenant)) == len({one.event_id for one in kept}) == len(everything)
    assert home.count("persons", keys=True) == WORKERS * min(PHONES, upto)
    for fact in home.facts(tenant):
        assert str(home.ledger.unseal(tenant, fact, "description")).startswith("漏水")


@pytest.mark.parametrize("step", list(AppendStep), ids=lambda step: str(step.name))
def test_killed_at_a_step(ready: Where, step: AppendStep, tmp_path: Path) -> None:
    acknowledged: Acknowledged = {}
    for spare in (0, 11) if isinstance(ready, Path) else (5,):
        said = tmp_path / f"said-{spare}"
        with born(crash_child.main, name_of(ready), step.name, str(spare), "0", str(said)) as process:
            process.join(60)
            assert process.exitcode == -signal.SIGKILL
        acknowledged |= heard(said)
    highest = max((number for _, number in acknowledged), default=-1)
    examine(ready, acknowledged, highest + 5)


def test_killed_at_random_under_load(ready: Where, tmp_path: Path) -> None:
    dice = random.Random(20261122)
    acknowledged: Acknowledged = {}
    first = 0
    for life in range(5):
        wanted, said = dice.randrange(1, 150), tmp_path / f"said-{life}"
        with born(crash_child.main, name_of(ready), "", "0", str(first), str(said)) as process:
            until(partial(told, process, said, wanted), f"{wanted} events are acknowledged")
            process.kill()
        found = heard(said)
        assert found, "the child did not come to life"
        acknowledged |= found
        # What was under way is sent again by the next process, as its senders would.
        first = min(max(number for own, number in found if own == worker) if any(
            own == worker for own, _ in found) else first for worker in range(WORKERS)) // 2 * 2  # fmt: skip
    examine(ready, acknowledged, max(number for _, number in acknowledged) + 5)
