"""Many who ask the same at once are answered once."""

from __future__ import annotations

import asyncio

from web.asking import Asking


def test_those_who_ask_at_once_share_one_answer() -> None:
    async def scene() -> None:
        asking: Asking[int] = Asking()
        go = asyncio.Event()
        asked: list[int] = []

        async def ask() -> int:
            asked.append(1)
            await go.wait()
            return len(asked)

        waiting = [asyncio.ensure_future(asking("a", ask)) for _ in range(5)]
        other = asyncio.ensure_future(asking("b", ask))
        await asyncio.sleep(0)
        waiting[0].cancel()  # the first goes away
        go.set()
        found = await asyncio.gather(*waiting[1:], other)
        assert found == [1, 1, 1, 1, 2]
        assert waiting[0].cancelled()
        assert await asking("a", ask) == 3  # answered before, asked anew

    asyncio.run(scene())


def test_an_error_is_told_to_all_and_not_kept() -> None:
    async def scene() -> None:
        asking: Asking[int] = Asking()
        fails = True

        async def ask() -> int:
            await asyncio.sleep(0)
            if fails:
                raise OSError("away")
            return 7

        told = await asyncio.gather(*(asking("a", ask) for _ in range(3)), return_exceptions=True)
        assert [type(one) for one in told] == [OSError] * 3
        fails = False
        assert await asking("a", ask) == 7

    asyncio.run(scene())
