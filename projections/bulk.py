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
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby
from operator import itemgetter

from sqlalchemy import ColumnElement, Connection, bindparam, literal_column, select

from ledger import lanes
from ledger.hot import Hot
from ledger.ledger import Ledger
from ledger.tenants import Tenant
from processors.backfill import backfill
from processors.engine import up_to_publication
from processors.fold import PUBLICATIONS, Fold
from processors.ports import Announced, Effects, Pages, Said, Written
from processors.rules.book import Book
from processors.rules.linear import AnyRule, scoped
from processors.rules.protocol import IN_ORDER, LINK, PARTIAL, Evidence, Filing, Row, Rule, ahead
from processors.shelf import Shelf
from processors.standing import fetching
from projections.store import SqlStore
from projections.tables import SetTables
from schemas.event import Event
from schemas.instants import Instant

PAGE = 2000
"""Facts filed at once."""
PORTION = 8000
"""Pieces of evidence judged at once, at least one whole scope."""
SLICE = 400
"""Lines of one transaction: those who append wait behind it."""

Tell = Callable[[int, int], None]
"""(facts filed, verdicts heard) since it was told last."""


@dataclass(frozen=True, slots=True)
class Filed:
    """How far the bulk went, in both lanes, and the book there."""

    place: int
    said: int
    book: Book


class Files(Shelf):
    """A shelf for filing alone: it takes no scope from the store and names none to be judged."""

    def warm(self, rule: str, scopes: Iterable[str]) -> None:
        """Nothing is judged, so nothing is wanted."""

    def add(self, rule: str, entry: Evidence) -> bool:
        self.note(rule, entry)
        return False

    def touched(self, rule: str, entry: Evidence | Filing) -> list[str]:
        return []

    def _take_out(self, rule: str, entry: Evidence) -> None:
        """It stands in no scope in memory."""

    def find(self, rule: str, scope: str, row_id: str) -> Row | None:
        return None

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
        self._ahead: deque[Event] = deque()
        """Verdicts that were read and not heard yet."""

    def run(self, tell: Tell) -> Filed:
        """File everything, then judge everything. Raises what a rule raises: a rebuild parks nothing."""
        last = self._last()
        if last is None:
            return Filed(0, 0, Book.empty())
        book = Book.empty()
        place = said = 0
        while place < last.place:
            place, heard, book = self._file(place, said, last, book, tell)
            said = heard
        for rule in scoped(self.rules):
            self._judge(rule, book, last.recorded)
        return Filed(place, said, book)

    def _last(self) -> Event | None:
        """The last decided fact that is no publication: all that was due by then, and all recalled, is concluded."""
        with self.ledger.database.read() as conn:
            place = lanes.engine_state(conn, self.tenant).decided
            while place:
                fact = self.ledger.facts(conn, self.tenant, place - 1, 1)[0]
                if fact.type not in PUBLICATIONS:
                    return fact
                place -= 1
        return None

    # -- filing

    def _file(self, place: int, said: int, last: Event, before: Book, tell: Tell) -> tuple[int, int, Book]:
        """One page of facts with the verdicts that follow them; (place, verdict place, book) reached."""
        with self.ledger.database.read() as conn:
            read = self.ledger.facts(conn, self.tenant, place, min(PAGE, last.place - place))
            facts = up_to_publication(read)
            upto = facts[-1]
            state = lanes.engine_state(conn, self.tenant)
            pages = self.store.pages(conn, self.tenant.number)
            fetch = fetching(self.ledger, conn, self.tenant)
            fold = Fold(self.rules, before, Files(pages), fetch, concluding=False)
            fold.prepare(facts)
            verdicts = self._verdicts(conn, said, upto, last)
            parked = parked_after(verdicts)
            effects = Effects(expect=state, decided=upto.place, advanced=0)
            heard = iter(verdicts)
            following = next(heard, None)
            for fact in facts:
                fold.parked = parked.get(fact.place, frozenset())
                fold.place(fact)
                if fact.type in PUBLICATIONS:
                    backfill(fold, self.ledger, conn, self.tenant, fact, before)
                while following is not None and following.after <= fact.place:
                    fold.hear(following)
                    effects.said.append(index_line(following))
                    said = following.place
                    following = next(heard, None)
            effects.publications, effects.unneeded = fold.publications, fold.unneeded
            fold.shelf.collect(effects)
        self._write(effects)
        tell(len(facts), len(verdicts))
        return upto.place, said, fold.book

    def _verdicts(self, conn: Connection, said: int, upto: Event, last: Event) -> list[Event]:
        """Those that follow the facts of a page; behind the last fact only what it brought about itself."""
        taken: list[Event] = []
        while True:
            if not self._ahead:
                self._ahead.extend(self.ledger.verdicts(conn, self.tenant, said, PAGE))
                if not self._ahead:
                    return taken
            verdict = self._ahead[0]
            at = int(verdict.origin["at"])
            if verdict.after > upto.place or (verdict.after == last.place and at > last.recorded):
                return taken
            taken.append(replace(self._ahead.popleft(), recorded=at))
            said = verdict.place

    def _write(self, effects: Effects) -> None:
        """In slices; nobody reads the set before it is whole."""
        number, store = self.tenant.number, self.store

        def slices() -> Iterator[Effects]:
            empty = Effects(expect=effects.expect, decided=0, advanced=0)
            for name in ("evidence", "rows", "sums", "announced", "said"):
                lines = getattr(effects, name)
                for start in range(0, len(lines), SLICE):
                    yield replace(empty, **{name: lines[start : start + SLICE]})
            yield replace(
                empty,
                parked=effects.parked,
                publications=effects.publications,
                unneeded=effects.unneeded,
            )

        jobs = [lambda conn, e=part: store.write(conn, number, e) for part in slices()]
        for job in jobs:
            self.ledger.writer.call(job)

    # -- judging

    def _judge(self, rule: Rule, book: Book, at: Instant) -> None:
        """Every scope of a rule, as its evidence stands at ``at``; the next instant of a row lies behind that."""
        behind = ""
        while True:
            with self.ledger.database.read() as conn:
                state = lanes.engine_state(conn, self.tenant)
                pages = self.store.pages(conn, self.tenant.number)
                scopes = self._portion(conn, rule, behind)
                if not scopes:
                    return
                behind = scopes[-1][0]
                effects = Effects(expect=state, decided=0, advanced=0)
                for scope, evidence in whole_scopes(pages, rule.name, scopes):
                    for row in rule.judge(scope, evidence, book):
                        effects.rows.append(Written(row, ahead(rule.marks(row, book), at)))
            self._write(effects)

    def _portion(self, conn: Connection, rule: Rule, behind: str) -> list[tuple[str, list[Evidence]]]:
        """Standing evidence of the next scopes, each whole."""
        most = PORTION
        ask = _following(self.store.tables)
        while True:
            lines = ask(
                conn, tenant=self.tenant.number, rule=rule.name, behind=behind, before=PARTIAL, most=most
            )
            scopes = [
                (scope, [Evidence._make(line) for line in group])
                for scope, group in groupby(lines, key=itemgetter(0))
            ]
            if len(lines) < most:
                return scopes
            if len(scopes) > 1:
                return scopes[:-1]  # the last may go on
            most *= 4


@lru_cache(maxsize=32)
def _following(tables: SetTables) -> Hot:
    """In the order in which it lies there. Names of partial scopes are the last of all (``PARTIAL``)."""
    e = tables.evidence
    zero: ColumnElement[int] = literal_column("0")
    return Hot(
        select(*(e.c[name] for name in Evidence._fields))
        .where(e.c.tenant == bindparam("tenant"), e.c.rule == bindparam("rule"))
        .where(e.c.scope > bindparam("behind"), e.c.scope < bindparam("before"), e.c.voided == zero)
        .order_by(e.c.scope, e.c.time, e.c.rank, e.c.event_id, e.c.slot, e.c.link)
        .limit(bindparam("most"))
    )


def whole_scopes(
    pages: Pages, rule: str, scopes: Sequence[tuple[str, list[Evidence]]]
) -> Iterator[tuple[str, list[Evidence]]]:
    """Each with the evidence of the partial scopes that it reads, in order of happening."""
    links = {entry.link for _, evidence in scopes for entry in evidence if entry.slot == LINK}
    partial = pages.evidence(rule, sorted(links)) if links else {}
    for scope, evidence in scopes:
        linked = {entry.link for entry in evidence if entry.slot == LINK}
        if linked:
            evidence = [entry for entry in evidence if entry.slot != LINK]
            for name in linked:
                evidence.extend(partial.get(name, ()))
            evidence.sort(key=IN_ORDER)
        yield scope, evidence


def parked_after(verdicts: Iterable[Event]) -> dict[int, set[tuple[str, str]]]:
    """Fact place -> (rule, event) that the recorded lane says was parked there."""
    parked: dict[int, set[tuple[str, str]]] = {}
    for verdict in verdicts:
        if verdict.type == "event.parked":
            key = (str(verdict.data["rule"]), str(verdict.data["parked_event"]))
            parked.setdefault(verdict.after, set()).add(key)
    return parked


def index_line(verdict: Event) -> Said:
    """Where a recorded verdict stands."""
    return Said(
        place=verdict.place,
        case_id=verdict.case_id,
        row_id=str(verdict.origin["row"]),
        verdict_id=verdict.event_id,
    )
