"""A simulated clock that several processes look at: it stands in a file."""

from __future__ import annotations

import os
from pathlib import Path
from struct import Struct

from ledger.clock import SimulatedClock
from schemas.instants import Instant

_PAIR = Struct("<qq")


class SharedClock(SimulatedClock):
    """Whoever opens the file first says when it is; ``set`` is seen by all at once."""

    def __init__(self, file: Path, at: Instant | None = None) -> None:
        self._file = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        if at is not None:
            self._write(at, 0)
        super().__init__(self.now())

    def now(self) -> Instant:
        return self._read()[0]

    def boot(self) -> int:
        return self._read()[1]

    def set(self, at: Instant) -> None:
        now, boot = self._read()
        self._write(at, boot + at - now)

    def _read(self) -> tuple[int, int]:
        now, boot = _PAIR.unpack(os.pread(self._file, _PAIR.size, 0))
        return now, boot

    def _write(self, now: Instant, boot: int) -> None:
        os.pwrite(self._file, _PAIR.pack(now, boot), 0)
