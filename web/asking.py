"""One question for all who ask the same at once: when a key that was known for a second is to be looked up anew, all its
callers come at the same moment, and a thread for each made the slowest answers of every second."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Asking(Generic[T]):
    """On one event loop."""

    def __init__(self) -> None:
        self._asked: dict[str, asyncio.Future[T]] = {}

    async def __call__(self, name: str, ask: Callable[[], Awaitable[T]]) -> T:
        """What ``ask`` answers to whoever asked first and is not answered yet; its error is everybody's. Who stops waiting
        takes the answer from nobody."""
        asked = self._asked.get(name)
        if asked is None:
            asked = self._asked[name] = asyncio.ensure_future(ask())
            asked.add_done_callback(lambda done: self._answered(name, done))
        return await asyncio.shield(asked)

    def _answered(self, name: str, done: asyncio.Future[T]) -> None:
        del self._asked[name]
        if not done.cancelled():
            done.exception()  # it was told to those who still wait, if anybody does
