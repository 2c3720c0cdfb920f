"""Worlds for property tests: hundreds of them, each a copy of one prepared folder, in memory where the machine has that."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from tests.kit.memory import memory
from tests.kit.world import World


@cache
def _prepared() -> tempfile.TemporaryDirectory[str]:
    """A world with its tenant and first publications, closed again."""
    folder = tempfile.TemporaryDirectory(dir=memory(), prefix="touchline-test-")
    world = World(Path(folder.name) / "world")
    world.fold()
    world.close()
    return folder


def prepared_folder() -> Path:
    """To be copied, not to be opened."""
    return Path(_prepared().name) / "world"


@contextmanager
def quick_world(*, batch: int = 64) -> Iterator[World]:
    """A world like any other, sooner."""
    with tempfile.TemporaryDirectory(dir=memory(), prefix="touchline-test-") as folder:
        here = Path(folder) / "world"
        shutil.copytree(prepared_folder(), here)
        world = World(here, batch=batch)
        try:
            yield world
        finally:
            world.close()
