"""What becomes of the rows of a scope: carried on by what came newest where the rule can, else judged from all evidence
(invariant 7); and what they have to say now, asked before any of it is said, since a rule may fail on that too."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from processors.conclude import Concluding, Saying, Words, words
from processors.rules.book import Book
from processors.rules.protocol import Carrying, Evidence, Row
from processors.ruleset import Ruleset
from processors.shelf import JUDGE, Shelf, Touched
from processors.warm import Key, Scope
from schemas.event import Event
from schemas.instants import NEVER, Instant

Change = tuple[Row | None, Row | None, Instant, Words | None]
"""(row as judged now, row as it was, its next instant, what it has to say now)."""

Changed = dict[Key, Change]
"""By (rule, row id)."""

_NONE: tuple[None, Instant] = (None, NEVER)


class Judging:
    """On one shelf; it changes no row there, it says what became of them. ``live`` False: a rule that fails is not parked,
    its error is raised (rebuild)."""

    def __init__(self, rules: Ruleset, shelf: Shelf, said: Concluding, *, live: bool) -> None:
        self._rules = rules
        self._shelf = shelf
        self._said = said
        self._live = live

    def judge(self, touched: Touched, book: Book, saying: Saying, event: Event | None) -> Changed:
        """Judge these scopes. A rule that fails on ``event`` parks it, and what it filed of it is taken out again; a scope on
        which it fails then too, for what the event took out, keeps its rows until it is resumed. Where time or a publication
        alone has them judged there is none to park: the error is raised, and the engine stops there."""
        changed: Changed = {}
        unfiled: set[Key] = set()
        for key in sorted(touched) if len(touched) > 1 else touched:
            if key in unfiled:  # judged without the event; what came newest in it is not there any more
                continue
            name, scope = key
            try:
                self._judge_scope(name, scope, touched[key], book, saying.at, changed)
            except Exception as error:
                if event is None or not self._live:
                    raise
                changed = _without(changed, name, scope)
                for judged in self._shelf.unfile(name, event.event_id):
                    unfiled.add((name, judged))
                    changed = _without(changed, name, judged)
                    again: Changed = {}
                    with suppress(Exception):  # for want of what the event took out
                        self._judge_scope(name, judged, JUDGE, book, saying.at, again)
                        changed |= again
                self._said.park(self._rules.judging[name], event, error, saying)
        return changed

    def look(self, name: str, row: Row, book: Book, at: Instant) -> Change:
        """A row that stands as it was, of which more may be said now. Raises what the rule raises: no event is in hand."""
        return self._kept(name, self._shelf.scopes.get(name, row.scope), row, row, book, at)

    def _kept(self, name: str, held: Scope, row: Row, before: Row | None, book: Book, at: Instant) -> Change:
        """Marks are made where they are read alone: most of them lie ahead."""
        instants = self._rules.instants[name](row, book)
        later = [one for one in instants if one > at] if instants else instants
        upcoming, said = min(later) if later else NEVER, held.said.get(row.id)
        if not self._live or (len(later) == len(instants) and not said):
            return row, before, upcoming, None
        rule = self._rules.judging[name]
        return row, before, upcoming, words(rule, row, rule.marks(row, book), said or {}, book, at)

    def _gone(self, name: str, held: Scope, before: Row, book: Book, at: Instant) -> Change:
        said = held.said.get(before.id)
        if not self._live or not said:
            return None, before, NEVER, None
        return None, before, NEVER, words(self._rules.judging[name], before, (), said, book, at)

    def _judge_scope(
        self, name: str, scope: str, came: int, book: Book, at: Instant, changed: Changed
    ) -> None:
        """Note what becomes of the rows of a scope: carried on where the rule can, else judged from all evidence."""
        held = self._shelf.scopes.get(name, scope)
        if came != JUDGE and not held.links and (rule := self._rules.carrying.get(name)) is not None:
            stood = [row for row, _ in held.rows.values()] if held.rows else ()
            rows = carry_on(rule, stood, held.evidence, book, came)
            if rows is stood:
                return
            if rows is not None:
                for row in rows:
                    before, _ = held.rows.get(row.id, _NONE)
                    if row is not before:
                        changed[(name, row.id)] = self._kept(name, held, row, before, book, at)
                return
        seen = self._shelf.scopes.seen_by(name, scope) if held.links else held.evidence
        judged = {row.id: row for row in self._rules.judging[name].judge(scope, seen, book)}
        for row_id, row in judged.items():
            before, _ = held.rows.get(row_id, _NONE)
            if before is not row and before != row:
                changed[(name, row_id)] = self._kept(name, held, row, before, book, at)
        for row_id, (row, _) in held.rows.items():
            if row_id not in judged:
                changed[(name, row_id)] = self._gone(name, held, row, book, at)


def carry_on(
    rule: Carrying, rows: Sequence[Row], evidence: Sequence[Evidence], book: Book, came: int
) -> Sequence[Row] | None:
    """The rows of a scope whose newest pieces of evidence, so many, are all that came: one after the other."""
    while came > 1:
        came -= 1
        so_far = rule.carry(rows, evidence[:-came], book)
        if so_far is None:
            return None
        rows = so_far
    return rule.carry(rows, evidence, book)


def _without(changed: Changed, name: str, scope: str) -> Changed:
    """All but the rows of a scope."""
    return {
        key: change
        for key, change in changed.items()
        if key[0] != name or all(row is None or row.scope != scope for row in change[:2])
    }
