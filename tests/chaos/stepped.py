"""``python -m tests.chaos.stepped FILE WORDS…``: ``touchline WORDS…`` in a process whose wall clock a hand can set.

What stands in FILE (8 bytes, nanoseconds) is added to what the process believes the time to be (``time.time``,
``time.time_ns``); its boot and monotonic clocks go on, as they do where an operator sets the clock of a machine.
"""

from __future__ import annotations

import mmap
import runpy
import struct
import sys
import time
from pathlib import Path

OFFSET = struct.Struct("q")


def set_to(file: Path, nanoseconds: int) -> None:
    """Step the clock of the process that reads ``file``; 0 for the machine's own."""
    with file.open("r+b" if file.exists() else "w+b") as page:
        page.write(OFFSET.pack(nanoseconds))


def main(file: str, *words: str) -> None:
    with Path(file).open("rb") as kept:
        page = mmap.mmap(kept.fileno(), OFFSET.size, access=mmap.ACCESS_READ)
    own = time.time_ns

    def now() -> int:
        stepped: int = OFFSET.unpack(page[: OFFSET.size])[0]
        return own() + stepped

    time.time_ns = now
    time.time = lambda: now() / 1e9
    sys.argv = ["touchline", *words]
    runpy.run_module("touchline", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
