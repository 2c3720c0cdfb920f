"""What an event is evidence of: each rule files it, ahead of its turn where that spares reading, and it is let in.

A rule that fails on an event parks it (invariant 14).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set

from processors.conclude import Concluding, Saying
from processors.rules.book import Book
from processors.rules.linear import AnyRule, filings
from processors.rules.protocol import Evidence, Filing
from processors.ruleset import Ruleset
from processors.shelf import Shelf, Touched
from processors.warm import Key
from schemas.catalogue import CATALOGUE
from schemas.event import Event
from schemas.identity import verdict_id
from schemas.instants import Instant

Known = dict[tuple[str, str, str, str, Instant], Instant]
"""(rule, scope, slot, link, time) of what a correction took out -> since when that was known."""


class Entering:
    """Onto one shelf. ``live`` False: only what the recorded lane lets in enters, and a rule that fails is not parked, its
    error is raised (rebuild)."""

    def __init__(self, rules: Ruleset, shelf: Shelf, said: Concluding, *, live: bool) -> None:
        self._rules = rules
        self._shelf = shelf
        self._said = said
        self._live = live
        self._filed: dict[tuple[str, str], Sequence[Filing] | Exception] = {}
        self.parked: Set[Key] = frozenset()
        """What the recorded lane says was parked at the fact in hand."""

    def prepare(self, events: Iterable[Event], book: Book) -> None:
        """File ahead, so that the store is asked for all scopes of the batch at once. Filing is pure and the book does
        not change within a batch (a publication ends it)."""
        wanted: dict[str, set[str]] = {name: set() for name in self._rules.judging}
        targets: list[str] = []
        for event in events:
            if event.corrects:
                targets.append(event.corrects)
            for rule in self._rules.judging.values():
                filed = self._filed[(rule.name, event.event_id)] = self._file(rule, event, book)
                if filed and not isinstance(filed, Exception):
                    wanted[rule.name].update([f.scope for f in filed])
        self._shelf.know(targets)
        for name, scopes in wanted.items():
            self._shelf.scopes.warm(name, scopes)

    def forget(self) -> None:
        """The book is another: what was filed ahead is not so any more."""
        self._filed.clear()

    def enter(
        self,
        rule: AnyRule,
        event: Event,
        book: Book,
        saying: Saying,
        touched: Touched,
        known: Known | None = None,
    ) -> None:
        """Let an event in as evidence of one rule, and note what that touches."""
        name, shelf = rule.name, self._shelf
        if not self._live and (name, event.event_id) in self.parked:
            return
        filed = self._filed.pop((name, event.event_id), None)
        if filed is None:
            filed = self._file(rule, event, book)
        if not filed:
            return
        if isinstance(filed, Exception):
            if not self._live:  # a rebuild stops; it never parks
                raise filed
            self._said.park(rule, event, filed, saying)
            return
        entries = as_evidence(filed, event)
        if name in self._rules.adding:
            for entry in entries:
                shelf.count(name, entry)
            return
        if known:
            entries = [
                entry._replace(known=known.get((name, entry.scope, entry.slot, entry.link, entry.time), 0))
                for entry in entries
            ]
        shelf.enter(name, entries, touched)

    def missing(self, event: Event, book: Book, held: Set[Key], saying: Saying) -> list[Key]:
        """File an older fact where its evidence does not stand yet, for what a publication listens to (``backfill``).
        What is ``held``, parked and not resumed, stays out; a rule that fails parks it. Returns the scopes to judge."""
        self._shelf.know((event.event_id,))
        touched: Touched = {}
        for rule in self._rules.judging.values():
            if (rule.name, event.event_id) in held or (rule.name, event.event_id) in self.parked:
                continue
            have = self._shelf.filed(rule.name, event.event_id)
            try:
                filed = tuple(rule.file(event, book))
            except Exception as error:
                if not self._live:
                    raise
                self._said.park(rule, event, error, saying)
                continue
            for filing in filed:
                if (filing.scope, filing.slot, filing.link) not in have:
                    self._shelf.enter(rule.name, as_evidence((filing,), event), touched)
        return list(touched)

    def _file(self, rule: AnyRule, event: Event, book: Book) -> Sequence[Filing] | Exception:
        try:
            adder = self._rules.adding.get(rule.name)
            if adder is not None:
                return filings(adder, event, book)
            return tuple(self._rules.judging[rule.name].file(event, book))
        except Exception as error:  # a rule's fault is its own: parked and named, the others go on
            return error


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
