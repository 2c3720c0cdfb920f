"""The engine's progress, brought onto the event loop: readers and streams wait here without holding a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from processors.progress import Progress


class Bell:
    """Rings for a tenant when its engine has moved, and for everybody when the server stops.

    ``start`` on the loop before serving, ``stop`` from any thread: it ends every wait at once, and may be called twice.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._waiting: dict[int, set[asyncio.Event]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self.stopping = False

    @contextmanager
    def ringing(self) -> Iterator[None]:
        """While the server serves; on its loop."""
        self._loop = asyncio.get_running_loop()
        unlisten = self._progress.listen(self._moved)
        try:
            yield
        finally:
            unlisten()
            self._loop = None

    def stop(self) -> None:
        self.stopping = True
        self._call(None)

    def _moved(self, tenant: int) -> None:
        self._call(tenant)

    def _call(self, tenant: int | None) -> None:
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._ring, tenant)

    def _ring(self, tenant: int | None) -> None:
        for number, waiting in self._waiting.items():
            if tenant is None or number == tenant:
                for event in waiting:
                    event.set()

    @contextmanager
    def subscribed(self, tenant: int) -> Iterator[asyncio.Event]:
        """An event that is set whenever the tenant's engine has moved; the waiter clears it before it looks."""
        event = asyncio.Event()
        self._waiting.setdefault(tenant, set()).add(event)
        try:
            yield event
        finally:
            self._waiting[tenant].discard(event)

    async def rung(self, event: asyncio.Event, seconds: float) -> bool:
        """Wait for the ring. False: the time is over."""
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            return False
        return True

    async def folded(self, tenant: int, place: int, seconds: float) -> bool:
        """Until the engine has decided fact ``place``, at most so long. False: it has not, or the server stops."""
        end = asyncio.get_running_loop().time() + seconds
        with self.subscribed(tenant) as event:
            while self._progress.at(tenant)[0] < place:
                event.clear()
                if self._progress.at(tenant)[0] >= place:
                    return True
                left = end - asyncio.get_running_loop().time()
                if self.stopping or left <= 0 or not await self.rung(event, left):
                    return self._progress.at(tenant)[0] >= place
        return True
