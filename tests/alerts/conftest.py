from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.clock import SimulatedClock
from tests.alerts.support import Inbox, inbox
from tests.ledger.house import House


@pytest.fixture
def home(tmp_path: Path, clock: SimulatedClock) -> Iterator[House]:
    """A ledger whose clock stands where the module says."""
    opened = House.open(tmp_path / "data", clock)
    yield opened
    opened.close()


@pytest.fixture
def box() -> Iterator[Inbox]:
    """A server that takes what is sent to it."""
    with inbox() as made:
        yield made
