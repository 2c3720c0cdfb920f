"""Where no disk is waited for. What the tests kill are processes, and what those wrote outlives them there as on a disk; what a
power cut leaves is nobody's question here (a PostgreSQL of which durability is claimed keeps to the disk)."""

from __future__ import annotations

import gc
import os
import shutil
import sys
from functools import cache

ENOUGH = 1 << 30
"""Bytes that must be free: containers often have 64 MiB there."""


@cache
def memory() -> str | None:
    """A folder in memory, where the machine has one with room."""
    folder = "/dev/shm"
    there = os.access(folder, os.W_OK) and shutil.disk_usage(folder).free >= ENOUGH
    return folder if there else None


def quick_machine() -> None:
    """For this process and those that it starts: pytest's folders in memory, and what was compiled is kept, or each of hundreds
    of processes would compile all modules anew. Folders that somebody named stand. Circular garbage is looked for as seldom as
    in a command (``touchline.__main__``): all that was imported was looked through again and again, a sixth of the time."""
    gc.set_threshold(200_000, 20, 20)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    if (folder := memory()) is not None:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", folder)
