from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.clock import SimulatedClock
from tests.web.site import START, Site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path / "data")
    made.start()
    yield made
    made.stop()


@pytest.fixture
def timed(tmp_path: Path) -> Iterator[Site]:
    """A site whose clock stands until a test lets time pass."""
    made = Site(tmp_path / "data", SimulatedClock(START))
    made.start()
    yield made
    made.stop()
