"""Answers that come from other threads to the event loop: many at once by one call, since each call is a system call that
lets go of the interpreter."""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class Waiting:
    """Made on the loop whose coroutines wait."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._come: deque[tuple[asyncio.Future[Any], Future[Any]]] = deque()
        self._called = False

    def on(self, future: Future[T]) -> asyncio.Future[T]:
        """The same future on the loop. Whoever stops waiting for it does not undo what it stands for."""
        made: asyncio.Future[T] = self._loop.create_future()
        future.add_done_callback(lambda done: self._hand_over(made, done))
        return made

    def _hand_over(self, made: asyncio.Future[T], done: Future[T]) -> None:
        self._come.append((made, done))
        if not self._called:
            self._called = True
            try:
                self._loop.call_soon_threadsafe(self._take)
            except RuntimeError:  # the loop was closed meanwhile: nobody waits any more
                self._come.clear()

    def _take(self) -> None:
        self._called = False  # first: what comes from here on calls again, or is seen below
        while self._come:
            made, done = self._come.popleft()
            if made.done():
                continue
            if (error := done.exception()) is not None:
                made.set_exception(error)
            else:
                made.set_result(done.result())
