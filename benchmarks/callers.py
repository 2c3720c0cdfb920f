"""Callers of POST /events: so many connections, each sending its next event when the last was answered.

A process of its own, so that it takes nothing from the server but its share of the cores; it writes and reads bytes, for an
HTTP client would cost more than the server. ``python -m benchmarks.callers PORT KEY CONNECTIONS SECONDS FIRST`` prints one
line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from itertools import count

from benchmarks.traffic import body


class Caller(asyncio.Protocol):
    """One connection."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def _send(self) -> None:
        self._began = time.perf_counter()
        self._transport.write(self._work.request())

    def data_received(self, data: bytes) -> None:
        self._read += data
        head, _, rest = self._read.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0]
        if not rest or len(rest) < int(length):
            return
        self._read = b""
        self._work.answered(time.perf_counter() - self._began, head)
        if self._work.over():
            self._transport.close()
        else:
            self._send()

    def connection_lost(self, error: Exception | None) -> None:
        self._work.gone.release()


class Work:
    """What all connections share."""

    def __init__(self, key: str, seconds: float, first: int) -> None:
        self._key = key
        self._numbers = count(first)
        self._end = time.perf_counter() + seconds
        self.gone = asyncio.Semaphore(0)
        self.taken: list[float] = []
        self.others = 0

    def request(self) -> bytes:
        text = body(next(self._numbers))
        head = (
            f"POST /events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self._key}\r\n"
            f"Content-Type: application/cloudevents+json\r\nContent-Length: {len(text)}\r\n\r\n"
        )
        return head.encode() + text

    def answered(self, seconds: float, head: bytes) -> None:
        if head.startswith(b"HTTP/1.1 202"):
            self.taken.append(seconds)
        else:
            self.others += 1

    def over(self) -> bool:
        return time.perf_counter() > self._end


async def call(port: int, key: str, connections: int, seconds: float, first: int) -> dict[str, float]:
    """Events kept a second, and how long an answer took (milliseconds)."""
    work = Work(key, seconds, first)
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    for _ in range(connections):
        await loop.create_connection(lambda: Caller(work), "127.0.0.1", port)
    for _ in range(connections):
        await work.gone.acquire()
    wall = time.perf_counter() - began
    taken = sorted(work.taken) or [0.0]
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "events": len(work.taken),
        "others": work.others,
        "per_second": len(work.taken) / wall,
        "p50_ms": taken[len(taken) // 2] * 1000,
        "p99_ms": taken[len(taken) * 99 // 100] * 1000,
        "max_ms": taken[-1] * 1000,
        "cpu_seconds": used.ru_utime + used.ru_stime,
    }


if __name__ == "__main__":
    port, key, connections, seconds, first = sys.argv[1:]
    print(json.dumps(asyncio.run(call(int(port), key, int(connections), float(seconds), int(first)))))
