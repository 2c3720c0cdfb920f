"""Rebuild: a fresh fold of the recorded lanes into a shadow set, compared with the active one, and swapped.

Facts and verdicts are merged by ``after``; verdicts are heard, never concluded, and nothing is appended to the record
(invariant 7). Readers and the live engine go on until the swap, which is one row; nothing is renamed. A fold error
stops the rebuild, leaves the active set as it was and parks nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, Select, Table, select, update

from ledger import lanes
from ledger.lanes import EngineState
from ledger.ledger import Ledger
from ledger.tenants import Tenant
from processors.backfill import backfill
from processors.engine import up_to_publication
from processors.fold import PUBLICATIONS, Fold
from processors.ports import Effects, Recall
from processors.rules.book import Book
from processors.rules.protocol import Rule
from processors.shelf import Shelf
from processors.standing import fetching
from projections.bulk import Bulk, index_line, parked_after
from projections.dump import differences
from projections.store import ACTIVE, SqlStore, active_set
from projections.tables import SETS, fold_version, set_tables
from schemas.event import Event

PAGE = 256

Tell = Callable[[str, int, int], None]
"""(tenant, facts folded, facts in all)"""


@dataclass(slots=True)
class Rebuilt:
    """What a rebuild did. ``differences`` by tenant: lines of the dump that the fresh fold has otherwise."""

    old_set: str
    new_set: str
    facts: int = 0
    verdicts: int = 0
    swapped: bool = False
    differences: dict[str, list[tuple[str, str]]] = field(default_factory=dict)


class Rebuild:
    """One rebuild of all tenants. ``pause`` is held while the last facts are folded and the set is swapped."""

    def __init__(
        self, ledger: Ledger, rules: Sequence[Rule], pause: AbstractContextManager[object] | None = None
    ) -> None:
        self.ledger = ledger
        self.rules = tuple(rules)
        self._pause = pause or nullcontext()
        with ledger.database.read() as conn:
            active = active_set(conn)
        self._old = active[0] if active else ""
        kinds = tuple(kind for rule in self.rules for kind in rule.rows)
        self._new = SETS[(SETS.index(self._old) + 1) % len(SETS)] if self._old else SETS[0]
        self.store = SqlStore(set_tables(self._new, kinds), self.rules, ledger.writer.clock)
        self._was = set_tables(self._old, kinds) if active and active[1] == fold_version(rules) else None
        self._books: dict[int, Book] = {}
        self._at: dict[int, tuple[int, int]] = {}
        self._pending: dict[int, tuple[Event, list[Recall]]] = {}
        """Of tenants whose last fact is a publication: what it recalls, and the engine has not come to yet."""
        self.report = Rebuilt(self._old, self._new)

    def run(self, tell: Tell = lambda *_: None, *, swap: bool = True) -> Rebuilt:
        """Fold, compare, swap. Without ``swap`` (dry run) the shadow set is dropped again."""
        self._make()
        try:
            for tenant in self.ledger.tenants():
                self._fold_all(tenant, tell)
            with self._pause:
                tenants = self.ledger.tenants()  # one may have been registered meanwhile
                for tenant in tenants:
                    self._fold_all(tenant, tell)
                    self._finish(tenant)
                if swap:
                    self.ledger.writer.call(lambda conn: self._swap(conn, tenants))
                    self.report.swapped = True
        finally:
            if not self.report.swapped:
                self._drop(self._new)
        return self.report

    def drop_old(self) -> None:
        """After the swap, when nobody reads the old set any more."""
        if self.report.swapped and self._old:
            self._drop(self._old)

    # -- steps

    def _make(self) -> None:
        metadata = self.store.tables.metadata

        def make(conn: Connection) -> None:
            metadata.drop_all(conn)
            self.ledger.database.make(conn, metadata)

        self.ledger.writer.call(make)

    def _drop(self, name: str) -> None:
        tables = set_tables(name, tuple(kind for rule in self.rules for kind in rule.rows))
        self.ledger.writer.call(tables.metadata.drop_all)

    def _fold_all(self, tenant: Tenant, tell: Tell) -> None:
        if tenant.number not in self._at:
            self._bulk(tenant, tell)
        while True:
            with self.ledger.database.read() as conn:
                state = lanes.engine_state(conn, tenant)
                place, said = self._at.get(tenant.number, (0, 0))
                facts = [f for f in self.ledger.facts(conn, tenant, place, PAGE) if f.place <= state.decided]
                facts = up_to_publication(facts)
                upto = facts[-1].place if facts else place
                effects = Effects(expect=state, decided=upto, advanced=0)
                heard = self._page(conn, tenant, facts, said, upto, effects)
            if not facts and heard == said and not effects.rows:
                return
            self.ledger.writer.call(lambda conn, e=effects: self.store.write(conn, tenant.number, e))  # type: ignore[misc]
            self._at[tenant.number] = (upto, heard)
            self.report.facts += len(facts)
            self.report.verdicts += heard - said
            tell(tenant.name, upto, state.decided)

    def _bulk(self, tenant: Tenant, tell: Tell) -> None:
        """Most of it at once, each scope judged once; what the engine has decided since then follows page by page."""
        with self.ledger.database.read() as conn:
            decided = lanes.engine_state(conn, tenant).decided

        def told(facts: int, verdicts: int) -> None:
            self.report.facts += facts
            self.report.verdicts += verdicts
            tell(tenant.name, self.report.facts - before, decided)

        before = self.report.facts
        filed = Bulk(self.ledger, self.store, self.rules, tenant).run(told)
        self._at[tenant.number], self._books[tenant.number] = (filed.place, filed.said), filed.book

    def _page(
        self,
        conn: Connection,
        tenant: Tenant,
        facts: Sequence[Event],
        said: int,
        upto: int,
        effects: Effects,
    ) -> int:
        """Merge one page of facts with the verdicts that follow them; the verdict place reached."""
        before = self._books.get(tenant.number, Book.empty())
        pages = self.store.pages(conn, tenant.number)
        fold = Fold(
            self.rules,
            before,
            Shelf(pages),
            fetching(self.ledger, conn, tenant),
            concluding=False,
        )
        state = effects.expect
        if waiting := self._pending.get(tenant.number):
            if not concluded(state, waiting[0]):
                return said
            fold.recalls.extend(waiting[1])
            self._recall(fold, conn, tenant, waiting[0])
            del self._pending[tenant.number]
        fold.prepare(facts)
        verdicts = list(self._verdicts(conn, tenant, said, upto))
        parked = parked_after(verdicts)
        upcoming = iter(verdicts)
        following = next(upcoming, None)
        heard = said
        first = facts[0].place if facts else upto + 1
        for place in range(first - 1, upto + 1):
            fold.parked = parked.get(place, frozenset())
            if place >= first:
                fact = facts[place - first]
                fold.place(fact)
                if fact.type in PUBLICATIONS:
                    backfill(fold, self.ledger, conn, tenant, fact, before)
                    if fold.recalls and not concluded(state, fact):
                        effects.recalls.extend(fold.recalls)
                        self._pending[tenant.number] = (fact, list(fold.recalls))
                        fold.recalls.clear()
                    self._recall(fold, pages.conn, tenant, fact)
            while following is not None and following.after <= place:
                fold.hear(following)
                effects.said.append(index_line(following))
                heard = following.place
                following = next(upcoming, None)
        self._books[tenant.number] = fold.book
        effects.publications = fold.publications
        fold.shelf.collect(effects)
        return heard

    def _verdicts(self, conn: Connection, tenant: Tenant, said: int, upto: int) -> Iterator[Event]:
        """Recorded verdicts after place ``said`` of their lane that follow facts up to ``upto``."""
        while page := self.ledger.verdicts(conn, tenant, said, PAGE):
            for verdict in page:
                if verdict.after > upto:
                    return
                yield replace(verdict, recorded=int(verdict.origin["at"]))
            said = page[-1].place

    def _recall(self, fold: Fold, conn: Connection, tenant: Tenant, fact: Event) -> None:
        for recall in fold.recalls:
            table = self.store.tables.rows[recall.table]
            scopes = [
                str(s) for s in conn.scalars(_scopes(table, tenant.number, recall.column, recall.value))
            ]
            rule = next(r.name for r in self.rules if recall.table in r.rows)
            fold.recall(rule, scopes, fact.recorded, fact.place)
        fold.recalls.clear()

    def _finish(self, tenant: Tenant) -> None:
        """What stood before the engine's last instant was concluded then, whatever today's rules would say."""
        with self.ledger.database.read() as conn:
            state = lanes.engine_state(conn, tenant)
            pages = self.store.pages(conn, tenant.number)
            late = pages.due(state.advanced, 2**31)
            effects = Effects(expect=state, decided=state.decided, advanced=state.advanced)
            if late:
                fold = Fold(
                    self.rules,
                    self._books.get(tenant.number, Book.empty()),
                    Shelf(pages),
                    lambda *_: None,
                    concluding=False,
                )
                for due in late:
                    row = fold.shelf.find(due.rule, due.scope, due.row_id)
                    if row is not None:
                        fold.shelf.put(due.rule, row, fold.next_after(due.rule, row, state.advanced))
                fold.shelf.collect(effects)
        self.ledger.writer.call(lambda conn: self.store.write(conn, tenant.number, effects))
        if self._was is not None:
            with self.ledger.database.read() as conn:
                found = differences(conn, self._was, self.store.tables, tenant.number)
            if found:
                self.report.differences[tenant.name] = found

    def _swap(self, conn: Connection, tenants: Sequence[Tenant]) -> None:
        """One row says which set is read; every engine's compare-and-set looks at its own copy of the name."""
        version = fold_version(self.rules)
        for tenant in tenants:
            state = lanes.engine_state(conn, tenant)
            if (state.decided, state.verdict_place) != self._at.get(tenant.number, (0, 0)):
                raise RuntimeError(f"the engine of {tenant.name} went on during the swap")
            lanes.switch_set(conn, state, set_name=self._new, fold_version=version)
        conn.execute(update(ACTIVE).values(name=self._new, fold_version=version))


def concluded(state: EngineState, publication: Event) -> bool:
    """Has the engine come to what the publication recalled?"""
    return state.decided > publication.place or state.advanced >= publication.recorded


def _scopes(table: Table, tenant: int, column: str, value: object) -> Select[Any]:
    query: Select[Any] = select(table.c.scope).where(table.c.tenant == tenant, table.c[column] == value)
    return query
