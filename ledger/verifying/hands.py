"""Who does the parts of a run: this process, or several beside each other."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection

from ledger.folder import RECORD_FILE
from ledger.sqlite_engine import sqlite_engine
from ledger.verifying.ids import total_of_ids
from ledger.verifying.pages import Reads
from ledger.verifying.stretch import Stretch, Walked
from ledger.verifying.walk import Walk

Task = TypeVar("Task")
Done = TypeVar("Done")


@dataclass(frozen=True, slots=True)
class IdPart:
    """One sixteenth of a tenant's id table, by the first half byte of the event id."""

    number: int
    secret: int
    part: int
    head: int

    def bounds(self) -> tuple[bytes, bytes]:
        """Event ids in (after, upto]."""
        after = bytes([self.part * 16 - 1]) + b"\xff" * 15 if self.part else b""
        return after, bytes([self.part * 16 + 15]) + b"\xff" * (15 if self.part < 15 else 64)


Totalled = tuple[int, list[tuple[bytes, int]]]


def _walk(source: Reads, stretch: Stretch) -> Walked:
    return Walk(source, stretch).run()


def _ids(source: Reads, part: IdPart) -> Totalled:
    return total_of_ids(source, part.number, part.secret, *part.bounds(), part.head)


class Hands:
    """One process: each part when its turn comes."""

    def __init__(self, source: Reads) -> None:
        self._source = source

    def walk(self, stretches: Sequence[Stretch]) -> Iterator[Walked]:
        """In the order given."""
        return (_walk(self._source, stretch) for stretch in stretches)

    def ids(self, parts: Sequence[IdPart]) -> Iterator[Totalled]:
        """In the order given."""
        return (_ids(self._source, part) for part in parts)


class FolderReader:
    """The record of a data folder, for reading alone: what each process opens for itself."""

    def __init__(self, folder: Path) -> None:
        self._engine = sqlite_engine(folder / RECORD_FILE, writing=False)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A snapshot, as ``Database.read``."""
        with self._engine.connect() as connection, connection.begin():
            yield connection


_source: Reads | None = None


def _open(opening: Callable[[], Reads]) -> None:
    global _source
    _source = opening()


def _in_worker(act: Callable[[Reads, Task], Done], task: Task) -> Done:
    assert _source is not None
    return act(_source, task)


class ManyHands(Hands):
    """Several processes, each with a reader of its own; a few parts are given out ahead, so memory stays bounded."""

    def __init__(self, pool: ProcessPoolExecutor, processes: int) -> None:
        self._pool = pool
        self._ahead = 2 * processes

    @classmethod
    @contextmanager
    def opened(cls, opening: Callable[[], Reads], processes: int) -> Iterator[ManyHands]:
        """``opening`` is called once in each process; it must be picklable."""
        spawn = multiprocessing.get_context("spawn")  # a fork would share the files' locks
        with ProcessPoolExecutor(processes, spawn, _open, (opening,)) as pool:
            yield cls(pool, processes)

    def walk(self, stretches: Sequence[Stretch]) -> Iterator[Walked]:
        return self._each(_walk, stretches)

    def ids(self, parts: Sequence[IdPart]) -> Iterator[Totalled]:
        return self._each(_ids, parts)

    def _each(self, act: Callable[[Reads, Task], Done], tasks: Sequence[Task]) -> Iterator[Done]:
        left = iter(tasks)
        running: deque[Future[Done]] = deque()
        for task in left:
            running.append(self._pool.submit(_in_worker, act, task))
            if len(running) >= self._ahead:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()
