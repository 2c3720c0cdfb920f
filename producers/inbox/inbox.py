"""Deliveries: let in, kept, and mapped right after; replayed after a fix. What a crash cut is gone on with at the start."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete

from ledger.candidate import Problem
from ledger.clock import Clock
from ledger.dialects import upsert
from ledger.ledger import Ledger
from ledger.tenants import Tenant
from producers.inbox import doors
from producers.inbox.bars import left_out
from producers.inbox.known import Inbox, listed
from producers.inbox.letter import UNREADABLE, Content, Decision, Kept
from producers.inbox.letters import Letters
from producers.inbox.lists import Lists
from producers.inbox.media import essence_of
from producers.inbox.tables import DEAD, MAPPED, REPLAYED, SKIPPED, WAITING, inboxes
from producers.intake import Intake
from schemas.instants import Instant

if TYPE_CHECKING:  # YAML and expressions are for who maps; every command that writes opens a house
    from producers.inbox.reading import Reading

PAGE = 64
WAIT = 60.0
SAFETY = 5.0
"""Seconds after which it looks again even if nobody woke it."""
LOOK = 600.0
"""Seconds between looks at how old dead letters are."""
_NO_READER = Decision(DEAD, 0, 1, "", "its source has no inbox", "该来源没有接收设置")
_NO_KEY = Decision(
    DEAD, 0, 1, "", "its key is missing: keys.db is older than the letter", "缺少密钥：keys.db 比这封信旧"
)


class Inboxes:
    """``receive`` keeps; ``settle`` maps what waits, on the caller's thread; ``start`` has it done whenever one was kept."""

    def __init__(self, ledger: Ledger, intake: Intake, clock: Clock) -> None:
        self.letters = Letters(ledger)
        self.lists = Lists(ledger)
        self._ledger = ledger
        self._intake = intake
        self._clock = clock
        self._readings: dict[str, tuple[Inbox, Reading]] = {}
        self._one = threading.RLock()
        self._wake = threading.Event()
        self._ending = False
        self._thread: threading.Thread | None = None
        self._done: Callable[[], None] = lambda: None
        self._kept_for: Instant = 0
        self._look_again = 0.0

    # Who may deliver.

    def find(self, source: str) -> Inbox | None:
        """By name: a source belongs to one tenant."""
        return next((one for one in listed(self._ledger) if one.source == source), None)

    def put(self, inbox: Inbox, secret: str | None) -> None:
        """Add or change; ``secret`` None keeps the one there is. What is dead stays so until it is replayed."""
        values: dict[str, Any] = {name: getattr(inbox, name) for name in Inbox.__slots__}
        values["tenant"] = inbox.tenant.number

        def job(connection: Connection) -> None:
            connection.execute(upsert(inboxes, connection.dialect.name).values(**values))
            if secret is not None:
                self._ledger.keys.keep_secret(_name(inbox.source), secret.encode())

        self._ledger.writer.call(job)

    def remove(self, source: str) -> bool:
        """Let nobody deliver as this source any more; its letters stay. False where nobody could."""

        def job(connection: Connection) -> bool:
            self._ledger.keys.keep_secret(_name(source), None)
            return bool(connection.execute(delete(inboxes).where(inboxes.c.source == source)).rowcount)

        return self._ledger.writer.call(job)

    def secret(self, source: str) -> str | None:
        """As the vendor has it."""
        found = self._ledger.keys.secret(_name(source))
        return None if found is None else found.decode()

    # Receiving.

    def receive(
        self,
        inbox: Inbox,
        headers: Mapping[str, str],
        query: Sequence[tuple[str, str]],
        body: bytes,
    ) -> Future[Kept]:
        """Keep what was sent, whatever it is; the future is done after the commit. ``headers`` by lower-case name. Raises
        NotAuthentic, Busy, Stopped."""
        secret = self.secret(inbox.source)
        if secret is None:
            raise doors.NotAuthentic
        own_id = doors.authentic(inbox.verify, inbox.place, secret, headers, query, body)
        media = headers.get("content-type", "")[:1000]
        content = Content(media, doors.without_proof(inbox.place, query), body)
        try:
            kept = self.letters.keep(inbox.tenant, inbox.source, own_id, essence_of(media), content)
        except BaseException:
            self._intake.note(inbox.tenant, received=1, failed=1)
            raise
        kept.add_done_callback(partial(self._kept, inbox.tenant))
        return kept

    def _kept(self, tenant: Tenant, done: Future[Kept]) -> None:
        if done.cancelled() or done.exception() is not None:
            self._intake.note(tenant, received=1, failed=1)
        elif not done.result().fresh:
            self._intake.note(tenant, received=1, duplicates=1)
        else:
            self._wake.set()

    # Mapping.

    def settle(self) -> int:
        """Map everything that waits, in order of receiving; how many letters. Raises the ledger's errors: what was not
        decided waits on."""
        count = 0
        with self._one:
            tenants = {tenant.number: tenant for tenant in self._ledger.tenants()}
            while page := self.lists.waiting(PAGE):
                for number, place, letter, source in page:
                    tenant = tenants[number]
                    decision = self._mapped(tenant, letter, source, MAPPED)
                    self.letters.decide(tenant, place, WAITING, decision).result(WAIT)
                    count += 1
            self.letters.tidy(list(tenants.values()))
        return count

    def replay(self, tenant: Tenant, *, by: str, source: str = "", letter: str = "") -> list[dict[str, Any]]:
        """Map dead letters again, in order of receiving; what fails again stays dead, with its new reason. Each as it then
        is."""
        done: list[dict[str, Any]] = []
        with self._one:
            for place, found, of in self.lists.dead(tenant, source, letter):
                decision = self._mapped(tenant, found, of, REPLAYED)
                self.letters.decide(tenant, place, DEAD, decision, by).result(WAIT)
                if (now := self.lists.one(tenant, found)) is not None:
                    done.append(now)
            self.letters.tidy([tenant])
        self._done()
        return done

    def discard(self, tenant: Tenant, letter: str, cause: str, by: str) -> bool:
        """Destroy what a dead letter holds, for good; False where it is not dead."""
        done = self.letters.discard(tenant, letter, cause, by).result(WAIT)
        self.letters.tidy([tenant])
        self._done()
        return done

    def watch(self, callback: Callable[[], None]) -> None:
        """Have ``callback`` called after dead letters were replayed or discarded: it may set a flag."""
        self._done = callback

    def still(self) -> AbstractContextManager[object]:
        """Nothing is mapped or replayed by this process meanwhile."""
        return self._one

    def _mapped(self, tenant: Tenant, letter: str, source: str, good: str) -> Decision:
        try:
            content = self.letters.content(tenant, letter)
        except UNREADABLE:
            return self._dead(tenant, _NO_KEY)
        out = left_out(self._ledger, tenant, letter, source) if good == REPLAYED else None
        if content.origin:  # an event from Kafka: no mapping, only what it is by itself
            from producers.inbox.taking import again

            return again(self._intake, tenant, source, content, out)
        inbox = self.find(source)
        if inbox is None or inbox.tenant != tenant:
            return self._dead(tenant, _NO_READER)
        try:
            read = self._reading(inbox).read(content, out)
        except Exception as error:  # one bad letter stops no other: a defect is its reason, by class alone
            name = type(error).__name__
            return self._dead(
                tenant, Decision(DEAD, 0, 1, "", f"the mapping failed: {name}", f"映射出错：{name}")
            )
        faults = list(read.faults)
        self._intake.note(
            tenant,
            received=len(faults) + read.skipped,
            dead=len(faults),
            skipped=read.skipped,
        )
        if read.made:
            events = [one.event for one in read.made]
            outcomes = self._intake.submit_many(tenant, source, events, letters=True).result(WAIT)
            for one, outcome in zip(read.made, outcomes, strict=True):
                if isinstance(outcome, Problem):
                    faults.append(self._reading(inbox).fault(one, outcome))
        kept = len(read.made) - (len(faults) - len(read.faults))
        if faults:
            first = faults[0]
            return Decision(
                DEAD, kept, len(faults), first.field[:200], first.reason[:500], first.reason_zh[:500]
            )
        return Decision(good if read.made else SKIPPED, kept)

    def _dead(self, tenant: Tenant, decision: Decision) -> Decision:
        self._intake.note(tenant, received=1, dead=1)
        return decision

    def _reading(self, inbox: Inbox) -> Reading:
        known = self._readings.get(inbox.source)
        if known is None or known[0] != inbox:
            from producers.inbox.reading import Reading

            key = self._ledger.keys.token_key(inbox.tenant.name, inbox.source)
            known = self._readings[inbox.source] = (inbox, Reading.of(inbox, key))
        return known[1]

    # While serving.

    def start(self, kept: Instant = 0) -> None:
        """On a thread of its own; what a crash left waiting is mapped first. ``kept``: how long a dead letter is, in µs; 0:
        until somebody replays or discards it."""
        self._kept_for = kept
        self._wake.set()
        self._thread = threading.Thread(target=self._run, name="inbox", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish what is in hand and end; what waits is mapped at the next start."""
        self._ending = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def _expire(self) -> None:
        if self._kept_for and monotonic() >= self._look_again:
            from producers.inbox.expiring import expire

            expire(self, self._clock.now() - self._kept_for)
            self._look_again = monotonic() + LOOK

    def _run(self) -> None:
        import structlog

        log = structlog.get_logger("inbox")
        told = ""
        while not self._ending:
            self._wake.wait(SAFETY)
            self._wake.clear()
            if self._ending:
                return
            try:
                self.settle()
                self._expire()
                told = ""
            except Exception as error:  # a full disk, say: what was not decided waits on
                if self._ending:
                    return
                if told != type(error).__name__:
                    told = type(error).__name__
                    log.error("mapping_held_up", error=told)
                self._wake.wait(1.0)
                self._wake.set()


def _name(source: str) -> str:
    return f"inbox/{source}"
