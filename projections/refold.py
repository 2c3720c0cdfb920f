"""One tenant's recorded lanes folded into a set: the bulk at once, then page by page behind the live engine.

Facts and verdicts are merged by ``after``; verdicts are heard, never concluded, and nothing is appended to the record
(invariant 7). Memory is bounded by one page of either, however many verdicts follow one fact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Select, Table, select

from ledger import lanes
from ledger.lanes import EngineState
from ledger.ledger import Ledger
from ledger.tenants import Tenant
from processors.backfill import backfill
from processors.batch import PUBLICATIONS, up_to_publication
from processors.fold import Fold
from processors.parked import EVENT_PARKED
from processors.ports import Effects, Recall
from processors.rules.book import Book
from processors.rules.linear import AnyRule
from processors.shelf import Shelf
from processors.standing import fetching
from projections.bulk import Bulk
from projections.recorded import index_line, parked_after, said_at_once, stopped_in
from projections.store import SqlStore, recalled
from schemas.event import Event

PAGE = 256
"""Facts of a page at most."""
HEARD = 1024
"""Verdicts of a page at most: of those that fall due between two facts there may be any number."""
DUE = 500

Write = Callable[[Effects], None]
Tell = Callable[[int, int, int], None]
"""(facts filed, verdicts heard, facts judged) since it was told last."""


class Refold:
    """How far one tenant has come in the set of ``store``. What is written is ``write``'s affair, and where ``write`` fails
    this is not to be gone on with."""

    def __init__(self, ledger: Ledger, store: SqlStore, rules: Sequence[AnyRule], tenant: Tenant) -> None:
        self.ledger = ledger
        self.store = store
        self.rules = tuple(rules)
        self.tenant = tenant
        self.place = self.said = self.advanced = 0
        """Fact place and verdict place folded; instant up to which everything is known to be concluded."""
        self.book = Book.empty()
        self._pending: tuple[Event, list[Recall]] | None = None
        """Where the last fact is a publication: it and what it recalls, while the engine has not come to that yet."""

    def bulk(self, tell: Tell) -> None:
        """Most of it, each scope judged once; what the engine has decided since then follows page by page."""
        filed = Bulk(self.ledger, self.store, self.rules, self.tenant).run(tell)
        self.place, self.said, self.book = filed.place, filed.said, filed.book

    def abreast(self, state: EngineState) -> bool:
        """Does the set stand where the engine's stands?"""
        return (self.place, self.said, self.advanced) == (state.decided, state.verdict_place, state.advanced)

    def step(self, conn: Connection, write: Write, tell: Tell) -> int:
        """Fold the next page that ``conn`` shows; how many pieces that were. 0: it stands where the engine does."""
        state = lanes.engine_state(conn, self.tenant)
        if self._pending is not None and not concluded(state, self._pending[0]):
            return self._settle(conn, state, write)
        facts, verdicts = self._next(conn, state)
        if not facts and not verdicts and self._pending is None:
            return self._settle(conn, state, write)
        upto = facts[-1].place if facts else self.place
        effects = Effects(expect=state, decided=upto, advanced=0)
        fold = self._page(conn, facts, verdicts, effects)
        write(effects)
        if verdicts:
            self.said = verdicts[-1].place
        self.place, self.book = upto, fold.book
        tell(len(facts), len(verdicts), len(facts))
        return max(1, len(facts) + len(verdicts))

    def _next(self, conn: Connection, state: EngineState) -> tuple[list[Event], list[Event]]:
        """The next facts, and the verdicts that follow them and what is folded already. Where there are more of these than
        one page takes, it ends with the last fact of which all are here, or within those of one fact."""
        facts = [
            f for f in self.ledger.facts(conn, self.tenant, self.place, PAGE) if f.place <= state.decided
        ]
        facts = up_to_publication(facts)
        upto = facts[-1].place if facts else self.place
        read = self.ledger.verdicts(conn, self.tenant, self.said, HEARD)
        heard = [v for v in read if v.after <= upto]
        if len(heard) == HEARD:
            heard += self._parking(conn, heard[-1].place, upto)
            last = heard[-1].after
            if heard[0].after < last:
                last -= 1
                heard = [v for v in heard if v.after <= last]
            facts = [f for f in facts if f.place <= last]
        if facts and facts[0].type in PUBLICATIONS and heard and heard[0].after < facts[0].place:
            # first what was said before it: what it recalls is looked for in the tables
            heard = [v for v in heard if v.after < facts[0].place]
            facts = []
        return facts, [replace(v, recorded=int(v.origin["at"])) for v in heard]

    def _parking(self, conn: Connection, place: int, upto: int) -> Iterator[Event]:
        """Those right behind a place of the verdict lane that park: what was parked comes before them, and must not be let
        in."""
        while further := self.ledger.verdicts(conn, self.tenant, place, 1):
            (verdict,) = further
            if verdict.type != EVENT_PARKED or verdict.after > upto:
                return
            yield verdict
            place = verdict.place

    def _page(
        self, conn: Connection, facts: Sequence[Event], verdicts: Sequence[Event], effects: Effects
    ) -> Fold:
        """Merge the facts with the verdicts."""
        pages = self.store.pages(conn, self.tenant.number)
        fetch = fetching(self.ledger, conn, self.tenant, pages.said_at)
        fold = Fold(self.rules, self.book, Shelf(pages), fetch, concluding=False)
        fold.judging.halts.foretold = stopped_in(verdicts)
        if self._pending is not None:
            publication, recalls = self._pending
            self._stopping(fold, conn, publication, verdicts)
            fold.recalls.extend(recalls)
            self._recall(fold, conn, publication)
            self._pending = None
        fold.entering.prepare(facts, fold.book)
        parked = parked_after(verdicts)
        upcoming = iter(verdicts)
        following = next(upcoming, None)
        first = facts[0].place if facts else self.place + 1
        for place in range(first - 1, first + len(facts)):
            fold.entering.parked = parked.get(place, frozenset())
            if place >= first:
                self._place(fold, conn, facts[place - first], verdicts, effects)
            while following is not None and following.after <= place:
                fold.hear(following)
                effects.said.append(index_line(following))
                following = next(upcoming, None)
        effects.publications, effects.unneeded = fold.publications, fold.unneeded
        fold.shelf.collect(effects)
        return fold

    def _place(
        self, fold: Fold, conn: Connection, fact: Event, verdicts: Sequence[Event], effects: Effects
    ) -> None:
        fold.place(fact)
        if fact.type not in PUBLICATIONS:
            return
        self._stopping(fold, conn, fact, verdicts)
        backfill(fold, self.ledger, conn, self.tenant, fact, self.book)
        if fold.recalls and not concluded(effects.expect, fact):
            effects.recalls.extend(fold.recalls)
            self._pending = (fact, list(fold.recalls))
            fold.recalls.clear()
        self._recall(fold, conn, fact)

    def _stopping(self, fold: Fold, conn: Connection, fact: Event, verdicts: Sequence[Event]) -> None:
        at_once = said_at_once(self.ledger, conn, self.tenant, fact, verdicts)
        fold.judging.halts.foretold = stopped_in(verdicts) | stopped_in(at_once)

    def _recall(self, fold: Fold, conn: Connection, fact: Event) -> None:
        for recall in fold.recalls:
            table = self.store.tables.rows[recall.table]
            asked = _scopes(table, self.tenant.number, recall)
            rule = next(r.name for r in self.rules if recall.table in r.rows)
            fold.recall(rule, [str(s) for s in conn.scalars(asked)], fact.recorded, fact.place)
        fold.recalls.clear()

    def _settle(self, conn: Connection, state: EngineState, write: Write) -> int:
        """What stood before the engine's last instant was concluded then, whatever today's rules would say."""
        pages = self.store.pages(conn, self.tenant.number)
        late = pages.due(state.advanced, DUE)
        if not late:
            self.advanced = state.advanced
            return 0
        fold = Fold(self.rules, self.book, Shelf(pages), lambda *_: None, concluding=False)
        fold.shelf.rows.schedule(late)
        for due in late:
            row = fold.shelf.rows.find(due.rule, due.scope, due.row_id)
            if row is not None:
                fold.shelf.rows.put(due.rule, row, fold.next_after(due.rule, row, state.advanced))
        effects = Effects(expect=state, decided=self.place, advanced=state.advanced)
        fold.shelf.collect(effects)
        write(effects)
        return len(late)


def concluded(state: EngineState, publication: Event) -> bool:
    """Has the engine come to what the publication recalled?"""
    return state.decided > publication.place or state.advanced >= publication.recorded


def _scopes(table: Table, tenant: int, recall: Recall) -> Select[Any]:
    query: Select[Any] = select(table.c.scope).where(table.c.tenant == tenant, recalled(table, recall))
    return query
