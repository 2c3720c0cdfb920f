"""A wire that can be cut: a TCP proxy before PostgreSQL that swallows the answer to a COMMIT, as a dying network would."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from urllib.parse import urlsplit


class Wire:
    """``url`` leads through it. After ``cut_after_commit`` the next COMMIT reaches the server, and its answer nobody."""

    def __init__(self, url: str) -> None:
        there = urlsplit(url)
        assert there.hostname is not None
        self._target = (there.hostname, there.port or 5432)
        self._door = socket.create_server(("127.0.0.1", 0))
        port = self._door.getsockname()[1]
        self.url = url.replace(f"{there.hostname}:{there.port}", f"127.0.0.1:{port}")
        self._armed = False
        self._mute: socket.socket | None = None
        self.cut = threading.Event()
        self._open: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def cut_after_commit(self) -> None:
        self._armed = True

    def _serve(self) -> None:
        with suppress(OSError):  # closed: the end
            while True:
                client, _ = self._door.accept()
                server = socket.create_connection(self._target)
                self._open += [client, server]
                for one, other, asking in ((client, server, True), (server, client, False)):
                    threading.Thread(target=self._pass, args=(one, other, asking), daemon=True).start()

    def _pass(self, one: socket.socket, other: socket.socket, asking: bool) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                if asking and self._armed and b"COMMIT" in data:
                    self._armed = False
                    self._mute = other  # before the answer can come
                    other.sendall(data)
                    continue
                if not asking and self._mute is one:  # it is committed, and nobody hears of it
                    self.cut.set()
                    break
                other.sendall(data)
        for end in (one, other):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._door.close()
        for end in self._open:
            with suppress(OSError):
                end.close()
