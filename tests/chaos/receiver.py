"""Who receives the alerts: checks every signature, keeps what came under which id, and may refuse or fall silent."""

from __future__ import annotations

import base64
import threading
from collections import defaultdict
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook

from schemas.canonical import read_json

SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes, ok").decode()


class Receiver:
    """``bodies``: what came under each id, as digests; ``calls``: how often; ``odd``: what should not have come at all."""

    def __init__(self) -> None:
        self.bodies: dict[str, set[str]] = defaultdict(set)
        self.calls: dict[str, int] = defaultdict(int)
        self.odd: list[str] = []
        self.refuses = self.forgets = False
        self._lock = threading.Lock()
        self._webhook = Webhook(SECRET)
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver._take({name.lower(): value for name, value in self.headers.items()}, body, self)

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/alerts"
        self._thread = threading.Thread(target=self._server.serve_forever, name="receiver", daemon=True)
        self._thread.start()

    def _take(self, headers: dict[str, str], body: bytes, handler: BaseHTTPRequestHandler) -> None:
        if self.refuses:
            self._answer(handler, 503)
            return
        try:
            self._webhook.verify(body, headers)
            said: Any = read_json(body.decode())
            name = headers["webhook-id"]
            with self._lock:
                self.bodies[name].add(sha256(body).hexdigest())
                self.calls[name] += 1
                if said["data"]["verdict_id"] != name:
                    self.odd.append(f"{name} carries {said['data']['verdict_id']}")
        except Exception as error:
            with self._lock:
                self.odd.append(f"{type(error).__name__}: {error}")
        if self.forgets:  # taken, and the sender is never told
            handler.close_connection = True
            return
        self._answer(handler, 204)

    def _answer(self, handler: BaseHTTPRequestHandler, code: int) -> None:
        handler.send_response(code)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
