"""A minute of chaos: a whole installation under load, with every kind of fault (``tests.chaos``, ``make chaos`` for ten)."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.chaos.faults import KINDS, schedule
from tests.chaos.run import run
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


@pytest.mark.crash
@pytest.mark.chaos
def test_a_minute_of_faults() -> None:
    postgres.needed()
    kafka.needed()
    made = run(35, SEED, FAULTS, pace=60)
    assert made.ok, str(made)
    assert made.kinds.keys() == {kind.name for kind in KINDS}
    assert sum(made.kinds.values()) == FAULTS
    assert made.acknowledged > 500
    counts = made.verdict.counts
    assert min(counts[name] for name in ("breaches", "warnings", "retractions", "corrections")) > 0
    assert made.alerts > 0
