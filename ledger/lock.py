"""One process owns a data folder; the second is told who."""

from __future__ import annotations

import json
import os
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import TracebackType

from ledger.clock import SystemClock
from ledger.errors import FolderInUse
from ledger.folder import LOCK_FILE
from schemas.instants import format_instant

if sys.platform == "win32":
    import msvcrt

    def _take(handle: int) -> None:
        os.lseek(handle, 1 << 30, os.SEEK_SET)  # far beyond the text, which others must be able to read
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _take(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


class FolderLock:
    """Exclusive while held; the system lets go of it when the process dies, however it dies."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._handle: int | None = None

    def acquire(self) -> None:
        """Take the folder. Raises FolderInUse with the holder's pid and since when."""
        self._folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._folder / LOCK_FILE, os.O_CREAT | os.O_RDWR, 0o644)
        try:
            _take(handle)
        except OSError:
            os.close(handle)
            raise self._held() from None
        os.lseek(handle, 0, os.SEEK_SET)
        os.ftruncate(handle, 0)
        since = format_instant(SystemClock().now() // 1_000_000 * 1_000_000)
        os.write(handle, json.dumps({"pid": os.getpid(), "since": since}).encode())
        self._handle = handle

    def release(self) -> None:
        """Let go. The file stays: removing it would let two processes lock two files of one name."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _held(self) -> FolderInUse:
        try:
            found = json.loads((self._folder / LOCK_FILE).read_text(encoding="utf-8"))
            return FolderInUse(int(found["pid"]), str(found["since"]))
        except (OSError, ValueError, KeyError, TypeError):
            return FolderInUse(0, "")

    def __enter__(self) -> FolderLock:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def alone(folder: Path, mine: bool) -> AbstractContextManager[object]:
    """Nobody else works with tables that are being changed; ``mine``: the caller holds the folder. Raises FolderInUse."""
    return nullcontext() if mine else FolderLock(folder)
