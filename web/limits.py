"""Bounds of what a caller may ask: a token bucket for each key, a body read no further than it may be long, and an address that
a database can be asked for."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from time import monotonic

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from schemas.refusals import field_path
from web.problems import Refused
from web.services import WebSettings

_READ_SECONDS = 30.0


class Buckets:
    """One bucket of events for each key. A batch may overdraw it; the next request then waits longer.

    Used on the event loop only, so it needs no lock.
    """

    def __init__(self, rate: float, burst: int, now: Callable[[], float] = monotonic) -> None:
        self._rate = rate
        self._burst = float(burst)
        self._now = now
        self._levels: dict[str, tuple[float, float]] = {}

    def admit(self, key: str) -> None:
        """Raises 429 with Retry-After while the bucket is empty."""
        level = self._level(key)
        if level < 1:
            seconds = max(1, math.ceil((1 - level) / self._rate))
            raise Refused(
                429,
                "too_many",
                f"too many events for this key; go on in {seconds} s",
                f"该密钥发送过快, 请 {seconds} 秒后再试",
                headers={"Retry-After": str(seconds)},
            )

    def charge(self, key: str, events: int) -> None:
        """Take what was sent out of the bucket."""
        if len(self._levels) > 10_000:
            self._forget_full()
        self._levels[key] = (self._level(key) - events, self._now())

    def _level(self, key: str) -> float:
        level, at = self._levels.get(key, (self._burst, 0.0))
        return min(self._burst, level + (self._now() - at) * self._rate)

    def _forget_full(self) -> None:
        self._levels = {k: v for k, v in self._levels.items() if self._level(k) < self._burst}


def _too_long(limit: int) -> Refused:
    return Refused(
        413,
        "too_long",
        f"the body is longer than {limit} bytes",
        f"请求体超过 {limit} 字节",
        headers={"Connection": "close"},
    )


async def bounded_body(request: Request, settings: WebSettings) -> bytes:
    """The body, at most ``body_limit`` bytes. A longer one is read on and dropped up to ``drain_limit``, so that a
    sender who writes before it reads gets the 413; a length beyond that is refused unread."""
    limit = settings.body_limit
    said = request.headers.get("content-length", "")
    if said.isdigit() and int(said) > limit:
        waits = request.headers.get("expect", "").lower() == "100-continue"
        if waits or int(said) > settings.drain_limit:
            raise _too_long(limit)
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(_READ_SECONDS):
            async for chunk in request.stream():
                size += len(chunk)
                if size <= limit:
                    chunks.append(chunk)
                else:
                    chunks.clear()
                    if size > settings.drain_limit:
                        break
    except TimeoutError:
        raise Refused(
            408,
            "too_slow",
            "the body did not arrive in time",
            "请求体接收超时",
            headers={"Connection": "close"},
        ) from None
    except ClientDisconnect:  # nobody is there to be told; it is no fault of ours either
        raise Refused(
            400, "gone", "the sender went away in the middle of the body", "请求体中途断开"
        ) from None
    if size > limit:
        raise _too_long(limit)
    return b"".join(chunks)


async def without_nul(request: Request) -> None:
    """A dependency of all routes. U+0000 stands in nothing that is kept, and PostgreSQL takes it in no question: at such an
    address there is nothing (404), and a parameter with it is refused (422). What is posted to ``/in/…`` is kept as it came."""
    if "\0" in request.scope["path"]:
        raise HTTPException(404)
    if b"%00" not in request.scope["query_string"] or request.scope["path"].startswith("/in/"):
        return
    for name, value in request.query_params.multi_items():
        if "\0" in name + value:
            raise Refused(
                422,
                "invalid_parameter",
                "must not contain U+0000",
                "不得含 U+0000 字符",
                field=field_path((name,)),
            )
