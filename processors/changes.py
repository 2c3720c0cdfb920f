"""A change: what becomes of a row, and what it has to say now. A scope is carried on by what came newest where the rule can,
else judged from all evidence (invariant 7); what its rows say is asked before any of it is said: a rule may fail there too."""

from __future__ import annotations

from collections.abc import Sequence

from processors.conclude import Words, words
from processors.rules.book import Book
from processors.rules.protocol import Carrying, Evidence, Row
from processors.ruleset import Ruleset
from processors.shelf import JUDGE
from processors.warm import Key, Scope
from schemas.instants import NEVER, Instant

Change = tuple[Row | None, Row | None, Instant, Words | None]
"""(row as judged now, row as it was, its next instant, what it has to say now)."""

Changed = dict[Key, Change]
"""By (rule, row id)."""

_NONE: tuple[None, Instant] = (None, NEVER)


class Changes:
    """By these rules; it changes nothing itself. What a rule raises goes through. ``live`` False: rows say nothing."""

    def __init__(self, rules: Ruleset, *, live: bool) -> None:
        self._rules = rules
        self._live = live

    def of_scope(
        self, key: Key, held: Scope, seen: Sequence[Evidence], came: int, book: Book, at: Instant
    ) -> Changed:
        """The rows of a scope that are others than they were. ``came``: so many of its newest pieces of evidence are all that
        came, or JUDGE."""
        if came != JUDGE and not held.links and (rule := self._rules.carrying.get(key[0])) is not None:
            stood = [row for row, _ in held.rows.values()] if held.rows else ()
            rows = carry_on(rule, stood, held.evidence, book, came)
            if rows is stood:
                return {}
            if rows is not None:
                changed: Changed = {}
                for row in rows:
                    before, _ = held.rows.get(row.id, _NONE)
                    if row is not before:
                        changed[(key[0], row.id)] = self.of_row(key[0], held, row, before, book, at)
                return changed
        return self.judged(key, held, seen, book, at, whole=False)

    def judged(
        self, key: Key, held: Scope, seen: Sequence[Evidence], book: Book, at: Instant, *, whole: bool
    ) -> Changed:
        """The same from all evidence. ``whole``: all its rows, whether they changed or not."""
        name, scope = key
        changed: Changed = {}
        judged = {row.id: row for row in self._rules.judging[name].judge(scope, seen, book)}
        for row_id, row in judged.items():
            before, _ = held.rows.get(row_id, _NONE)
            if whole or (before is not row and before != row):
                changed[(name, row_id)] = self.of_row(name, held, row, before, book, at)
        for row_id, (row, _) in held.rows.items():
            if row_id not in judged:
                changed[(name, row_id)] = self._gone(name, held, row, book, at)
        return changed

    def of_row(self, name: str, held: Scope, row: Row, before: Row | None, book: Book, at: Instant) -> Change:
        """A row that is there. Marks are made where they are read alone: most of them lie ahead."""
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


def carry_on(
    rule: Carrying, rows: Sequence[Row], evidence: Sequence[Evidence], book: Book, came: int
) -> Sequence[Row] | None:
    """The rows of a scope whose newest pieces of evidence, so many, are all that came: one after the other. None: it cannot
    say."""
    while came > 1:
        came -= 1
        so_far = rule.carry(rows, evidence[:-came], book)
        if so_far is None:
            return None
        rows = so_far
    return rule.carry(rows, evidence, book)


def without(changed: Changed, name: str, scope: str) -> Changed:
    """All but the rows of a scope."""
    return {
        key: change
        for key, change in changed.items()
        if key[0] != name or all(row is None or row.scope != scope for row in change[:2])
    }
