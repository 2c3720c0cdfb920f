"""Waking other processes on the same PostgreSQL: NOTIFY after the commit and on another connection, for within a transaction it
would take a lock that all commits share. It may get lost; everybody who waits looks by themselves too, once a second."""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine

CHANNEL = "touchline"
LOOK = 0.5
"""Seconds after which the listener looks whether it is to end."""
AGAIN = 1.0
"""Seconds before a lost connection is tried again."""


class Bell:
    """``ring`` after a commit; ``heard`` is called when another process rang: it may set a flag, nothing slower."""

    def __init__(self, engine: Engine, heard: Callable[[], None]) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._heard = heard
        self._mine = secrets.token_hex(8)
        self._rung = threading.Event()
        self._ending = False
        self._threads = [
            threading.Thread(target=self._keep, args=(part,), name=f"bell-{part.__name__}", daemon=True)
            for part in (self._ringing, self._listening)
        ]
        for thread in self._threads:
            thread.start()

    def ring(self) -> None:
        """From any thread, at once: several rings may become one."""
        self._rung.set()

    def stop(self) -> None:
        """What was rung is still sent."""
        self._ending = True
        self._rung.set()
        for thread in self._threads:
            thread.join(10)

    def _keep(self, part: Callable[[Any], None]) -> None:
        while not self._ending:
            # The server may be away for a while; whoever waits looks by themselves meanwhile.
            with contextlib.suppress(Exception), self._engine.connect() as connection:
                try:
                    part(connection.connection.driver_connection)
                except BaseException:
                    connection.invalidate()  # given back, it would be rolled back, and that it is lost said aloud
                    raise
            if not self._ending:
                threading.Event().wait(AGAIN)

    def _ringing(self, wire: Any) -> None:
        while True:
            self._rung.wait()
            self._rung.clear()
            wire.execute("SELECT pg_notify(%s, %s)", (CHANNEL, self._mine))
            if self._ending:
                return

    def _listening(self, wire: Any) -> None:
        wire.execute(f"LISTEN {CHANNEL}")
        self._heard()  # what was said before is not heard any more
        while not self._ending:
            for note in wire.notifies(timeout=LOOK):
                if note.payload != self._mine:
                    self._heard()
