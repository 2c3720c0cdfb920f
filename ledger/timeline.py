"""Timelines: the lives of one ledger. A restore, or a copy that goes on by itself, begins a new one at the heads that it holds.

The ledger id stays, for hash chains, ids and keys are bound to it or to nothing. What ran ahead of the heads at which a
timeline began (a consumer's cursor, a Last-Event-ID) speaks of another life, in which other events stood at those
places; it is refused, though the places exist again by now. See ADR "A restored ledger is a new timeline".
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Connection, select

from ledger.database import Database
from ledger.errors import IsBackup
from ledger.tables import about
from schemas.canonical import Json, canonical, read_json
from schemas.instants import Instant

TIMELINES, BACKUP = "timelines", "backup"
"""Names in ``about``: the timelines as JSON; when this copy was made, if it is a backup, which nobody may write to."""


@dataclass(frozen=True, slots=True)
class Began:
    """Where a timeline left the one before it: ``heads`` by tenant number, (last fact, last verdict) that both hold."""

    id: str
    by: str
    """restore | copy"""
    at: Instant
    heads: Mapping[int, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Timelines:
    """All lives up to this one, oldest first. The first bears the ledger's own id."""

    ledger_id: str
    later: tuple[Began, ...] = ()

    @property
    def current(self) -> str:
        """The id of this life."""
        return self.later[-1].id if self.later else self.ledger_id

    @property
    def mark(self) -> str:
        """Short, to stand in a cursor; "" for the first life."""
        return self.current[:8] if self.later else ""

    def began(self, by: str, at: Instant, heads: Mapping[int, tuple[int, int]]) -> Timelines:
        """With one more."""
        return replace(self, later=(*self.later, Began(str(uuid.uuid4()), by, at, heads)))

    def shares(self, mark: str, tenant: int, fact: int, verdict: int) -> bool:
        """Whether what a reader of the timeline ``mark`` had seen, up to these places, stands here too: the timeline is one of
        ours, and every later one began no earlier than that."""
        marks = ["", *(one.id[:8] for one in self.later)]
        if mark not in marks:
            return False
        for one in self.later[marks.index(mark) :]:
            facts, verdicts = one.heads.get(tenant, (0, 0))
            if fact > facts or verdict > verdicts:
                return False
        return True

    def as_json(self) -> str:
        """As it stands in ``about``."""
        return canonical(
            [
                {"id": one.id, "by": one.by, "at": one.at, "heads": [[n, f, v] for n, (f, v) in sorted(one.heads.items())]}
                for one in self.later
            ]
        )  # fmt: skip


def timelines(connection: Connection, ledger_id: str) -> Timelines:
    """Of the ledger that is open."""
    found = connection.scalar(select(about.c.value).where(about.c.name == TIMELINES))
    listed: Json = read_json(found) if found else []
    later = tuple(
        Began(one["id"], one["by"], one["at"], {n: (f, v) for n, f, v in one["heads"]}) for one in listed
    )
    return Timelines(ledger_id, later)


def backup_of(connection: Connection) -> str:
    """When this copy was made, RFC 3339, if it is a backup; "" for a ledger that lives."""
    return str(connection.scalar(select(about.c.value).where(about.c.name == BACKUP)) or "")


def refuse_a_backup(database: Database) -> None:
    """Raises IsBackup: who wrote to it would live the life of the ledger it was made of."""
    with database.read() as connection:
        if made := backup_of(connection):
            raise IsBackup(f"{database.where}, of {made}")
