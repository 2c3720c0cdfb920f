"""Waiting without a thread: for a place to be folded, and for the end of the server."""

from __future__ import annotations

import asyncio
import threading

from processors.progress import Progress
from web.bell import Bell


def test_a_place_that_is_folded_is_not_waited_for() -> None:
    progress = Progress()
    progress.moved(1, 7, 0)

    async def run() -> bool:
        bell = Bell(progress)
        with bell.ringing():
            return await bell.folded(1, 7, 0)

    assert asyncio.run(run())


def test_the_engine_wakes_who_waits_for_its_tenant() -> None:
    progress = Progress()

    async def run() -> tuple[bool, bool]:
        bell = Bell(progress)
        with bell.ringing():
            mine = asyncio.create_task(bell.folded(1, 2, 20))
            other = asyncio.create_task(bell.folded(2, 1, 0.05))

            def engine() -> None:
                progress.moved(1, 1, 0)
                progress.moved(1, 2, 0)

            threading.Thread(target=engine).start()
            return await mine, await other

    assert asyncio.run(run()) == (True, False)


def test_the_end_of_the_server_ends_every_wait() -> None:
    async def run() -> bool:
        bell = Bell(Progress())
        with bell.ringing():
            waits = asyncio.create_task(bell.folded(1, 1, 60))
            threading.Thread(target=bell.stop).start()
            return await waits

    assert asyncio.run(run()) is False


def test_nothing_is_left_behind() -> None:
    progress = Progress()

    async def run() -> None:
        bell = Bell(progress)
        with bell.ringing():
            await bell.folded(1, 1, 0)
        progress.moved(1, 1, 0)
        bell.stop()
        bell.stop()

    asyncio.run(run())
