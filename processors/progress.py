"""How far the engine has come, for everybody who waits for it: readers, streams, alerts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic

Listener = Callable[[int], None]


class Progress:
    """Positions by tenant number. Threads wait with a deadline; listeners are called on the engine's thread and must
    not block (a web server passes the call on to its loop)."""

    def __init__(self) -> None:
        self._moved = threading.Condition()
        self._at: dict[int, tuple[int, int]] = {}
        self._listeners: list[Listener] = []

    def at(self, tenant: int) -> tuple[int, int]:
        """(decided fact place, verdict place); (0, 0) before the engine has said anything."""
        with self._moved:
            return self._at.get(tenant, (0, 0))

    def moved(self, tenant: int, decided: int, verdict_place: int) -> None:
        """The engine has committed up to here."""
        with self._moved:
            if self._at.get(tenant) == (decided, verdict_place):
                return
            self._at[tenant] = (decided, verdict_place)
            self._moved.notify_all()
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener(tenant)

    def wait(self, tenant: int, place: int, timeout: float) -> bool:
        """Until fact ``place`` of the tenant is decided, at most ``timeout`` seconds. False: it is not yet."""
        end = monotonic() + timeout
        with self._moved:
            while self._at.get(tenant, (0, 0))[0] < place:
                left = end - monotonic()
                if left <= 0 or not self._moved.wait(left):
                    return self._at.get(tenant, (0, 0))[0] >= place
            return True

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener(tenant number)`` after every move. Returns the function that ends it."""
        with self._moved:
            self._listeners.append(listener)

        def unlisten() -> None:
            with self._moved:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return unlisten
