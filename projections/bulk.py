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
from time import perf_counter

from sqlalchemy import ColumnElement, Connection, bindparam, literal_column, select

from ledger import lanes
from ledger.hot import Hot
from ledger.ledger import Ledger
from ledger.tenants import Tenant
from processors.backfill import backfill
from processors.engine import SLICE, UNWAITED, up_to_publication
from processors.fold import PUBLICATIONS, Fold
from processors.ports import Announced, Effects, Pages, Said, Written
from processors.rules.book import Book
from processors.rules.linear import AnyRule, scoped
from processors.rules.protocol import IN_ORDER, LINK, PARTIAL, Evidence, Row, Rule, ahead
from processors.shelf import Shelf, Touched
from processors.standing import fetching
from projections.store import SqlStore
from projections.tables import SetTables
from schemas.event import Event
from schemas.instants import Instant

PAGE = 2000
"""Facts filed at once, and verdicts: of those that fall due between two facts there may be any number."""
PORTION = 8000
"""Pieces of evidence judged at once, at least one whole scope."""
LEAST, FIRST, MOST = 100, 400, 4000
"""Lines of one transaction."""

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

    def enter(self, rule: str, entry: Evidence, touched: Touched) -> None:
        self.note(rule, entry)

    def touched(self, rule: str, entry: Evidence) -> list[str]:
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
        self._facts: list[Event] = []
        self._ahead: deque[Event] = deque()
        """Facts and verdicts that were read and are not filed yet."""
        self._lines = FIRST

    def run(self, tell: Tell) -> Filed:
        """File everything, then judge everything. Raises what a rule raises: a rebuild parks nothing."""
        last = self._last()
        if last is None:
            return Filed(0, 0, Book.empty())
        filed = Filed(0, 0, Book.empty())
        while (further := self._file(filed, last, tell)) is not None:
            filed = further
        for rule in scoped(self.rules):
            self._judge(rule, filed.book, last.recorded)
        return filed

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

    def _file(self, at: Filed, last: Event, tell: Tell) -> Filed | None:
        """One page of either lane; how far that is. None: all is filed."""
        with self.ledger.database.read() as conn:
            facts, verdicts = self._page(conn, at, last)
            if not facts and not verdicts:
                return None
            upto = facts[-1].place if facts else at.place
            state = lanes.engine_state(conn, self.tenant)
            pages = self.store.pages(conn, self.tenant.number)
            fetch = fetching(self.ledger, conn, self.tenant)
            fold = Fold(self.rules, at.book, Files(pages), fetch, concluding=False)
            fold.prepare(facts)
            parked = parked_after(verdicts)
            effects = Effects(expect=state, decided=upto, advanced=0)
            heard = deque(verdicts)
            for place, fact in [(at.place, None), *((one.place, one) for one in facts)]:
                if fact is not None:
                    fold.parked = parked.get(place, frozenset())
                    fold.place(fact)
                    if fact.type in PUBLICATIONS:
                        backfill(fold, self.ledger, conn, self.tenant, fact, at.book)
                while heard and heard[0].after <= place:
                    following = heard.popleft()
                    fold.hear(following)
                    effects.said.append(index_line(following))
            effects.publications, effects.unneeded = fold.publications, fold.unneeded
            fold.shelf.collect(effects)
        self._write(effects)
        tell(len(facts), len(verdicts))
        return Filed(upto, verdicts[-1].place if verdicts else at.said, fold.book)

    def _page(self, conn: Connection, at: Filed, last: Event) -> tuple[list[Event], list[Event]]:
        """The next facts, and the verdicts that follow them and what is filed already. Where there are more of these than a
        page takes, it ends with the last fact of which all are here, or within those of one fact."""
        if not self._facts:
            self._facts = self.ledger.facts(conn, self.tenant, at.place, min(PAGE, last.place - at.place))
        facts = up_to_publication(self._facts)
        verdicts = self._verdicts(conn, at.said, facts[-1].place if facts else at.place, last)
        if len(verdicts) == PAGE:
            end = verdicts[-1].after
            if verdicts[0].after < end:
                while verdicts[-1].after == end:
                    self._ahead.appendleft(verdicts.pop())
                end -= 1
            facts = [fact for fact in facts if fact.place <= end]
        self._facts = self._facts[len(facts) :]
        return facts, verdicts

    def _verdicts(self, conn: Connection, said: int, upto: int, last: Event) -> list[Event]:
        """A page of those that follow the facts up to a place; behind the last fact only what it brought about itself."""
        taken: list[Event] = []
        while len(taken) < PAGE:
            if not self._ahead:
                found = self.ledger.verdicts(conn, self.tenant, said, PAGE)
                self._ahead.extend(replace(one, recorded=int(one.origin["at"])) for one in found)
                if not found:
                    break
            verdict = self._ahead[0]
            if verdict.after > upto or (verdict.after == last.place and verdict.recorded > last.recorded):
                break
            taken.append(self._ahead.popleft())
            said = verdict.place
        return taken

    def _write(self, effects: Effects) -> None:
        """In slices; nobody reads the set before it is whole."""
        empty = Effects(expect=effects.expect, decided=0, advanced=0)
        for name in ("evidence", "rows", "sums", "announced", "said"):
            lines = getattr(effects, name)
            start = 0
            while start < len(lines):
                part = lines[start : start + self._lines]
                start += len(part)
                self._slice(replace(empty, **{name: part}), len(part))
        self._slice(
            replace(
                empty, parked=effects.parked, publications=effects.publications, unneeded=effects.unneeded
            ),
            0,
        )

    def _slice(self, part: Effects, lines: int) -> None:
        """One transaction, and from the time that it took how many lines the next may have: fewer where somebody waits."""
        writer = self.ledger.writer

        def write(conn: Connection) -> float:
            began = perf_counter()
            self.store.fill(conn, self.tenant.number, part)
            return (perf_counter() - began) / (SLICE if writer.waiting() else UNWAITED * SLICE)

        if writer.call(write) > 1:
            self._lines = max(LEAST, self._lines * 3 // 4)
        elif lines == self._lines:
            self._lines = min(MOST, self._lines * 5 // 4)

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
