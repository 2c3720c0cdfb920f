"""SIGSTOP in the middle of a batch, long enough for another process to take the tenant over, then SIGCONT: the one that comes
back is fenced, writes nothing, and lets go without an error (invariant 6). On SQLite no two processes have one folder (its
lock says so): there two engines over one folder are the state machine's (``test_machine``)."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ledger.lanes import engine_state
from ledger.leases import Leases
from ledger.verify import verify
from processors.embedded import EmbeddedRunner
from processors.progress import Progress
from processors.steps import EngineStep
from schemas.instants import DAY, HOUR
from tests.kit.places import ON_POSTGRESQL, raw
from tests.kit.postgres import Place
from tests.kit.world import START, World, event
from tests.web.site import until

ROOT = Path(__file__).resolve().parents[2]
MANY = 60
DATA = {"subject": "engineering", "category": "leak", "description": "渗水"}


def complaints(world: World, first: int, count: int) -> None:
    world.append(
        *(
            event("complaint.received", f"c{n}", START, ticket=f"C{n}", data=DATA)
            for n in range(first, first + count)
        )
    )


def decided(world: World) -> int:
    with world.database.read() as conn:
        return engine_state(conn, world.tenant).decided


def head(world: World) -> int:
    with world.database.read() as conn:
        return world.ledger.head(conn, world.tenant).place


def stopped(process: subprocess.Popen[str]) -> bool:
    assert process.poll() is None
    return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[object, list[str]]:
    world = World(tmp_path_factory.mktemp("calm"), at=START + HOUR)
    try:
        complaints(world, 0, MANY)
        world.tick(START + 9 * DAY)
        complaints(world, MANY, 5)
        world.tick()
        assert len(world.verdicts()) > MANY
        return world.lane(), world.tables()
    finally:
        world.close()


@pytest.mark.crash
@ON_POSTGRESQL
@pytest.mark.parametrize("step", list(EngineStep), ids=lambda step: str(step.name))
def test_a_worker_that_was_stopped_is_fenced(
    step: EngineStep, place: Place, undisturbed: tuple[object, list[str]]
) -> None:
    world = World(place, at=START + HOUR)
    complaints(world, 0, MANY)
    stale = subprocess.Popen(
        [sys.executable, "-m", "tests.kit.stale_worker", place.url, step.name, "3"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    leases = Leases(world.writer)
    runner = EmbeddedRunner(world.ledger, world.store, world.rules, Progress(), leases.owner, leases)
    try:
        until(lambda: stopped(stale), 60)
        at = decided(world)
        assert 0 < at < head(world), "it was in the middle"
        with raw(place) as admin:
            admin.execute("UPDATE leases SET until = 0")  # it has said nothing for too long
        runner.start()
        until(lambda: decided(world) == head(world), 60)
        world.clock.set(START + 9 * DAY)
        runner.wake()
        until(lambda: len(world.verdicts()) > MANY)
        mine = world.verdicts()
        stale.send_signal(signal.SIGCONT)
        assert stale.stdout is not None
        word = (
            "held up" if step is EngineStep.APPLIED else "fenced"
        )  # its transaction was ended by the server
        assert word in map(str.strip, stale.stdout)
        complaints(world, MANY, 5)
        until(lambda: decided(world) == head(world))
        told = json.loads(stale.communicate("", timeout=60)[0].splitlines()[-1])
        assert stale.returncode == 0
        assert (told["error"], told["engines"]) == ("", 0)
        runner.stop()
        assert world.verdicts()[: len(mine)] == mine
        with world.database.read() as conn:
            assert engine_state(conn, world.tenant).owner == leases.owner
        assert (world.lane(), world.tables()) == undisturbed
        assert world.rebuild().differences == {}
        assert verify(world.database).problems == []
    finally:
        runner.stop()
        stale.kill()
        stale.communicate()
        world.close()


@ON_POSTGRESQL
def test_who_was_fenced_asks_whose_the_tenant_is(place: Place) -> None:
    """However short it was away: a machine's clock stands still while it sleeps, and then the lease seems to be its own."""
    world = World(place, at=START + HOUR)
    try:
        complaints(world, 0, 1)
        leases = Leases(world.writer)
        runner = EmbeddedRunner(world.ledger, world.store, world.rules, Progress(), leases.owner, leases)
        runner._round()
        assert decided(world) == head(world)
        with raw(place) as admin:
            admin.execute("UPDATE leases SET owner = 'other', until = until + 3600000000")
        mine = world.take_over()
        complaints(world, 1, 1)
        runner._round()  # it is fenced
        runner._round()
        with world.database.read() as conn:
            assert engine_state(conn, world.tenant) == mine.state
        world.fold()
        assert decided(world) == head(world)
    finally:
        world.close()
