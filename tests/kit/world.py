"""A small world to test in: a real ledger in a folder (or a database), a simulated clock, one tenant, the real engine and
tables."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from ledger import lanes
from ledger.candidate import Appended, Candidate, Outcome
from ledger.clock import SimulatedClock
from ledger.keys import KeyStore
from ledger.ledger import Ledger
from ledger.tenants import Tenant
from ledger.writer import Writer
from processors.engine import Engine
from processors.rules.linear import AnyRule
from producers.candidates import candidate
from projections.dump import dump
from projections.reading.reading import Reading
from projections.rebuild import Rebuild, Rebuilt
from projections.store import SqlStore, open_store
from schemas.event import Event
from schemas.instants import Instant, format_instant, parse_instant
from tests.kit.places import Where, opened
from touchline.defaults import publications
from touchline.rules import rules

START = parse_instant("2026-03-02T08:00:00+08:00")
"""Monday 2 March 2026, before anything happens."""
SOURCE = "crm"
TENANT = "云栖集团"


@cache
def _first(at: Instant) -> tuple[Candidate, ...]:
    """A tenant's first publications: the same for every world that begins then."""
    return tuple(publications(at))


class World:
    """``append`` places facts at the clock's time, ``fold`` and ``tick`` drive the engine, ``lane`` and ``tables`` are
    what came of it. ``batch`` is the number of facts of one transaction."""

    def __init__(
        self,
        place: Where,
        *,
        at: Instant = START,
        tenant: str = TENANT,
        batch: int = 64,
        more_rules: Sequence[AnyRule] = (),
        take_over: bool = True,
        clock: SimulatedClock | None = None,
    ) -> None:
        self.place = place
        self.batch = batch
        self.clock = clock or SimulatedClock(at)
        self.database = opened(place)
        self.keys = KeyStore.open(self.database)
        self.writer = self.made_writer()
        self.ledger = Ledger(self.database, self.writer, self.keys, self.clock)
        self.rules: Sequence[AnyRule] = (*rules(), *more_rules)
        self.store: SqlStore = open_store(self.database, self.writer, self.rules)
        names = {t.name for t in self.ledger.tenants()}
        if tenant not in names:
            self.ledger.add_tenant(tenant, _first(at))
        self.tenant: Tenant = self.ledger.tenant(tenant)
        if take_over:
            self.engine = self.take_over()
        self.reading = Reading(self.database, self.ledger, self.rules, lambda: self.rules)

    @property
    def folder(self) -> Path:
        """The data folder; for tests of what SQLite alone has."""
        assert isinstance(self.place, Path)
        return self.place

    def made_writer(self) -> Writer:
        """Called once, when the world is made."""
        return Writer(self.database, self.keys, self.clock)

    def take_over(self) -> Engine:
        """Another engine takes the tenant; the one before is fenced."""
        self.engine = Engine.take_over(
            self.tenant, self.ledger, self.store, self.rules, "test", batch=self.batch
        )
        return self.engine

    def append(
        self,
        *raws: dict[str, Any],
        at: Instant | None = None,
        admin: bool = False,
        approver: bool = False,
    ) -> list[Outcome]:
        """Offer events at ``at`` (default: where the clock stands), each by the source that it names."""
        if at is not None:
            self.clock.set(at)
        now = self.clock.now()
        offered = [
            candidate(
                raw,
                raw.get("source", SOURCE),
                now,
                admin or raw.get("type") == "source.declared",
                approver=approver,
            )
            for raw in raws
        ]
        return self.ledger.append(self.tenant, offered).result(60)

    def keep(self, raw: dict[str, Any], at: Instant | None = None, *, admin: bool = False) -> Appended:
        """Append one event that must be kept."""
        (outcome,) = self.append(raw, at=at, admin=admin)
        assert isinstance(outcome, Appended), outcome
        return outcome

    def fold(self) -> None:
        """Fold to the head."""
        while self.engine.step():
            pass

    def tick(self, at: Instant | None = None) -> None:
        """Let time come to ``at``: cut, fold to the cut, conclude what is due."""
        if at is not None:
            self.clock.set(at)
        cut = self.writer.call(lambda conn: lanes.cut(conn, self.clock, self.tenant))
        self.fold()
        while self.engine.tick(cut):
            pass

    def verdicts(self) -> list[Event]:
        """The verdict lane."""
        with self.database.read() as conn:
            return self.ledger.verdicts(conn, self.tenant, 0, 2**31)

    def lane(self) -> list[tuple[int, str, int, dict[str, Any]]]:
        """The verdict lane without its own recorded times: (after, type, time, everything else)."""
        return [
            (v.after, v.type, v.time, {**v.origin, "cause": v.causation_id, "data": dict(v.data)})
            for v in self.verdicts()
        ]

    def tables(self) -> list[str]:
        """The canonical dump of the active set."""
        with self.reading.snapshot() as (conn, tables):
            return list(dump(conn, tables, self.tenant.number))

    def rebuild(self, *, swap: bool = False) -> Rebuilt:
        """A fresh fold of the recorded lanes, compared with the tables as they are."""
        return Rebuild(self.ledger, self.rules).run(swap=swap)

    def close(self) -> None:
        self.writer.close()
        self.keys.close()
        self.database.close()


def event(kind: str, own_id: str, time: Instant, **more: Any) -> dict[str, Any]:
    """A CloudEvent as a source would send it; ``data`` by keyword, everything else is an attribute."""
    data = more.pop("data", {})
    return {
        "specversion": "1.0",
        "id": own_id,
        "source": SOURCE,
        "type": kind,
        "time": format_instant(time),
        "data": data,
        **more,
    }
