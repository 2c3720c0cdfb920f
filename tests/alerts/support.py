"""What the tests of alerts share: a receiver on loopback, and alerts made by hand."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic
from typing import Any

from alerts.message import Alert
from schemas.instants import HOUR, Instant, parse_instant

NOON: Instant = parse_instant("2026-11-22T12:00:00+08:00")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@dataclass(frozen=True)
class Call:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Answer:
    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    hold: threading.Event | None = None
    """Answered only once this is set: whoever waits can be killed meanwhile."""


class Inbox:
    """Everything that arrived, and how it is answered."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.answer: Callable[[Call], Answer] = lambda call: Answer()
        self.arrived = threading.Condition()
        self.url = ""

    def take(self, call: Call) -> Answer:
        with self.arrived:
            self.calls.append(call)
            self.arrived.notify_all()
            return self.answer(call)

    def wait_for(self, true: Callable[[], bool], seconds: float = 20) -> None:
        """Until it is true after some call; an AssertionError at the deadline."""
        with self.arrived:
            assert self.arrived.wait_for(true, seconds), f"not within {seconds} s ({len(self.calls)} calls)"


@contextmanager
def inbox() -> Iterator[Inbox]:
    box = Inbox()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            answer = box.take(Call(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            if answer.hold is not None:
                answer.hold.wait(30)
            try:
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)
            except OSError:
                self.close_connection = True  # the caller was killed

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    box.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield box
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    """Wait for a condition with a deadline."""
    tick, end = threading.Event(), monotonic() + seconds
    while not true():
        assert monotonic() < end, f"not within {seconds} s"
        tick.wait(0.005)


def alert(**changed: Any) -> Alert:
    """A breach of the 24-hour return visit, an hour ago at NOON."""
    made: dict[str, Any] = {
        "tenant": 1,
        "tenant_name": "example-homes",
        "place": 1,
        "verdict_id": "0f9e5a52-6f0a-5a3e-9a53-1c7d2a1b0001",
        "type": "obligation.breached",
        "kind": "breached",
        "obligation": "repair.close_visit",
        "row": "O30",
        "zh": "维修关闭后24小时内回访",
        "en": "Return visit within 24 h of closing a repair",
        "promise_id": "7d1f1f5e-0000-5000-8000-000000000001",
        "case_id": "c4a5e000-0000-5000-8000-000000000001",
        "project_id": "P01",
        "house_id": "A-1-101",
        "due": NOON - HOUR,
        "time": NOON - HOUR,
        "recorded": NOON - HOUR,
        "born_late": False,
        "owes": ["cs_front_desk"],
        "to": ["cs_front_desk", "cs_supervisor"],
        "retracts": "",
    }
    return Alert(**(made | changed))
