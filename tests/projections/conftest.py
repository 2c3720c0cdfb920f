"""The row store, its pages, rebuild and replay: one suite over SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kit.places import Where
from tests.kit.world import World


@pytest.fixture
def world(place: Where) -> Iterator[World]:
    """A small world (``tests.kit.world``), on each database in turn."""
    made = World(place)
    yield made
    made.close()
