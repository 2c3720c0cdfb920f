"""The intake (受理): turns what a source sent into candidates for the ledger, and counts what became of them.

It never decides whether an event is new: a duplicate is answered by the ledger before any of the complaints that a
candidate carries, so that a retry gets its first answer even if its time or version would be refused today.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from threading import Lock
from time import time_ns
from typing import Final, Protocol

from ledger import tracing
from ledger.candidate import Appended, Candidate, Draft, Expected, Outcome, Problem
from ledger.clock import Clock, wall_of
from ledger.tenants import Tenant
from schemas.canonical import Json, canonical_bytes
from schemas.fields import is_ref
from schemas.instants import Instant
from schemas.parse import Arrived, Refused, parse
from schemas.refusals import Refusal
from schemas.tracing import traceparent, untraced

UNREADABLE: Final = b""
"""Content of what has no canonical form; equal to no content that was ever kept."""


def candidate(
    raw: Json,
    source: str,
    now: Instant,
    admin: bool = False,
    system: bool = False,
    approver: bool = False,
    trace: str = "",
) -> Candidate:
    """What the ledger is offered for one value that ``read_json`` gave. ``source`` is the key's own: the body's is
    kept as ``reported_source`` where it differs. ``source_id`` is "" where the id cannot be read, and then there is
    only a problem. ``trace`` is the context under which it came, where it bears none of its own."""
    source_id = _source_id(raw)
    content = _content(untraced(raw)) if source_id else UNREADABLE
    try:
        draft = _draft(parse(raw, now, admin=admin, system=system, approver=approver), source, trace)
    except Refused as refused:
        return Candidate(
            source=source, source_id=source_id, content=content, problem=_problem(refused.refusals)
        )
    return Candidate(source=source, source_id=source_id, content=content, draft=draft)


def _source_id(raw: Json) -> str:
    found = raw.get("id") if isinstance(raw, dict) else None
    return found if isinstance(found, str) and is_ref(found) else ""


def _content(raw: Json) -> bytes:
    try:
        return canonical_bytes(raw)
    except (ValueError, RecursionError):  # flaws, lone surrogates, too deep
        return UNREADABLE


def _draft(arrived: Arrived, source: str, trace: str) -> Draft:
    said = arrived.attributes
    envelope = dict(arrived.envelope)
    if said.source and said.source != source:
        envelope["reported_source"] = said.source
    return Draft(
        type=arrived.kind.name,
        version=arrived.kind.version,
        time=arrived.time,
        zone=arrived.zone,
        envelope=envelope,
        data=arrived.data,
        personal=arrived.personal,
        customer=arrived.customer,
        customer_ref=said.customerref or "",
        subject=arrived.data.get("subject_ref", "") if arrived.kind.retention == "privacy" else "",
        retention=arrived.kind.retention,
        case=arrived.kind.case,
        case_id=said.caseid or "",
        ticket=said.ticket or "",
        corrects=said.correctsid or "",
        corrects_source_id=said.correctssourceid or "",
        traceparent=traceparent(said.traceparent) or trace,
    )


def _problem(refusals: Sequence[Refusal]) -> Problem:
    """The first refusal in full; the fields of the others beside it."""
    first, *rest = refusals
    also: Mapping[str, str] = {"also": ", ".join(r.field or "-" for r in rest[:20])} if rest else {}
    return Problem(
        status=422,
        code=first.code,
        field=first.field,
        reason=first.reason,
        reason_zh=first.reason_zh,
        extra=also,
    )


def _not_yet(one: Candidate, by_the_wall: Candidate) -> Candidate:
    """While the wall clock is in doubt: what is refused (``one``), and would not be if that clock is right, is to be sent again
    when somebody knows."""
    if one.problem is None or by_the_wall.problem is not None:
        return one
    problem = Problem(
        status=503,
        code="clock_in_doubt",
        field=one.problem.field,
        reason="is ahead of now, or the clock here is: it is in doubt; send the same again in a minute",
        reason_zh="晚于现在，或本机时钟有误：时钟存疑，请一分钟后重发",
    )
    return replace(one, problem=problem)


class Book(Protocol):
    """What the intake needs of the ledger."""

    def append(self, tenant: Tenant, candidates: Sequence[Candidate]) -> Future[list[Outcome]]: ...


@dataclass(slots=True)
class Counts:
    """Of one tenant since the start of the process: received = kept + duplicates + refused + dead + skipped + failed + under
    way. Counted are events; of a delivery that gives no event, or none yet, the delivery."""

    received: int = 0
    kept: int = 0
    duplicates: int = 0
    refused: int = 0
    dead: int = 0
    """Could not be read, mapped or taken; kept as a dead letter, to be tried again after a fix."""
    skipped: int = 0
    """Left out, because the source's mapping says so."""
    failed: int = 0
    """Not decided: the ledger was busy, stopping, or could not write. The sender sends them again."""
    statuses: dict[int, int] = field(default_factory=dict)
    """``refused`` by the status of the answer."""

    def refuse(self, status: int, events: int = 1) -> None:
        self.refused += events
        self.statuses[status] = self.statuses.get(status, 0) + events


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
                else _not_yet(one, candidate(raw, source, wall, admin, system, approver))
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
