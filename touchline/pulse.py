"""The pulse of a process that serves nothing else: ``/healthz`` for whoever restarts it, ``/metrics`` for Prometheus."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import structlog
from prometheus_client import CollectorRegistry, generate_latest

from touchline.door import listening
from touchline.options import say

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Health = Callable[[], tuple[int, dict[str, object]]]
"""Status and body of ``/healthz``."""


class Door(ThreadingHTTPServer):
    """``http.server`` prints a traceback, errors' messages in it, for what goes wrong with a request."""

    def handle_error(self, request: object, client_address: object) -> None:
        error = sys.exc_info()[1]
        if not isinstance(error, ConnectionError):  # who asked has hung up
            structlog.get_logger("pulse").error("not_answered", error=type(error).__name__)


class Pulse:
    """Answers on threads of its own until ``close``. Port 0 is any free one. Raises Refused as ``listening`` does."""

    def __init__(self, registry: CollectorRegistry, health: Health, host: str, port: int) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/healthz":
                    code, told = health()
                    self._answer(code, "application/json", json.dumps(told).encode())
                elif self.path == "/metrics":
                    self._answer(200, CONTENT_TYPE, generate_latest(registry))
                else:
                    self._answer(404, "text/plain", b"")

            def _answer(self, code: int, media: str, body: bytes) -> None:
                self.send_response(code)
                self.send_header("Content-Type", media)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Nothing."""

        door = listening(host, port, "--metrics-port")
        self.port = int(door.getsockname()[1])
        self._server = Door((host, self.port), Handler, bind_and_activate=False)
        self._server.socket.close()
        self._server.socket = door
        self._thread = threading.Thread(target=self._server.serve_forever, name="pulse", daemon=True)
        self._thread.start()
        say(f"指标 http://{host}:{self.port}/metrics", "(/healthz)")

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
