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
from processors.origin import scope_said
from processors.parked import EVENT_UNPARKED, stops
from processors.ports import Announced, Effects, Pages, Written
from processors.rules.book import Book
from processors.rules.linear import AnyRule, scoped
from processors.rules.protocol import IN_ORDER, LINK, Evidence, Row
from processors.scopes import Scopes
from processors.shelf import Shelf, Touched
from processors.standing import fetching
from processors.warm import Key, Scope
from projections.judged import judge_all
from projections.recorded import (
    Recorded,
    index_line,
    last_decided,
    parked_after,
    placed,
    said_at_once,
    stopped_in,
)
from projections.slices import Slices
from projections.store import SqlStore
from schemas.event import Event
from schemas.instants import NEVER

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

    def seen_by(self, rule: str, scope: str) -> list[Evidence]:
        """What a scope is judged by, as it was written and as it was noted since, in order of happening."""
        own = self._standing(rule, (scope,))
        links = sorted({entry.link for entry in own if entry.slot == LINK})
        seen = [*own, *(self._standing(rule, links) if links else ())]
        return sorted((entry for entry in seen if entry.slot != LINK), key=IN_ORDER)

    def _standing(self, rule: str, scopes: Sequence[str]) -> list[Evidence]:
        written = [entry for entries in self.pages.evidence(rule, scopes).values() for entry in entries]
        noted = [e for name, entries in self.noted() if name == rule for e in entries if e.scope in scopes]
        last = {(e.scope, e.event_id, e.slot, e.link): e for e in (*written, *noted)}
        return [entry for entry in last.values() if not entry.voided]


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
        self._still: dict[Key, list[Row]] = {}
        """The scopes that stand still, with their rows as they were when they began to."""

    def run(self, tell: Tell) -> Filed:
        """File everything, then judge everything. Raises what a rule raises: a rebuild parks nothing."""
        filed = Filed(0, 0, Book.empty())
        last = last_decided(self.ledger, self.tenant)
        if last is None:
            return filed
        recorded = Recorded(self.ledger, self.tenant, last)
        while (further := self._file(filed, recorded, tell)) is not None:
            filed = further
        self._write_still()
        done = told = 0
        for rule in scoped(self.rules):
            for judged in judge_all(
                self.ledger,
                self.store,
                self.tenant,
                rule,
                filed.book,
                last.recorded,
                self._still,
                self._slices.write,
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
            files = Files(pages)
            fold = Fold(self.rules, at.book, files, fetch, concluding=False)
            fold.entering.prepare(facts, fold.book)
            parked = parked_after(verdicts)
            effects = Effects(expect=state, decided=upto, advanced=0)
            said = {placed(one) for one in verdicts}
            heard, stopped = deque(verdicts), stopped_in(verdicts)
            for place, fact in [(at.place, None), *((one.place, one) for one in facts)]:
                fold.entering.parked = parked.get(place, frozenset())
                if fact is not None:
                    if fact.type in PUBLICATIONS:
                        stopped |= stopped_in(said_at_once(self.ledger, conn, self.tenant, fact, verdicts))
                    for stop, keys in stopped.items():
                        if stop[:2] == (place, fact.recorded) and stop not in said:
                            self._stop(keys, files, fold.book)
                    fold.place(fact)
                    if fact.type in PUBLICATIONS:
                        backfill(fold, self.ledger, conn, self.tenant, fact, at.book)
                while heard and heard[0].after <= place:
                    following = heard.popleft()
                    self._stop(stopped.get(placed(following), ()), files, fold.book)
                    fold.hear(following)
                    self._heard(following, files, fold.book)
                    effects.said.append(index_line(following))
            effects.publications, effects.unneeded = fold.publications, fold.unneeded
            fold.shelf.collect(effects)
        self._slices.write(effects)
        self._filed += len(effects.evidence)
        tell(len(facts), len(verdicts), 0)
        return Filed(upto, verdicts[-1].place if verdicts else at.said, fold.book)

    # -- what stands still (invariant 14) is not judged at the end

    def _heard(self, verdict: Event, files: Files, book: Book) -> None:
        key = (str(verdict.origin["rule"]), scope_said(verdict))
        if stops(verdict):
            self._stop((key,), files, book)
        elif verdict.type == EVENT_UNPARKED:
            del self._still[key]

    def _stop(self, keys: Iterable[Key], files: Files, book: Book) -> None:
        """Their rows are what was made of them last: before the event, or by the book before the publication, on which the rule
        failed; else as they are when it is said."""
        for name, scope in keys:
            if (name, scope) not in self._still:
                (rule,) = [rule for rule in scoped(self.rules) if rule.name == name]
                seen = files.seen_by(name, scope)
                self._still[(name, scope)] = list(rule.judge(scope, seen, book)) if seen else []

    def _write_still(self) -> None:
        with self.ledger.database.read() as conn:
            state = lanes.engine_state(conn, self.tenant)
        rows = [Written(row, NEVER) for kept in self._still.values() for row in kept]
        self._slices.write(Effects(expect=state, decided=0, advanced=0, rows=rows))
