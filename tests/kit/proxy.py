"""A network to be broken: a TCP proxy of our own that lets pass, cuts, or goes dead without a word."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress
from urllib.parse import urlsplit

_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER of no time at all: closing sends a reset."""


class Proxy:
    """``url`` (over TCP, with a port: ``postgresql://``, ``kafka://``) leads through it.

    ``cut``: what is open is reset, and nobody gets through any more. ``hole``: connections stay open, new ones are
    accepted, and nothing passes: what a dead switch, a hung pooler or a stopped machine looks like. ``slow``: what passes takes
    so many seconds a piece (64 KB at most). ``heal``: as before.
    """

    def __init__(self, url: str) -> None:
        there = urlsplit(url)
        assert there.hostname is not None
        self._target = (there.hostname, there.port or 5432)
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        self.url = url.replace(f"{there.hostname}:{there.port}", f"127.0.0.1:{self.port}")
        self._flows = threading.Event()
        self._flows.set()
        self._refuses = self._closing = False
        self._delay = 0.0
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._serve, daemon=True)]
        self._threads[0].start()

    def cut(self) -> None:
        self._refuses = True
        with self._lock:
            ends, self._open = self._open, set()
        for end in ends:
            with suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                end.shutdown(socket.SHUT_RDWR)

    def hole(self) -> None:
        self._flows.clear()

    def slow(self, seconds: float) -> None:
        self._delay = seconds

    def heal(self) -> None:
        self._refuses, self._delay = False, 0.0
        self._flows.set()

    def close(self) -> None:
        self._closing = True
        self._over.set()
        self.heal()
        with suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        self.cut()
        for thread in self._threads:
            thread.join(60)

    def _serve(self) -> None:
        while not self._closing:
            try:
                client, _ = self._door.accept()
            except OSError:
                return
            if self._refuses:
                client.close()
                continue
            try:
                server = socket.create_connection(self._target)
            except OSError:
                client.close()
                continue
            with self._lock:
                self._open |= {client, server}
            ended: list[None] = []
            for one, other in ((client, server), (server, client)):
                thread = threading.Thread(target=self._pass, args=(one, other, ended), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _pass(self, one: socket.socket, other: socket.socket, ended: list[None]) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                self._flows.wait()
                if self._delay:
                    self._over.wait(self._delay)
                other.sendall(data)
        self._flows.wait()  # the end of a connection does not pass either
        for end in (one, other):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        with self._lock:
            ended.append(None)
            if len(ended) == 2:  # the other direction has ended too
                self._open -= {one, other}
                one.close()
                other.close()
