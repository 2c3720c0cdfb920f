"""Everything the web room needs, handed in by the front door: no global objects, nothing made at import."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from alerts.query import AlertsQuery
from ledger.access import Access
from ledger.clock import Clock
from ledger.ledger import Ledger
from processors.progress import Progress
from producers.inbox.inbox import Inboxes
from producers.intake import Intake
from producers.persons import PersonRequests
from projections.reading.reading import Reading
from schemas.canonical import Json
from schemas.instants import HOUR, MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """Bounds and words of one server. Sizes in bytes, rates in events a second for each key."""

    secret: bytes
    """Random, kept in the data folder: signs session cookies, so that a restart keeps people signed in."""
    metrics_token: str = ""
    """With which an operator's Prometheus reads the figures of every tenant; "" for none."""
    version: str = ""
    demo: bool = False
    titles: Mapping[str, str] = field(default_factory=dict)
    """What tenants are called, by name; of the others the name."""
    body_limit: int = 1 << 20
    drain_limit: int = 16 << 20
    """How much of a body that is too long is read and dropped, so that the 413 arrives."""
    batch_limit: int = 500
    rate: float = 2000.0
    burst: int = 4000
    keep: float = 25.0
    """Seconds that whoever sends events waits for their commit, before it is said that nobody knows."""
    wait: float = 10.0
    """Seconds a read with ``after`` waits for the engine."""
    heartbeat: float = 15.0
    """Seconds between comments on a silent stream."""
    session_seconds: int = 12 * 3600
    public_url: str = ""
    """Scheme and host as browsers know them, where a proxy stands in front; "" where the Host header says it."""
    note_at: int = 8 * HOUR + 30 * MINUTE
    """When the morning note is made, µs after midnight: a day without one is told as of then."""


class Admin(Protocol):
    """What the command line does through the running server. ``token`` stands in server.json (0600)."""

    @property
    def token(self) -> str: ...

    def call(self, command: str, arguments: dict[str, Json]) -> Json:
        """Run a named command (tenant.add, key.create, append …): plain JSON both ways, a refusal is an answer too.
        Raises LookupError for a command that is none."""
        ...

    def redeem(self, nonce: str) -> Access | None:
        """The access behind a one-time sign-in link, which is spent by this; None for unknown or spent ones."""
        ...


@dataclass(kw_only=True)
class Services:
    """The pieces of a running house that HTTP needs."""

    ledger: Ledger
    intake: Intake
    persons: PersonRequests
    inbox: Inboxes
    reading: Reading
    alerts: AlertsQuery
    progress: Progress
    clock: Clock
    settings: WebSettings
    runner_status: Callable[[], dict[str, Any]]
    """``EmbeddedRunner.snapshot``: running, error, clock_doubted; ``rebuild``: progress of one, where one runs;
    ``rebuild_failed``: why the last one did."""
    admin: Admin | None = None
