"""uvicorn, told to let go of its streams: it would wait for them for ever, and their readers come again by themselves."""

from __future__ import annotations

import socket
from typing import Any

import uvicorn
from fastapi import FastAPI


class Server(uvicorn.Server):
    """``run`` or ``serve`` it like uvicorn's own. ``handle_exit`` (SIGINT, SIGTERM) and ``should_exit`` end streams at once."""

    def __init__(self, app: FastAPI, *, host: str = "127.0.0.1", port: int = 8311, **options: Any) -> None:
        settings: dict[str, Any] = {
            "log_config": None,
            "access_log": False,
            "server_header": False,
            "timeout_graceful_shutdown": 10,
            "timeout_keep_alive": 30,
            "lifespan": "on",
            **options,
        }
        super().__init__(uvicorn.Config(app, host=host, port=port, **settings))
        self._app = app

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        for door in sockets or ():
            # Accepted sockets inherit it. asyncio sets it only where a socket names its protocol, and without it every
            # answer of two writes waits 40 ms for the reader's acknowledgement.
            door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await super().startup(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.state.bell.stop()
        await super().shutdown(sockets)
