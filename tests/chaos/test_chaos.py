"""A minute of chaos: a whole installation under load, with every kind of fault (``tests.chaos``, ``make chaos`` for ten)."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from tests.chaos.faults import KINDS, schedule
from tests.chaos.run import run
from tests.chaos.site import Member
from tests.kit import kafka, postgres

SEED = 20261123
FAULTS = 20


def test_a_schedule_is_data() -> None:
    made = schedule(SEED, 600, 170)
    assert made == schedule(SEED, 600, 170)
    assert made != schedule(SEED + 1, 600, 170)
    assert len(made) == 170
    assert {fault.kind for fault in made} == {kind.name for kind in KINDS}
    assert all(one.at <= other.at for one, other in pairwise(made))
    assert made[-1].at < 600


def test_a_process_heeds_sigterm_once_it_has_said_what_that_means(tmp_path: Path) -> None:
    begun = Member("alerts-1", [], {}, tmp_path)
    assert not begun.heeds()
    turn = "sys.stdin.readline()"
    script = f"import signal, sys; {turn}; signal.signal(15, print); print('now', flush=True); {turn}"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        begun.process = process
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            assert not begun.heeds()
            process.stdin.write(b"\n")
            process.stdin.flush()
            assert process.stdout.readline() == b"now\n"
            assert begun.heeds()
        finally:
            begun.close()
    assert not begun.heeds()


@pytest.mark.crash
@pytest.mark.chaos
def test_a_minute_of_faults() -> None:
    postgres.needed()
    kafka.needed()
    made = run(60, SEED, FAULTS, pace=60)
    assert made.ok, str(made)
    assert made.kinds.keys() == {kind.name for kind in KINDS}
    assert sum(made.kinds.values()) == FAULTS
    assert made.acknowledged > 500
    counts = made.verdict.counts
    assert min(counts[name] for name in ("breaches", "warnings", "retractions", "corrections")) > 0
    assert made.alerts > 0
