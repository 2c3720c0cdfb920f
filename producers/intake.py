"""The intake (受理): offers the ledger what sources send, and counts what became of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from threading import Lock
from time import time_ns
from typing import Protocol

from ledger import tracing
from ledger.candidate import Appended, Candidate, Expected, Outcome
from ledger.clock import Clock, wall_of
from ledger.tenants import Tenant
from producers.candidates import candidate, not_yet
from producers.counts import Counts
from schemas.canonical import Json


class Book(Protocol):
    """What the intake needs of the ledger."""

    def append(self, tenant: Tenant, candidates: Sequence[Candidate]) -> Future[list[Outcome]]: ...


class Intake:
    """Events of sources, in the order in which they came. Threads may call it at once."""

    def __init__(self, ledger: Book, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._lock = Lock()
        self._counts: dict[int, Counts] = {}
        self._watched: dict[str, Callable[[], None]] = {}

    @property
    def counts(self) -> Counts:
        """Of all tenants together."""
        whole = Counts()
        with self._lock:
            for one in self._counts.values():
                for name in ("received", "kept", "duplicates", "dead", "skipped", "failed"):
                    setattr(whole, name, getattr(whole, name) + getattr(one, name))
                for status, events in one.statuses.items():
                    whole.refuse(status, events)
        return whole

    def counted(self, tenant: Tenant) -> Counts:
        """Of one tenant, as they are now."""
        with self._lock:
            found = self._counts.get(tenant.number, Counts())
            return replace(found, statuses=dict(found.statuses))

    def turned_away(self, tenant: Tenant, status: int) -> None:
        """A request was refused whole, before there was an event."""
        with self._counting(tenant) as counts:
            counts.received += 1
            counts.refuse(status)

    def note(self, tenant: Tenant, **events: int) -> None:
        """Count what came another way than as events: deliveries, by the names of ``Counts``."""
        with self._counting(tenant) as counts:
            for name, number in events.items():
                setattr(counts, name, getattr(counts, name) + number)

    @contextmanager
    def _counting(self, tenant: Tenant) -> Iterator[Counts]:
        with self._lock:
            yield self._counts.setdefault(tenant.number, Counts())

    def watch(self, kind: str, callback: Callable[[], None]) -> None:
        """Have ``callback`` called after an event of this type was kept, in the writer's thread: it may set a flag."""
        self._watched[kind] = callback

    def submit_one(
        self, tenant: Tenant, source: str, raw: Json, *, admin: bool = False, system: bool = False
    ) -> Future[Outcome]:
        """Offer one event. The future is the ledger's: it resolves after the commit, or raises what the ledger
        raises (Busy, Stopped, NotKept), at once or later."""
        made: Future[Outcome] = Future()

        def pass_on(done: Future[list[Outcome]]) -> None:
            if made.set_running_or_notify_cancel():
                if (error := done.exception()) is not None:
                    made.set_exception(error)
                else:
                    made.set_result(done.result()[0])

        self.submit_many(tenant, source, [raw], admin=admin, system=system).add_done_callback(pass_on)
        return made

    def submit_many(
        self,
        tenant: Tenant,
        source: str,
        raws: Sequence[Json],
        *,
        admin: bool = False,
        system: bool = False,
        approver: bool = False,
        expected: Expected | None = None,
        letters: bool = False,
    ) -> Future[list[Outcome]]:
        """Offer events in order; each is answered by itself. ``admin``: an administrator's; ``system``: Touchline's own;
        ``approver``: the approver's of penalties;
        ``expected`` holds each to the state of its case; ``letters``: what is refused stays with us as a dead letter."""
        now = self._clock.now()
        trace, began = tracing.here(), time_ns()
        offered = [candidate(raw, source, now, admin, system, approver, trace) for raw in raws]
        if any(one.problem is not None for one in offered) and (wall := wall_of(self._clock)) > now:
            offered = [
                one
                if one.problem is None  # reading it is most of what an event costs: once is enough
                else not_yet(one, candidate(raw, source, wall, admin, system, approver))
                for raw, one in zip(raws, offered, strict=True)
            ]
        if expected is not None:
            offered = [replace(one, expected=expected) for one in offered]
        with self._counting(tenant) as counts:
            counts.received += len(offered)
        try:
            answer = self._ledger.append(tenant, offered)
        except BaseException:
            self._count(tenant, None, len(offered))
            raise
        answer.add_done_callback(lambda done: self._answered(tenant, done, offered, letters))
        if tracing.on():
            told = partial(tracing.past, "append", trace, began, tenant=tenant.number, events=len(offered))
            answer.add_done_callback(lambda _: told())
        return answer

    def _answered(
        self, tenant: Tenant, done: Future[list[Outcome]], offered: Sequence[Candidate], letters: bool
    ) -> None:
        failed = done.cancelled() or done.exception() is not None
        self._count(tenant, None if failed else done.result(), len(offered), letters)
        for one in offered:
            if one.draft is not None and (told := self._watched.get(one.draft.type)) is not None:
                told()

    def _count(
        self, tenant: Tenant, outcomes: Sequence[Outcome] | None, offered: int, letters: bool = False
    ) -> None:
        with self._counting(tenant) as counts:
            if outcomes is None:
                counts.failed += offered
                return
            for outcome in outcomes:
                if not isinstance(outcome, Appended) and letters:
                    counts.dead += 1
                elif not isinstance(outcome, Appended):
                    counts.refuse(outcome.status)
                elif outcome.duplicate:
                    counts.duplicates += 1
                else:
                    counts.kept += 1
