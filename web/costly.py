"""Figures that cost more the longer a ledger is (promises by state: a second for each million, on two cores): who asks for them
every few seconds does not keep the database busy with it."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import Generic, TypeVar

T = TypeVar("T")
CHEAP = 0.2
"""Seconds: what takes no longer is asked for each time."""
REST = 20.0
"""How many times as long as it took an answer is good for: so it is a twentieth of a core at most."""


class Costly(Generic[T]):
    """``ask`` on the caller's thread, one at a time; others wait for its answer. What it raises is raised, nothing is kept."""

    def __init__(self, ask: Callable[[], T], now: Callable[[], float] = monotonic) -> None:
        self._ask = ask
        self._now = now
        self._lock = Lock()
        self._kept: tuple[T, float] | None = None
        """The last answer that was dear, and until when it is good."""

    def __call__(self) -> T:
        with self._lock:
            began = self._now()
            if self._kept is not None and began < self._kept[1]:
                return self._kept[0]
            self._kept = None
            found = self._ask()
            ended = self._now()
            if ended - began > CHEAP:
                self._kept = found, ended + REST * (ended - began)
            return found
