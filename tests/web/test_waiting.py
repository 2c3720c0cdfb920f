"""Answers from other threads reach whoever waits on the loop, each its own, in whatever order they come."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future

import pytest

from web.waiting import Waiting


def test_each_gets_its_own_answer_or_error() -> None:
    futures: list[Future[int]] = [Future() for _ in range(300)]

    def answer(share: int) -> None:
        for number in range(share, 300, 3):
            if number % 10:
                futures[number].set_result(number)
            else:
                futures[number].set_exception(LookupError(str(number)))

    async def main() -> list[int | BaseException]:
        waiting = Waiting()
        there = [waiting.on(future) for future in futures]
        there[1].cancel()
        threads = [threading.Thread(target=answer, args=(share,)) for share in range(3)]
        for thread in threads:
            thread.start()
        found = await asyncio.wait_for(asyncio.gather(*there, return_exceptions=True), 20)
        assert await asyncio.wait_for(waiting.on(futures[2]), 20) == 2  # it was done before anybody waited
        for thread in threads:
            thread.join()
        return found

    found = asyncio.run(main())
    assert isinstance(found[1], asyncio.CancelledError)
    for number in (n for n in range(300) if n != 1):
        if number % 10:
            assert found[number] == number
        else:
            with pytest.raises(LookupError, match=f"^{number}$"):
                raise found[number]  # type: ignore[misc]


def test_an_answer_that_nobody_waits_for_any_more_is_dropped() -> None:
    future: Future[int] = Future()

    async def main() -> None:
        Waiting().on(future)

    asyncio.run(main())
    future.set_result(1)
    assert future.result() == 1
