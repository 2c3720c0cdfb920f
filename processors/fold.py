"""The fold: one tenant's facts in order, on one line of recorded time (invariant 7).

``advance``  concludes every row whose next instant has come, in order of instants.
``place``    files one fact, judges the scopes it touched, concludes the rows that changed.
``hear``     takes a verdict of the recorded lane as it stands (rebuild and replay) and concludes nothing.

The fold knows no SQL and no clock; it works on a shelf. What follows from a row is in ``conclude.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from functools import lru_cache
from typing import NamedTuple

from processors.conclude import Concluding, Saying
from processors.ports import Recall
from processors.rows import Bound, whole
from processors.rules.book import Book
from processors.rules.linear import AnyRule, LinearRule, filings, linear, scoped
from processors.rules.protocol import Carrying, Evidence, Filing, Foreseeing, Row, Rule
from processors.rules.sources import LONGEST, REPORTED
from processors.shelf import JUDGE, Shelf, Touched
from processors.standing import Fetch
from processors.warm import Key
from schemas.catalogue import CATALOGUE
from schemas.event import Event
from schemas.identity import verdict_id
from schemas.instants import NEVER, Instant

DEPTH = 64
"""How many verdicts may follow from one another at one instant; more is a circle that publishing should have refused. Far
above any chain of policies that somebody would write: a retraction runs down the whole of it, and an engine that stops
here stops for good."""

PUBLICATIONS = frozenset({"policy.published", "calendar.published", "roles.published", REPORTED})
"""They change what is due when: a batch ends with each."""

Changed = dict[tuple[str, str], tuple[Row | None, Row | None]]
"""(rule, row id) -> (row as judged now, row as it was)."""


Known = dict[tuple[str, str, str, str, Instant], Instant]
"""(rule, scope, slot, link, time) of what a correction took out -> since when that was known."""


def up_to_publication(facts: Sequence[Event]) -> list[Event]:
    """The book does not change within a batch: a publication ends it, and stands alone if it comes first."""
    for index, fact in enumerate(facts):
        if fact.type in PUBLICATIONS:
            return list(facts[: index or 1])
    return list(facts)


class Circle(RuntimeError):
    """Verdicts follow from one another without end: a policy's trigger names its own obligation."""


class UnknownType(RuntimeError):
    """The running code lacks this event type or version. The engine stops here; nothing is skipped (invariant 14)."""


class Fold:
    """Runs the rules over one shelf and collects what follows.

    ``fetch`` gives a fact by its event id, None if it was corrected or withdrawn up to the place in hand.
    ``concluding`` False makes a fold that only hears verdicts (rebuild); it keeps out what the recorded lane says
    was ``parked`` at the fact in hand.
    """

    def __init__(
        self,
        rules: Sequence[AnyRule],
        book: Book,
        shelf: Shelf,
        fetch: Fetch,
        parked: Set[Key] = frozenset(),
        *,
        concluding: bool = True,
    ) -> None:
        self.every, self.rules, self.linear, self._carrying, self._instants = _by_name(tuple(rules))
        self.book = book
        self.shelf = shelf
        self.publications: list[int] = []
        self.unneeded: list[int] = []
        """Places of former publications that the book can do without."""
        self.recalls: list[Recall] = []
        self.said = Concluding(shelf)
        self._fetch = fetch
        self.parked: Set[Key] = parked
        self._live = concluding
        self._filed: dict[tuple[str, str], Sequence[Filing] | Exception] = {}

    def prepare(self, events: Iterable[Event]) -> None:
        """File ahead, so that the store is asked for all scopes of the batch at once. Filing is pure and the book does
        not change within a batch (a publication ends it)."""
        wanted: dict[str, set[str]] = {name: set() for name in self.rules}
        targets: list[str] = []
        for event in events:
            if event.corrects:
                targets.append(event.corrects)
            for rule in self.rules.values():
                filed = self._filed[(rule.name, event.event_id)] = self._file(rule, event)
                if filed and not isinstance(filed, Exception):
                    wanted[rule.name].update([f.scope for f in filed])
        self.shelf.know(targets)
        for name, scopes in wanted.items():
            self.shelf.scopes.warm(name, scopes)

    def take(self, facts: Sequence[Event]) -> None:
        """A batch of facts (``up_to_publication``), each on the line of recorded time."""
        self.prepare(facts)
        for fact in facts:
            self.advance(whole(fact.recorded), fact.place - 1)
            self.place(fact)

    def advance(self, bound: Bound, after: int) -> None:
        """Conclude every row whose next instant comes up to ``bound``, in order of (instant, rule, row id)."""
        while (due := self.shelf.rows.next_due(bound)) is not None:
            at, name, row = due
            saying = Saying(at=at, after=after, cause="")
            changed: Changed = {}
            if (
                at in self.book.instants
            ):  # recalled by a publication; else nothing changed since it was judged
                changed = self._judge_all({(name, row.scope): JUDGE}, saying, None)
            if (name, row.id) not in changed:
                changed[(name, row.id)] = (row, row)
            self._conclude_all(changed, saying, 0)

    def place(self, event: Event) -> None:
        """File a fact and conclude what it changed, at its recorded instant."""
        known = CATALOGUE.get(event.type)
        if known is None or known.version < event.version:
            raise UnknownType(
                f"{event.type} version {event.version} at place {event.place} is not known to this version of Touchline"
            )
        at = event.recorded
        touched: Touched = {}
        since: Known = {}
        if event.corrects:
            left, taken = self.shelf.void(event.corrects, at, event.event_id)
            touched = dict.fromkeys(left, JUDGE)
            since = {(r, e.scope, e.slot, e.link, e.time): e.known or e.recorded for r, e in taken}
        saying = Saying(at, event.after, event.event_id)
        if event.type in PUBLICATIONS:  # first: a policy may be opened by the very event that publishes it
            self._publish(event)
        else:
            self._hear_of_source(event)
        for rule in self.every.values():
            self._enter(rule, event, saying, touched, since)
        self._settle(touched, saying, event, 0)
        if event.type == "event.resumed":
            self._resume(event, saying)

    def hear(self, verdict: Event) -> None:
        """Apply a verdict of the recorded lane: what it announced or retracted, its evidence, the rows it changes."""
        at = int(verdict.origin["at"])
        touched = dict.fromkeys(self.said.hear(verdict), JUDGE)
        saying = Saying(at=at, after=verdict.after, cause="")
        for rule in self.rules.values():
            self._enter(rule, verdict, saying, touched)
        self._settle(touched, saying, verdict, 0)
        name, scope, row_id = (str(verdict.origin[k]) for k in ("rule", "scope", "row"))
        if (row := self.shelf.rows.find(name, scope, row_id)) is not None:
            self.shelf.rows.put(name, row, self.next_after(name, row, at))

    def recall(self, rule: str, scopes: Iterable[str], at: Instant, after: int) -> None:
        """Judge these scopes again, after a publication that may date what stood undated."""
        saying = Saying(at=at, after=after, cause="")
        touched = dict.fromkeys(((rule, scope) for scope in scopes), JUDGE)
        self._conclude_all(self._judge_all(touched, saying, None), saying, 0)

    def next_after(self, name: str, row: Row, at: Instant) -> Instant:
        """The first instant after ``at`` at which more stands of the row."""
        return min([one for one in self._instants[name](row, self.book) if one > at], default=NEVER)

    # -- filing

    def _file(self, rule: AnyRule, event: Event) -> Sequence[Filing] | Exception:
        try:
            adder = self.linear.get(rule.name)
            if adder is not None:
                return filings(adder, event, self.book)
            return tuple(self.rules[rule.name].file(event, self.book))
        except Exception as error:  # a rule's fault is its own: parked and named, the others go on
            return error

    def _enter(
        self, rule: AnyRule, event: Event, saying: Saying, touched: Touched, known: Known | None = None
    ) -> None:
        """Let an event in as evidence of one rule, and note what that touches."""
        name, shelf = rule.name, self.shelf
        if not self._live and (name, event.event_id) in self.parked:
            return
        filed = self._filed.pop((name, event.event_id), None)
        if filed is None:
            filed = self._file(rule, event)
        if not filed:
            return
        if isinstance(filed, Exception):
            if not self._live:  # a rebuild stops; it never parks
                raise filed
            self.said.park(rule, event, filed, saying)
            return
        entries = as_evidence(filed, event)
        if name in self.linear:
            for entry in entries:
                shelf.count(name, entry)
            return
        if known:
            entries = [
                entry._replace(known=known.get((name, entry.scope, entry.slot, entry.link, entry.time), 0))
                for entry in entries
            ]
        shelf.enter(name, entries, touched)

    def _hear_of_source(self, event: Event) -> None:
        """The first of its type from its source, or what a source may delay: filing does not depend on it, and no row is
        looked at before its time for it."""
        book = self.book.hear(event)
        if book is not self.book:
            self.book = book
            self.publications.append(event.place)

    def _publish(self, event: Event) -> None:
        before, self.book = self.book, self.book.add(event).hear(event)
        if before is self.book:  # a report that tells nothing new
            return
        self.unneeded += before.sources.superseded(self.book.sources)
        self._filed.clear()
        self.publications.append(event.place)
        for rule in self.rules.values():
            for table, column, value in rule.unsettled(event, self.book):
                reach = LONGEST if event.type == REPORTED else 0
                self.recalls.append(Recall(table, column, value, event.recorded, reach))

    def _resume(self, event: Event, saying: Saying) -> None:
        """Let a parked event in. One that is not parked (any more) is in already; one that fails again is parked again."""
        rule = self.every.get(str(event.data["rule"]))
        parked = self._fetch(str(event.data["parked_event"]), event.place)
        if rule is None or parked is None or not self.shelf.parked.resume(rule.name, parked.event_id):
            return
        touched: Touched = {}
        self._enter(rule, parked, saying, touched)
        self._settle(touched, saying, parked, 0)

    def file_missing(self, event: Event, held: Set[Key], saying: Saying) -> list[Key]:
        """File an older fact where its evidence does not stand yet, for what a publication listens to (``backfill``).
        What is ``held``, parked and not resumed, stays out; a rule that fails parks it. Returns the scopes to judge."""
        self.shelf.know((event.event_id,))
        touched: Touched = {}
        for rule in self.rules.values():
            if (rule.name, event.event_id) in held or (rule.name, event.event_id) in self.parked:
                continue
            have = self.shelf.filed(rule.name, event.event_id)
            try:
                filed = tuple(rule.file(event, self.book))
            except Exception as error:
                if not self._live:
                    raise
                self.said.park(rule, event, error, saying)
                continue
            for filing in filed:
                if (filing.scope, filing.slot, filing.link) not in have:
                    self.shelf.enter(rule.name, as_evidence((filing,), event), touched)
        return list(touched)

    def settle_missing(self, touched: Iterable[Key], saying: Saying) -> None:
        """Judge what was filed for a publication: a recurring duty goes on from it, though its trigger is older."""
        self._conclude_all(self._judge_all(dict.fromkeys(touched, JUDGE), saying, None), saying, 0)

    # -- judging and concluding

    def _settle(self, touched: Touched, saying: Saying, event: Event, depth: int) -> None:
        if depth > DEPTH:
            raise Circle(f"more than {DEPTH} verdicts follow from one another after fact {saying.after}")
        if touched:
            self._conclude_all(self._judge_all(touched, saying, event), saying, depth)

    def _judge_all(self, touched: Touched, saying: Saying, event: Event | None) -> Changed:
        changed: Changed = {}
        for key in sorted(touched) if len(touched) > 1 else touched:
            name, scope = key
            try:
                self._judge(name, scope, touched[key], changed)
            except Exception as error:
                if event is None or not self._live:
                    raise
                for judged in self.shelf.unfile(name, event.event_id):
                    changed = {k: v for k, v in changed.items() if not _of(k, v, name, judged)}
                    self._judge(name, judged, JUDGE, changed)
                self.said.park(self.rules[name], event, error, saying)
        return changed

    def _judge(self, name: str, scope: str, came: int, changed: Changed) -> None:
        """Note what becomes of the rows of a scope: carried on where the rule can, else judged from all evidence."""
        held = self.shelf.scopes.get(name, scope)
        if came != JUDGE and not held.links and (rule := self._carrying.get(name)) is not None:
            stood = [row for row, _ in held.rows.values()] if held.rows else ()
            rows = self._carry(rule, stood, held.evidence, came)
            if rows is stood:
                return
            if rows is not None:
                for row in rows:
                    before, _ = held.rows.get(row.id, _NONE)
                    if row is not before:
                        changed[(name, row.id)] = (row, before)
                return
        seen = self.shelf.scopes.seen_by(name, scope) if held.links else held.evidence
        judged = {row.id: row for row in self.rules[name].judge(scope, seen, self.book)}
        for row_id, row in judged.items():
            before, _ = held.rows.get(row_id, _NONE)
            if before is not row and before != row:
                changed[(name, row_id)] = (row, before)
        for row_id, (row, _) in held.rows.items():
            if row_id not in judged:
                changed[(name, row_id)] = (None, row)

    def _carry(
        self, rule: Carrying, rows: Sequence[Row], evidence: Sequence[Evidence], came: int
    ) -> Sequence[Row] | None:
        """The rows of a scope whose newest pieces of evidence, so many, are all that came: one after the other."""
        while came > 1:
            came -= 1
            so_far = rule.carry(rows, evidence[:-came], self.book)
            if so_far is None:
                return None
            rows = so_far
        return rule.carry(rows, evidence, self.book)

    def _conclude_all(self, changed: Changed, saying: Saying, depth: int) -> None:
        if not changed:
            return
        following: list[tuple[Rule, Row, bool]] = []
        rows, now = self.shelf.rows, saying.at
        for key in sorted(changed) if len(changed) > 1 else tuple(changed):
            name, row_id = key
            row, before = changed[key]
            if row is not None:
                instants = self._instants[name](row, self.book)
                later = [at for at in instants if at > now] if instants else instants
                scope = rows.put(name, row, min(later) if later else NEVER)
                if len(later) < len(instants) or scope.said.get(row_id):
                    following.append((self.rules[name], row, True))
            elif before is not None:
                scope = rows.drop(name, before)
                if scope.said.get(row_id):
                    following.append((self.rules[name], before, False))
        if not self._live:
            return
        for rule, about, kept in following:
            marks = rule.marks(about, self.book) if kept else ()
            for verdict, left in self.said.conclude(rule, about, marks, self.book, saying):
                follows = dict.fromkeys(left, JUDGE)
                for other in self.rules.values():
                    self._enter(other, verdict, saying, follows)
                if follows:
                    inner = Saying(at=saying.at, after=saying.after, cause=verdict.event_id)
                    self._settle(follows, inner, verdict, depth + 1)


_NONE: tuple[None, Instant] = (None, NEVER)


class ByName(NamedTuple):
    """The rules of a fold, by what they can."""

    every: Mapping[str, AnyRule]
    judging: Mapping[str, Rule]
    adding: Mapping[str, LinearRule]
    carrying: Mapping[str, Carrying]
    instants: Mapping[str, Callable[[Row, Book], Sequence[Instant]]]
    """When more stands of a row than before."""


@lru_cache(maxsize=8)
def _by_name(rules: tuple[AnyRule, ...]) -> ByName:
    """To ask an object for a protocol takes as long as to file an event, and there is a fold for every batch."""
    judging = {rule.name: rule for rule in scoped(rules)}
    return ByName(
        every={rule.name: rule for rule in rules},
        judging=judging,
        adding={rule.name: rule for rule in linear(rules)},
        carrying={name: rule for name, rule in judging.items() if isinstance(rule, Carrying)},
        instants={name: _foresight(rule) for name, rule in judging.items()},
    )


def _foresight(rule: Rule) -> Callable[[Row, Book], Sequence[Instant]]:
    if isinstance(rule, Foreseeing):
        return rule.instants
    return lambda row, book: [mark.at for mark in rule.marks(row, book)]


def _of(key: Key, rows: tuple[Row | None, Row | None], name: str, scope: str) -> bool:
    """Is a changed row one of this scope?"""
    return key[0] == name and any(row is not None and row.scope == scope for row in rows)


def as_evidence(filed: Iterable[Filing], event: Event) -> list[Evidence]:
    """Filings with the event's own times, place and id. A verdict's root leaves its generation out: said again, it opens
    the same."""
    root = event.root or event.event_id
    if event.verdict and event.origin:
        root = verdict_id(str(event.origin["row"]), str(event.origin["kind"]), 0)
    event_id, time, recorded, place = event.event_id, event.time, event.recorded, event.after
    rank = CATALOGUE[event.type].rank
    make = (
        tuple.__new__
    )  # of all fields in their order, past the function that takes them by name: in half of its time
    made = []
    for scope, slot, value, link, at in filed:
        when = time if at is None else at
        told = (scope, event_id, slot, when, rank, recorded, place, root, value, link, 0, "", 0)
        made.append(make(Evidence, told))
    return made
