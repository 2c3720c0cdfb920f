"""Effects exactly once (invariant 6): killed with SIGKILL at every step of the engine's transaction, again and again, the
verdict lane is that of a run that nobody disturbed, and the tables are those of a fresh fold, to the byte."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ledger.verify import verify
from processors.steps import EngineStep
from tests.kit import engine_victim
from tests.kit.engine_victim import Killer, play
from tests.kit.hatchery import ended
from tests.kit.places import Where, name_of

ROOT = Path(__file__).resolve().parents[2]
KILLS = (1, 2, 4)


def victim(place: Where, **environment: str) -> int:
    """Exit status of the victim, played to its end in a process that is started afresh."""
    return subprocess.run(
        [sys.executable, "-m", "tests.kit.engine_victim", name_of(place)],
        cwd=ROOT,
        env={**os.environ, **environment},
        timeout=120,
        check=False,
    ).returncode


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[object, list[str]]:
    world = play(tmp_path_factory.mktemp("calm"), Killer(None, 0))
    try:
        assert len(world.verdicts()) > 10
        return world.lane(), world.tables()
    finally:
        world.close()


@pytest.mark.crash
@pytest.mark.parametrize("step", list(EngineStep), ids=lambda s: s.name)
def test_killed_at_every_step(step: EngineStep, place: Where, undisturbed: tuple[object, list[str]]) -> None:
    """On PostgreSQL too, and there what comes of it is the same, to the byte (invariant 16)."""
    for count in KILLS if isinstance(place, Path) else KILLS[1:2]:
        assert ended(engine_victim.main, name_of(place), step.name, str(count)) == -signal.SIGKILL
    assert ended(engine_victim.main, name_of(place)) == 0
    world = play(place, Killer(None, 0))
    try:
        assert (world.lane(), world.tables()) == undisturbed
        assert world.rebuild().differences == {}
        assert verify(world.database).problems == []
    finally:
        world.close()


@pytest.mark.parametrize("seed", ["1", "2026"])
def test_no_set_order_of_a_process_shows(
    seed: str, tmp_path: Path, undisturbed: tuple[object, list[str]]
) -> None:
    """Invariant 9: rules are pure; the hash seed of a process, and the machine's zone, change nothing."""
    assert victim(tmp_path, PYTHONHASHSEED=seed, TZ="America/New_York") == 0
    world = play(tmp_path, Killer(None, 0))
    try:
        assert (world.lane(), world.tables()) == undisturbed
    finally:
        world.close()
