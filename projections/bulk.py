"""The bulk of a rebuild: a tenant's recorded lanes folded into empty tables, each scope judged once, at the end.

A row is what ``judge`` makes of all standing evidence of its scope, and judging knows no now (invariant 7). So evidence and
announcements are filed in the order of the lanes first, nothing is judged on the way, and then each scope is judged once,
in the order in which its evidence lies in the table. What a publication has changed for rows that stood it has recalled,
and that was concluded before any later fact was filed: so all rows may be judged by the book as it is at the end.

It goes as far as the last decided fact that is no publication; what follows is folded page by page (``rebuild``). Memory
is bounded by one page of facts and one portion of scopes, whatever the ledger's length.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ledger import lanes
from ledger.ledger import Ledger
from ledger.tenants import Tenant
from processors.backfill import backfill
from processors.batch import PUBLICATIONS
from processors.fold import Fold
from processors.ports import Announced, Effects, Pages
from processors.rules.book import Book
from processors.rules.linear import AnyRule, scoped
from processors.rules.protocol import Evidence
from processors.scopes import Scopes
from processors.shelf import Shelf, Touched
from processors.standing import fetching
from processors.warm import Scope
from projections.judged import judge_all
from projections.recorded import Recorded, index_line, last_decided, parked_after
from projections.slices import Slices
from projections.store import SqlStore

Tell = Callable[[int, int, int], None]
"""(facts filed, verdicts heard, facts judged) since it was told last."""


@dataclass(frozen=True, slots=True)
class Filed:
    """How far the bulk went, in both lanes, and the book there."""

    place: int
    said: int
    book: Book


class Unread(Scopes):
    """Nothing is judged: no scope is taken from the store, none has to be judged, and in each of them nothing stands."""

    def warm(self, rule: str, scopes: Iterable[str]) -> None:
        """Nothing is wanted."""

    def get(self, rule: str, name: str) -> Scope:
        return Scope()

    def touched(self, rule: str, entry: Evidence) -> list[str]:
        return []


class Files(Shelf):
    """A shelf for filing alone."""

    def __init__(self, pages: Pages) -> None:
        super().__init__(pages, scopes=Unread(pages))

    def enter(self, rule: str, entries: Sequence[Evidence], touched: Touched) -> None:
        self.note(rule, entries)

    def announced(self, rule: str, scope: str, row_id: str) -> dict[str, Announced]:
        """As it was written, then as it was said since."""
        found = {a.kind: a for a in self.pages.announced(rule, (scope,)) if a.row_id == row_id}
        return found | self.said_of(rule, scope, row_id)

    def say(self, rule: str, said: Announced) -> None:
        self.note_said(rule, said)


class Bulk:
    """One tenant into the empty tables of ``store``."""

    def __init__(self, ledger: Ledger, store: SqlStore, rules: Sequence[AnyRule], tenant: Tenant) -> None:
        self.ledger = ledger
        self.store = store
        self.rules = tuple(rules)
        self.tenant = tenant
        self._slices = Slices(store, ledger.writer, tenant.number)
        self._filed = 0
        """Pieces of evidence."""

    def run(self, tell: Tell) -> Filed:
        """File everything, then judge everything. Raises what a rule raises: a rebuild parks nothing."""
        filed = Filed(0, 0, Book.empty())
        last = last_decided(self.ledger, self.tenant)
        if last is None:
            return filed
        recorded = Recorded(self.ledger, self.tenant, last)
        while (further := self._file(filed, recorded, tell)) is not None:
            filed = further
        done = told = 0
        for rule in scoped(self.rules):
            for judged in judge_all(
                self.ledger, self.store, self.tenant, rule, filed.book, last.recorded, self._slices.write
            ):
                done += judged
                far = filed.place * done // self._filed
                tell(0, 0, far - told)
                told = far
        tell(0, 0, filed.place - told)  # what is void is not judged
        return filed

    def _file(self, at: Filed, recorded: Recorded, tell: Tell) -> Filed | None:
        """One page of either lane; how far that is. None: all is filed."""
        with self.ledger.database.read() as conn:
            facts, verdicts = recorded.page(conn, at.place, at.said)
            if not facts and not verdicts:
                return None
            upto = facts[-1].place if facts else at.place
            state = lanes.engine_state(conn, self.tenant)
            pages = self.store.pages(conn, self.tenant.number)
            fetch = fetching(self.ledger, conn, self.tenant, pages.said_at)
            fold = Fold(self.rules, at.book, Files(pages), fetch, concluding=False)
            fold.entering.prepare(facts, fold.book)
            parked = parked_after(verdicts)
            effects = Effects(expect=state, decided=upto, advanced=0)
            heard = deque(verdicts)
            for place, fact in [(at.place, None), *((one.place, one) for one in facts)]:
                fold.entering.parked = parked.get(place, frozenset())
                if fact is not None:
                    fold.place(fact)
                    if fact.type in PUBLICATIONS:
                        backfill(fold, self.ledger, conn, self.tenant, fact, at.book)
                while heard and heard[0].after <= place:
                    following = heard.popleft()
                    fold.hear(following)
                    effects.said.append(index_line(following))
            effects.publications, effects.unneeded = fold.publications, fold.unneeded
            fold.shelf.collect(effects)
        self._slices.write(effects)
        self._filed += len(effects.evidence)
        tell(len(facts), len(verdicts), 0)
        return Filed(upto, verdicts[-1].place if verdicts else at.said, fold.book)
