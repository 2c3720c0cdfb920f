"""Callers of POST /events who keep to a rate: ``python -m benchmarks.paced PORT RATE SECONDS FIRST KEY[,KEY…]``.

One event a request, each tenant's turn after the other's, on as many connections as are needed up to 64 a tenant. Prints one
line of JSON: [index of the key, place, monotonic seconds of the 202] for each, and how many answers were not 202.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from benchmarks.traffic import body

MOST = 64
STEPS = 6
"""Events of one case go to one tenant."""


class Connection(asyncio.Protocol):
    def __init__(self, run: Run, key: int) -> None:
        self._run, self._key, self._read = run, key, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def send(self, request: bytes) -> None:
        self._read = b""
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._read += data
        head, _, rest = self._read.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0]
        if rest and len(rest) >= int(length):
            self._run.answered(self, self._key, head, rest)

    def close(self) -> None:
        self._transport.close()


class Run:
    def __init__(self, port: int, keys: list[str]) -> None:
        self.port, self.keys = port, keys
        self.free: list[list[Connection]] = [[] for _ in keys]
        self.made = [0 for _ in keys]
        self.waiting: list[list[bytes]] = [[] for _ in keys]
        self.seen: list[tuple[int, int, float]] = []
        self.others = 0
        self.open = 0

    def request(self, number: int, key: str) -> bytes:
        text = body(number)
        head = (
            f"POST /events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n"
            f"Content-Type: application/cloudevents+json\r\nContent-Length: {len(text)}\r\n\r\n"
        )
        return head.encode() + text

    def answered(self, one: Connection, key: int, head: bytes, rest: bytes) -> None:
        if head.startswith(b"HTTP/1.1 202"):
            self.seen.append((key, json.loads(rest)["place"], time.monotonic()))
        else:
            self.others += 1
        self.open -= 1
        if self.waiting[key]:
            one.send(self.waiting[key].pop(0))
        else:
            self.free[key].append(one)

    async def send(self, key: int, request: bytes) -> None:
        self.open += 1
        if not self.free[key] and self.made[key] < MOST:
            self.made[key] += 1
            _, one = await asyncio.get_running_loop().create_connection(
                lambda: Connection(self, key), "127.0.0.1", self.port
            )
            one.send(request)
        elif self.free[key]:
            self.free[key].pop().send(request)
        else:
            self.waiting[key].append(request)

    async def go(self, rate: float, seconds: float, first: int) -> None:
        began, number = time.monotonic(), 0
        while (passed := time.monotonic() - began) < seconds:
            while number < passed * rate:
                key = (number // STEPS) % len(self.keys)
                await self.send(key, self.request(first + number, self.keys[key]))
                number += 1
            await asyncio.sleep(0.002)
        end = time.monotonic() + 30
        while self.open and time.monotonic() < end:
            await asyncio.sleep(0.01)


def main(port: str, rate: str, seconds: str, first: str, keys: str) -> None:
    run = Run(int(port), keys.split(","))
    asyncio.run(run.go(float(rate), float(seconds), int(first)))
    print(json.dumps({"seen": run.seen, "others": run.others + run.open}))


if __name__ == "__main__":
    main(*sys.argv[1:])
