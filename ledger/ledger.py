"""The book of record: append, read, open sealed text. What each method touches is written where it is done."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from ledger import feeds, tenants
from ledger.append import Appending
from ledger.body import at_path, replaced, sealed_places, steps
from ledger.candidate import Appended, Candidate, Outcome
from ledger.clock import Clock
from ledger.database import Database
from ledger.errors import PublicationsRefused
from ledger.keys import KeyStore
from ledger.persons import Conflict, Persons
from ledger.ports import Joint, Locks
from ledger.seal import Erased, unseal
from ledger.tenants import Tenant
from ledger.writer import Writer
from schemas.event import Event, Sealed
from schemas.instants import Instant

CHUNK = 64
"""Candidates per job: a long array must not hold the writer longer than a slice."""
ERASED_MARK: dict[str, bool] = {"erased": True}
"""What stands in ``unsealed`` data where a person was erased."""

_IDENT = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Ledger:
    """One ledger in one data folder. Every method may be called from any thread but those that wait, which may not be
    called from a job of the writer: ``add_tenant``, ``append`` (by its future), ``erase`` (by its future)."""

    def __init__(self, database: Database, writer: Writer, keys: KeyStore, clock: Clock) -> None:
        self.database = database
        self.writer = writer
        self.keys = keys
        self.clock = clock
        self.persons = Persons(keys)
        self._known: dict[str, Tenant] = {}

    def tenants(self) -> list[Tenant]:
        """Every tenant, by number."""
        with self.database.read() as connection:
            return tenants.listed(connection)

    def tenant(self, name: str) -> Tenant:
        """By name. Raises UnknownTenant."""
        found = self._known.get(name)  # a tenant never changes
        if found is None:
            with self.database.read() as connection:
                found = self._known[name] = tenants.find(connection, name)
        return found

    def add_tenant(self, name: str, publications: Sequence[Candidate]) -> Tenant:
        """Register a tenant and append its first publications, in one transaction, before any other fact.

        Raises TenantExists, or PublicationsRefused naming the first; then nothing was kept.
        """

        def job(connection: Connection) -> Tenant:
            tenant = tenants.register(connection, name)
            appending = Appending(connection, self.keys, self.clock, tenant)
            for candidate in publications:
                outcome = appending.one(candidate)
                if not isinstance(outcome, Appended):
                    raise PublicationsRefused(f"{candidate.source_id}: {outcome.field}: {outcome.reason}")
            appending.finish()
            return tenant

        return self.writer.call(job)

    def append(self, tenant: Tenant, candidates: Sequence[Candidate]) -> Future[list[Outcome]]:
        """Append in order; each is answered by itself. The future is done after the commit.

        Its exception (NotKept) means that some may be kept and some not: sending all again is safe.
        Raises Busy and Stopped at once.
        """
        parts = [candidates[at : at + CHUNK] for at in range(0, len(candidates), CHUNK)]
        return _joined(
            self.writer.submit_all(
                [_Append(self, tenant, part) for part in parts], Locks.counter(tenant.number)
            )
        )

    def erase(self, tenant: Tenant, person: str) -> Future[bool]:
        """Destroy a person's keys and index and write the tombstone; False where they were erased before."""
        return self.writer.submit(
            lambda _: self.keys.erase(tenant.name, person, self.clock.now()), Locks.counter(tenant.number)
        )

    # Reading. ``connection`` is of ``database.read()``, or the writer's in a job.

    def facts(self, connection: Connection, tenant: Tenant, after: int, limit: int) -> list[Event]:
        """Up to ``limit`` facts at places > ``after``, in order, sealed."""
        return feeds.facts_after(connection, tenant, after, limit)

    def verdicts(self, connection: Connection, tenant: Tenant, after_place: int, limit: int) -> list[Event]:
        """Up to ``limit`` verdicts at places > ``after_place`` of their lane, in order."""
        return feeds.verdicts_after(connection, tenant, after_place, limit)

    def stored_verdicts(
        self, connection: Connection, tenant: Tenant, after_place: int, limit: int
    ) -> list[feeds.StoredVerdict]:
        """The same with rule, row, kind and generation."""
        return feeds.stored_verdicts(connection, tenant, after_place, limit)

    def verdicts_at(self, connection: Connection, tenant: Tenant, places: Iterable[int]) -> dict[int, Event]:
        """Verdicts by place of their lane."""
        return feeds.verdicts_at(connection, tenant, places)

    def fact(self, connection: Connection, tenant: Tenant, event_id: str) -> Event | None:
        """One fact by its event id."""
        return feeds.fact(connection, tenant, event_id)

    def facts_at(self, connection: Connection, tenant: Tenant, places: Iterable[int]) -> dict[int, Event]:
        """Facts by place."""
        return feeds.facts_at(connection, tenant, places)

    def traces(self, connection: Connection, tenant: Tenant, event_ids: Iterable[str]) -> dict[str, str]:
        """Event id -> trace context, of those facts that came under one."""
        keys = {event: UUID(event).bytes for event in event_ids if _IDENT.fullmatch(event)}
        places = feeds.places_of(connection, tenant, sorted(keys.values()))
        found = feeds.facts_at(connection, tenant, places.values())
        return {
            event: found[places[key]].traceparent
            for event, key in keys.items()
            if key in places and found[places[key]].traceparent
        }

    def fact_hashes(self, connection: Connection, tenant: Tenant, one: int, other: int) -> dict[int, bytes]:
        """The fact chain's hashes at two places, where a fact stands there; at 0 that which the chain begins with."""
        return feeds.fact_hashes(connection, tenant, one, other)

    def head(self, connection: Connection, tenant: Tenant) -> feeds.Head:
        """Place, recorded time and hash of the last fact."""
        return feeds.head(connection, tenant)

    def corrected_by(self, connection: Connection, tenant: Tenant, event_id: str) -> str | None:
        """Event id of what corrected or withdrew this event, if anything did."""
        return feeds.corrected_by(connection, tenant, event_id)

    # Personal data.

    def unseal(self, tenant: Tenant, event: Event, path: str) -> str | Erased:
        """The clear text at a path of ``event.data`` ("description", "customer.name"), or ERASED.

        Raises LookupError where nothing sealed stands there, KeyMissing, Unsealable.
        """
        value = at_path(event.data, path)
        if not isinstance(value, Sealed):
            raise LookupError(f"nothing sealed stands at {path} of event {event.event_id}")
        key = self.keys.key(tenant.name, value.person, value.retention)
        if isinstance(key, Erased):
            return key
        return unseal(key, value.blob, tenant.name, event.event_id, path, value.person, value.retention)

    def unsealed(self, tenant: Tenant, event: Event) -> dict[str, Any]:
        """``event.data`` as plain JSON in clear, with ``ERASED_MARK`` where a person was erased."""
        data: Any = dict(event.data)
        for path, _ in sealed_places(data):
            text = self.unseal(tenant, event, path)
            shown = dict(ERASED_MARK) if isinstance(text, Erased) else text
            data = replaced(data, steps(path), shown)
        found: dict[str, Any] = data
        return found

    def facts_with(
        self, connection: Connection, tenant: Tenant, after: int, upto: int, words: Sequence[bytes]
    ) -> list[Event]:
        """The facts at places > ``after`` and <= ``upto`` in whose stored body any of these stands, in order. Reads them all:
        for what is asked once in a while."""
        return feeds.facts_with(connection, tenant, after, upto, words)

    def customer(self, tenant: Tenant, *, source: str = "", number: str = "", phone: str = "") -> str | None:
        """The customer's reference by the source's number, else by phone; None where nobody is known by them (any more)."""
        return self.persons.look_up(tenant.name, source=source, number=number, phone=phone)

    def conflicts(self, tenant: Tenant) -> list[Conflict]:
        """Events whose number and phone named two persons."""
        return self.persons.conflicts(tenant.name)

    def erased(self, tenant: Tenant) -> dict[str, Instant]:
        """Who was erased, and when."""
        return self.keys.erased(tenant.name)


@dataclass(frozen=True, slots=True)
class _Append(Joint):
    """A job of the writer. Those of many callers that wait for one tenant are done as one: its share of a commit is what
    an event costs most."""

    ledger: Ledger
    tenant: Tenant
    candidates: Sequence[Candidate]

    @property
    def size(self) -> int:
        return len(self.candidates)

    def joins(self, job: object, size: int) -> bool:
        return isinstance(job, _Append) and job.tenant == self.tenant and size + self.size <= CHUNK

    def together(self, connection: Connection, jobs: Sequence[_Append]) -> list[list[Outcome]]:
        keys, clock = self.ledger.keys, self.ledger.clock
        appending = Appending(connection, keys, clock, self.tenant)
        outcomes = iter(appending.all([candidate for job in jobs for candidate in job.candidates]))
        appending.finish()
        return [list(islice(outcomes, job.size)) for job in jobs]


def _joined(parts: Sequence[Future[list[Outcome]]]) -> Future[list[Outcome]]:
    """One future for all parts: their outcomes in order, or the first exception."""
    if len(parts) == 1:
        return parts[0]
    whole: Future[list[Outcome]] = Future()
    whole.set_running_or_notify_cancel()
    left = len(parts)
    lock = threading.Lock()

    def done(_: Future[list[Outcome]]) -> None:
        nonlocal left
        with lock:
            left -= 1
            if left:
                return
        failed = next((error for part in parts if (error := part.exception()) is not None), None)
        if failed is not None:
            whole.set_exception(failed)
        else:
            whole.set_result([outcome for part in parts for outcome in part.result()])

    if not parts:
        whole.set_result([])
    for part in parts:
        part.add_done_callback(done)
    return whole
