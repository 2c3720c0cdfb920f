"""Gives up on a database that takes what is sent and never answers: a hung pooler, a server whose disk does not answer. The
server's own limits do not reach us then, TCP sees nothing amiss, and libpq would wait for ever."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
import weakref
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from psycopg import Connection


class Watched(Connection[Any]):
    """A connection that knows since when it has waited for the server, and for how long it may (seconds)."""

    patience = float("inf")
    _since = 0.0

    def wait(self, *arguments: Any, **more: Any) -> Any:
        with self.waiting():
            return super().wait(*arguments, **more)

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """Around whatever waits for the server, but by ``wait``."""
        self._since = time.monotonic()
        try:
            yield
        finally:
            self._since = 0.0

    @contextlib.contextmanager
    def hurried(self, patience: float) -> Iterator[None]:
        """For a question that is answered at once, or not at all."""
        was, self.patience = self.patience, min(patience, self.patience)
        try:
            yield
        finally:
            self.patience = was

    def look(self) -> None:
        """End the wait, if it has lasted for too long: who waits gets an OperationalError. From any thread."""
        since = self._since
        if since and time.monotonic() - since > self.patience:
            with contextlib.suppress(Exception), socket.socket(fileno=socket.dup(self.fileno())) as wire:
                wire.shutdown(socket.SHUT_RDWR)


class Watch:
    """One thread, which looks at every connection."""

    LOOK = 0.5

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watched: weakref.WeakSet[Watched] = weakref.WeakSet()
        threading.Thread(target=self._run, name="database-watch", daemon=True).start()

    def connect(self, patience: float, *arguments: Any, **more: Any) -> Watched:
        """A new connection; making it is bounded by ``connect_timeout``."""
        made = Watched.connect(*arguments, **more)
        made.patience = patience
        with self._lock:
            self._watched.add(made)
        return made

    def _run(self) -> None:
        end = threading.Event()
        while not end.wait(self.LOOK):
            with self._lock:
                watched = list(self._watched)
            for connection in watched:
                connection.look()


@lru_cache(maxsize=1)
def watch() -> Watch:
    """That of this process, made with its first connection."""
    return Watch()
