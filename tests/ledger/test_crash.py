"""Killed with SIGKILL at every step of an append, and at random under load: nothing acknowledged is lost,
nothing is doubled, and the ledger verifies. (That a commit outlives the machine's power is SQLite's synchronous=FULL.)"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ledger.candidate import Appended
from ledger.clock import SystemClock
from ledger.steps import AppendStep
from ledger.tenants import Tenant
from tests.kit.places import Where, name_of
from tests.ledger.crash_child import PHONES, WORKERS, candidate
from tests.ledger.house import House, house

ROOT = Path(__file__).parents[2]
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


@contextmanager
def child(place: Where, step: str, spare: int, first: int) -> Iterator[subprocess.Popen[str]]:
    arguments = [name_of(place), step, str(spare), str(first)]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.ledger.crash_child", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()  # one that the step has killed hears nothing of it


def heard(lines: list[str]) -> Acknowledged:
    """What was acknowledged. A last line without its end was not written whole, but its event was acknowledged
    all the same: it is left out because its number cannot be read."""
    found: Acknowledged = {}
    for line in lines:
        parts = line.split()
        if line.endswith("\n"):
            found[(int(parts[0]), int(parts[1]))] = (parts[2], int(parts[3]))
    return found


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
def test_killed_at_a_step(ready: Where, step: AppendStep) -> None:
    acknowledged: Acknowledged = {}
    for spare in (0, 11) if isinstance(ready, Path) else (5,):  # a process costs a second
        with child(ready, step.name, spare, 0) as process:
            output, errors = process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL, errors
        acknowledged |= heard(output.splitlines(keepends=True))
    highest = max((number for _, number in acknowledged), default=-1)
    examine(ready, acknowledged, highest + 5)


def test_killed_at_random_under_load(ready: Where) -> None:
    dice = random.Random(20261122)
    acknowledged: Acknowledged = {}
    first = 0
    for _ in range(5):
        with child(ready, "", 0, first) as process:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(dice.randrange(1, 150))]
            process.kill()
            lines += process.stdout.readlines()
        found = heard(lines)
        assert found, "the child did not come to life"
        acknowledged |= found
        # What was under way is sent again by the next process, as its senders would.
        first = min(max(number for own, number in found if own == worker) if any(
            own == worker for own, _ in found) else first for worker in range(WORKERS)) // 2 * 2  # fmt: skip
    examine(ready, acknowledged, max(number for _, number in acknowledged) + 5)
