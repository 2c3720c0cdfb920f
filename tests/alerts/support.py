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
from uuid import UUID

from sqlalchemy import Connection

from alerts.message import Alert
from alerts.service import Alerts
from alerts.settings import AlertSettings
from ledger.lanes import VerdictDraft, decide, engine_state
from ledger.tenants import Tenant
from schemas.instants import DAY, HOUR, Instant, parse_instant
from tests.ledger.house import House

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

    def wait_for(self, true: Callable[[], bool], seconds: float = 60) -> None:
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
                answer.hold.wait(60)
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

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            pass  # the caller was killed or hung up, as tests mean them to

    server = Server(("127.0.0.1", 0), Handler)
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


def until(true: Callable[[], bool], seconds: float = 60) -> None:
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


def verdict(number: int, type: str = "breached", **data: Any) -> dict[str, Any]:
    """The body of a verdict about promise ``number`` ("time", "case_id", "kind" and "promise" may be given, too)."""
    time = data.pop("time", data.get("due", NOON))
    kind = data.pop("kind", type)
    promise = data.pop("promise", number)
    name = "alert_step_reached" if type.startswith("step") else type
    made = {
        "obligation_key": "repair.close_visit",
        "row": "O30",
        "zh": "维修关闭后24小时内回访",
        "en": "Return visit within 24 h of closing a repair",
        "promise_id": str(UUID(int=promise)),
        "opened": time - DAY,
        "due": time,
        "policy_version": "1",
        "owes": ["cs_front_desk"],
        "to": ["cs_front_desk", "cs_supervisor"],
        "keys": {},
        "born_late": False,
    }
    if type == "retracted":
        made = {"retracts": verdict_id_of(data.pop("of")), "retracted_type": "", "retracted_kind": ""}
    elif name == "alert_step_reached":
        made["step"] = int(type.removeprefix("step"))
    return {
        "event_id": verdict_id_of(number),
        "type": f"obligation.{name}",
        "v": 1,
        "time": time,
        "rule": "promises",
        "rule_version": 1,
        "row": "r",
        "kind": kind,
        "generation": 1,
        "cause": "",
        "case_id": data.pop("case_id", str(UUID(int=1000 + number))),
        "house_id": "A-1-101",
        "project_id": "P01",
        "data": made | data,
    }


def verdict_id_of(number: int) -> str:
    return str(UUID(int=(5 << 64) + number))


def conclude(home: House, tenant: Tenant, *bodies: dict[str, Any]) -> None:
    """Append verdicts as the tenant's engine would, at the clock's now, behind the last fact."""

    def job(conn: Connection) -> None:
        state = engine_state(conn, tenant)
        head = home.ledger.head(conn, tenant).place
        drafts = [VerdictDraft(event_id=b["event_id"], after=head, body=b) for b in bodies]
        decide(conn, home.clock, state, decided=head, advanced=state.advanced, verdicts=drafts)

    home.writer.call(job)


@contextmanager
def ringing(home: House, **settings: Any) -> Iterator[Alerts]:
    """Alerts over an open ledger, driven by ``step``; the log is off unless asked for."""
    alerts = Alerts(
        home.database, home.writer, home.ledger, home.clock, AlertSettings(**({"log": False} | settings))
    )
    try:
        yield alerts
    finally:
        alerts.stop()
