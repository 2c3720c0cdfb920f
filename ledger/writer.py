"""The one thread that writes. Its queue is what lets many callers share one commit, and one disk sync."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection

from ledger.clock import Clock
from ledger.errors import GONE, Busy, LedgerError, NotKept, OutcomeUnknown, Stopped, trouble
from ledger.ports import Joint, KeyTransaction, Locks, Transaction, Writable

T = TypeVar("T")
SLICE = 5_000_000
"""Nanoseconds after which a transaction takes no further job."""
AHEAD = 64
"""Waiting jobs whose locks a transaction takes at its beginning."""


@dataclass(slots=True)
class _Work:
    job: Callable[[Connection], Any]
    locks: Locks | None
    future: Future[Any] = field(default_factory=Future)
    result: Any = None
    error: BaseException | None = None


class _Broken(Exception):
    """The database has ended the transaction by itself."""


def _reason(error: BaseException) -> str:
    return str(error) if isinstance(error, _Broken) else trouble(error) or type(error).__name__


class Writer:
    """First in, first out. A job gets the writing connection, runs in a savepoint of its own, and must be short
    (5 ms); its exception undoes the job alone and is its caller's. No future is done before the COMMIT is.
    ``patience``: nanoseconds for which a slice may go on beyond SLICE, as long as the last commit took."""

    def __init__(
        self, database: Writable, keys: KeyTransaction, clock: Clock, *, bound: int = 4096, patience: int = 0
    ) -> None:
        self._database = database
        self._keys = keys
        self.clock = clock
        self._bound = bound
        self._patience = patience
        self._committing = 0
        self._waiting: deque[_Work] = deque()
        self._change = threading.Condition()
        self._closing = False
        self._listeners: tuple[Callable[[], None], ...] = ()
        self._own: tuple[Callable[[], None], ...] = ()
        """Told of this process's commits alone."""
        self._thread = threading.Thread(target=self._run, name="ledger-writer", daemon=True)
        self._thread.start()

    def submit(self, job: Callable[[Connection], T], locks: Locks | None = None) -> Future[T]:
        """Queue a job. ``locks``: what it needs where processes share the database; a job that does not say shares its
        commit with no other there. Raises Busy when the queue is full, Stopped after ``close``."""
        return self.submit_all([job], locks)[0]

    def submit_all(
        self, jobs: Sequence[Callable[[Connection], T]], locks: Locks | None = None
    ) -> list[Future[T]]:
        """Queue jobs next to each other, all or none. Each is committed or refused by itself."""
        work = [_Work(job, locks) for job in jobs]
        with self._change:
            if self._closing:
                raise Stopped
            if self._waiting and len(self._waiting) + len(work) > self._bound:
                raise Busy
            self._waiting.extend(work)
            self._change.notify()
        return [one.future for one in work]

    def call(self, job: Callable[[Connection], T], locks: Locks | None = None) -> T:
        """Queue a job and wait until it is committed. Not from inside a job."""
        if threading.current_thread() is self._thread:
            raise RuntimeError("a job waits for another job: they share one thread")
        return self.submit(job, locks).result()

    def waiting(self) -> int:
        """How many jobs stand in the queue."""
        return len(self._waiting)

    def listen(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Have ``callback`` called after each commit, in the writer's thread: it may set a flag, nothing slower.
        Returns what ends it."""
        with self._change:
            self._listeners = (*self._listeners, callback)

        def unlisten() -> None:
            with self._change:
                self._listeners = tuple(known for known in self._listeners if known is not callback)

        return unlisten

    def heard(self) -> None:
        """Another process has committed: call the listeners for that too."""
        for listener in self._listeners:
            listener()

    def ring_by(self, ring: Callable[[], None]) -> None:
        """Have the others told of each commit of this process, and of none that it was told of itself: two that told each other
        what they had heard would never end."""
        self._own = (*self._own, ring)

    def close(self) -> None:
        """Do what is queued, then end. Further jobs are refused with Stopped. May be called twice."""
        with self._change:
            self._closing = True
            self._change.notify()
        self._thread.join()

    def _run(self) -> None:
        transaction: Transaction | None = None
        try:
            transaction = self._database.transaction()
            while (work := self._next()) is not None:
                self._slice(transaction, work)
        finally:  # only a defect of this class, or the end, leads here: nobody may wait for ever
            with self._change:
                self._closing = True
                left = list(self._waiting)
                self._waiting.clear()
            for work in left:
                if work.future.set_running_or_notify_cancel():
                    work.future.set_exception(Stopped())
            if transaction is not None:
                transaction.close()

    def _next(self, transaction: Transaction | None = None) -> _Work | None:
        """The next job, waiting for one; or within a transaction what is there and may share it, else None."""
        with self._change:
            while True:
                while self._waiting:
                    if transaction is not None and not transaction.admits(self._waiting[0].locks):
                        return None
                    work = self._waiting.popleft()
                    if work.future.set_running_or_notify_cancel():
                        return work
                if transaction is not None or self._closing:
                    return None
                self._change.wait()

    def _wanted(self) -> list[Locks | None]:
        with self._change:
            return [work.locks for work in islice(self._waiting, AHEAD)]

    def _slice(self, transaction: Transaction, first: _Work) -> None:
        began = time.perf_counter_ns()
        # What a commit takes is worth filling once more.
        last = max(SLICE, min(self._patience, self._committing))
        done: list[_Work] = []
        more: _Work | None = first
        try:
            transaction.begin(first.locks, self._wanted)
            while more is not None:
                group = [more, *self._joining(transaction, more)]
                done += group
                self._group(transaction, group)
                more = self._next(transaction) if time.perf_counter_ns() - began < last else None
            written = time.perf_counter_ns()
            self._keys.commit()
            transaction.commit()
            self._committing = time.perf_counter_ns() - written
        except BaseException as error:
            self._drop(transaction)
            if not done:
                done = [first, *(self._everybody() if _reason(error) == GONE else ())]
            for failed in done:
                failed.future.set_exception(
                    OutcomeUnknown() if isinstance(error, OutcomeUnknown) else NotKept(_reason(error))
                )
            if not isinstance(error, Exception):
                raise
            return
        for kept in done:
            if kept.error is None:
                kept.future.set_result(kept.result)
            else:
                kept.future.set_exception(kept.error)
        for ring in self._own:
            ring()
        self.heard()

    def _everybody(self) -> list[_Work]:
        """All that wait: a database that is not there is not there for them either, and to find that out takes seconds, which
        would add up."""
        with self._change:
            waiting = list(self._waiting)
            self._waiting.clear()
        return [work for work in waiting if work.future.set_running_or_notify_cancel()]

    def _joining(self, transaction: Transaction, first: _Work) -> list[_Work]:
        """The jobs right behind this one that it takes along."""
        head, found = first.job, list[_Work]()
        if not isinstance(head, Joint):
            return found
        size = head.size
        with self._change:
            while self._waiting:
                work = self._waiting[0]
                job = work.job
                if (
                    not isinstance(job, Joint)
                    or not job.joins(head, size)
                    or not transaction.admits(work.locks)
                ):
                    break
                self._waiting.popleft()
                if work.future.set_running_or_notify_cancel():
                    found.append(work)
                    size += job.size
        return found

    def _group(self, transaction: Transaction, group: list[_Work]) -> None:
        head = group[0].job
        if len(group) > 1 and isinstance(head, Joint):
            transaction.savepoint()
            self._keys.savepoint()
            try:
                results = head.together(transaction.connection, [work.job for work in group])
            except Exception as error:
                self._undo(transaction, error)
            else:
                self._keys.release()
                transaction.release()
                for work, result in zip(group, results, strict=True):
                    work.result = result
                return
        for work in group:
            self._one(transaction, work)

    def _undo(self, transaction: Transaction, error: Exception) -> None:
        try:
            self._keys.undo()
            transaction.undo()
        except Exception:
            raise _Broken("" if isinstance(error, LedgerError) else trouble(error)) from error

    def _one(self, transaction: Transaction, work: _Work) -> None:
        transaction.savepoint()
        self._keys.savepoint()
        try:
            work.result = work.job(transaction.connection)
        except Exception as error:
            plain = "" if isinstance(error, LedgerError) else trouble(error)
            work.error = NotKept(plain) if plain else error
            self._undo(transaction, error)
        else:
            self._keys.release()
            transaction.release()

    def _drop(self, transaction: Transaction) -> None:
        for undo in (self._keys.rollback, transaction.rollback):
            with contextlib.suppress(Exception):  # it is gone already; its callers are told so
                undo()
