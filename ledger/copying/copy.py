"""One copy from beginning to end: heads, operational rows, record, keys, a whole verify of what was written, and only then
the act that makes it a ledger."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import MetaData, Table, inspect, select

from ledger.copying.plan import API_KEYS, PAGE, Plan, Portable, Row, operational, plan, record
from ledger.copying.target import Target
from ledger.errors import CopyDiffers
from ledger.findings import LaneHead
from ledger.key_tables import blind_index, conflicts, person_keys, persons, secrets, tombstones
from ledger.tables import corrections, counters, engines, fact_ids, facts, tenants, verdicts
from ledger.timeline import BACKUP, TIMELINES, Timelines, timelines
from ledger.verify import verify
from ledger.verifying.pages import Reads
from schemas.instants import Instant, format_instant

Progress = Callable[[str, int, int], None]
"""Told what is being done ("copy", "keys", "verify"), rows done, rows in all (0 = not known)."""
Gone = frozenset[tuple[str, str]]
"""(tenant's name, person) of who was erased elsewhere."""


class Source(Reads, Protocol):
    """``ledger.database.Database``, or a backup's folder."""

    ledger_id: str


@dataclass(frozen=True, slots=True)
class Copied:
    """What stands in the target now."""

    heads: list[LaneHead]
    timeline: Timelines
    rows: int
    keys: int
    erased: int
    """Persons whose keys were left out, because they were erased elsewhere since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copying:
    """``by``: copy and restore begin a new timeline, a backup belongs to the one it was made of. ``erased``: tombstones (rows
    of the key store) that the source may not know yet. ``rooms``: the other rooms' operational tables, all of
    them. ``fixed``: rows that are written as they are."""

    source: Source
    keys: Reads
    target: Target
    by: str
    now: Instant
    rooms: Sequence[MetaData] = ()
    portable: Sequence[Portable] = ()
    fixed: Sequence[tuple[Table, Row]] = ()
    erased: Sequence[Row] = ()
    indexed: bool = False
    """Entries of the blind index of who was erased go along: letters are looked through by them, and then they go too."""
    progress: Progress = lambda *_: None

    def run(self) -> Copied:
        """All or nothing. Raises TargetTaken, CopyDiffers, and the databases' own errors."""
        try:
            return self._run()
        except BaseException:
            self.target.abandon()
            raise

    def _run(self) -> Copied:
        made, life = self._snapshot()
        done = 0
        for tenant, (fact, verdict) in made.heads.items():
            for table, upto in ((facts, fact), (verdicts, verdict), (fact_ids, fact), (corrections, fact)):
                for page in record(self.source, table, tenant, upto):
                    self.target.rows(table, page)
                    if table in (facts, verdicts):
                        done += len(page)
                        self.progress("copy", done, made.whole)
        kept, left = self._copy_keys()
        report = verify(
            self.target.reads, progress=lambda _, lane, at, all_: self.progress("verify " + lane, at, all_)
        )
        if not report.ok:
            raise CopyDiffers(str(report.problems[0]))
        self.target.finish(self._about(made, life))
        return Copied(report.heads, life, made.whole, kept, left)

    def _snapshot(self) -> tuple[Plan, Timelines]:
        """What changes, in one snapshot of the source."""
        with self.source.read() as connection:
            made = plan(connection, self.source.ledger_id)
            life = timelines(connection, self.source.ledger_id)
            if self.by != BACKUP:
                life = life.began(self.by, self.now, made.heads)
            there = inspect(connection)
            portable = [one for one in self.portable if there.has_table(one.table.name)]
            made_of = [one.table.metadata for one in portable] + [table.metadata for table, _ in self.fixed]
            self.target.begin(made, list(dict.fromkeys([*self.rooms, *made_of])))
            for table, rows in ((tenants, made.tenants), (counters, made.counters), (engines, made.engines)):
                self.target.rows(table, rows)
            for one in (API_KEYS, *portable):
                for page in operational(connection, one, made.heads):
                    self.target.rows(one.table, page)
        for table, row in self.fixed:
            self.target.rows(table, [row])
        return made, life

    def _about(self, made: Plan, life: Timelines) -> dict[str, str]:
        rows = {"ledger_id": made.ledger_id}
        if life.later:
            rows[TIMELINES] = life.as_json()
        if self.by == BACKUP:
            rows[BACKUP] = format_instant(self.now)
        return rows

    def _copy_keys(self) -> tuple[int, int]:
        """(keys copied, persons left out), on one snapshot of the key store that is later than the heads."""
        erased = {(row[0], row[1]): row for row in self.erased}
        kept, left = 0, set()
        with self.keys.read() as connection:
            known = {(row[0], row[1]) for row in connection.execute(select(tombstones))}
            for table in (secrets, persons, person_keys, tombstones, blind_index, conflicts):
                query = connection.execution_options(yield_per=PAGE).execute(select(table))
                for page in query.partitions():
                    rows = [tuple(row) for row in page]
                    good = [row for row in rows if not _whose(table, row) & erased.keys()]
                    if table is blind_index and self.indexed:
                        good = rows
                    self.target.keys(table, good)
                    if table is persons:
                        left |= {(row[0], row[1]) for row in rows} & erased.keys()
                    if table is person_keys:
                        kept += len(good)
                        self.progress("keys", kept, 0)
        self.target.keys(tombstones, [row for key, row in sorted(erased.items()) if key not in known])
        return kept, len(left)


def _whose(table: Table, row: Row) -> set[tuple[str, str]]:
    """Whom a row of the key store would let find or open."""
    named = dict(zip(table.c.keys(), row, strict=True))
    if table is conflicts:
        return {(named["tenant"], named["kept"]), (named["tenant"], named["other"])}
    if table in (persons, person_keys, blind_index):
        return {(named["tenant"], named["person"])}
    return set()
