"""A process that appends without end and dies at a named step.

Arguments: folder or ``postgresql://`` URL, step ("" = until killed), how many times the step is passed before, first
number to send, and the file to which ``worker number event_id place`` is written for every acknowledged event, only then.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from ledger.candidate import Appended, Candidate
from ledger.clock import Clock
from ledger.database import Database
from ledger.keys import KeyStore
from ledger.ledger import Ledger
from ledger.ports import KeyTransaction, Locks, Transaction
from ledger.steps import AppendStep
from ledger.writer import Writer
from schemas.instants import Instant
from tests.kit.places import named, opened
from tests.ledger.house import sent

WORKERS = 3
PHONES = 5


def candidate(worker: int, number: int) -> Candidate:
    """The same for the same worker and number, in any process. Every fifth corrects the one before it."""
    return sent(
        f"{worker}-{number}",
        data={"description": f"漏水 {number}"},
        personal=("description",),
        customer={"phone": f"1380000{worker}{number % PHONES:03}"},
        corrects_source_id=f"no-{worker}-{number - 1}" if number % 5 == 4 else "",
    )


class Cut:
    """Dies when ``step`` is passed for the time after ``spare`` times."""

    def __init__(self, step: str, spare: int) -> None:
        self._step = step
        self._spare = spare

    def __call__(self, step: AppendStep) -> None:
        if step.name == self._step:
            if self._spare == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            self._spare -= 1


class CutTransaction:
    """A transaction that may be the last thing its process does."""

    def __init__(self, inner: Transaction, cut: Cut) -> None:
        self._inner = inner
        self._cut = cut
        self.savepoint, self.undo = inner.savepoint, inner.undo
        self.rollback, self.close = inner.rollback, inner.close

    @property
    def connection(self) -> Connection:
        return self._inner.connection

    @property
    def reading(self) -> Connection:
        return self._inner.reading

    def admits(self, locks: Locks | None) -> bool:
        return self._inner.admits(locks)

    def begin(
        self, first: Locks | None = None, waiting: Callable[[], Sequence[Locks | None]] | None = None
    ) -> None:
        self._cut(AppendStep.RECEIVED)
        self._inner.begin(first, waiting)
        self._cut(AppendStep.BEGUN)

    def release(self) -> None:
        self._inner.release()
        self._cut(AppendStep.INSERTED)

    def commit(self) -> None:
        self._inner.commit()
        self._cut(AppendStep.COMMITTED)


class CutDatabase:
    def __init__(self, inner: Database, cut: Cut) -> None:
        self._inner = inner
        self._cut = cut

    def transaction(self) -> Transaction:
        return CutTransaction(self._inner.transaction(), self._cut)


class CutKeys:
    def __init__(self, inner: KeyTransaction, cut: Cut) -> None:
        self._inner = inner
        self._cut = cut
        self.savepoint, self.release, self.undo = inner.savepoint, inner.release, inner.undo
        self.rollback = inner.rollback

    def commit(self) -> None:
        self._inner.commit()
        self._cut(AppendStep.KEYS_COMMITTED)


class CutClock:
    def __init__(self, inner: Clock, cut: Cut) -> None:
        self._inner = inner
        self._cut = cut
        self.boot = inner.boot

    def now(self) -> Instant:
        self._cut(AppendStep.CHECKED)
        return self._inner.now()


def main(arguments: list[str]) -> None:
    place, step, spare, first, said = arguments
    told = os.open(said, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    cut = Cut(step, int(spare))
    database = opened(named(place))
    keys = KeyStore.open(database)
    clock = CutClock(database.clock, cut)
    writer = Writer(CutDatabase(database, cut), CutKeys(keys, cut), clock)
    ledger = Ledger(database, writer, keys, clock)
    tenant = ledger.tenant("云栖")

    def work(worker: int) -> None:
        number = int(first)
        while True:
            batch = range(number, number + 2)
            for own, outcome in zip(
                batch,
                ledger.append(tenant, [candidate(worker, own) for own in batch]).result(60),
                strict=True,
            ):
                assert isinstance(outcome, Appended), outcome
                os.write(told, f"{worker} {own} {outcome.event_id} {outcome.place}\n".encode())
                cut(AppendStep.ANSWERED)
            number += 2

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
