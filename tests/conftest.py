"""Fixtures for all rooms."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A small world (``tests.kit.world``) in a folder of its own."""
    made = World(tmp_path)
    yield made
    made.close()
