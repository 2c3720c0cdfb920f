"""Judging (判定): which scopes are judged, on what, and what is done where a rule fails on one (invariant 14). What becomes
of their rows is in ``changes.py``, what stands still in ``halts.py``."""

from __future__ import annotations

from collections.abc import Sequence

from processors.changes import Changed, Changes, without
from processors.conclude import Concluding, Saying
from processors.halts import Find, Halts
from processors.rules.book import Book
from processors.rules.protocol import Evidence, Row
from processors.ruleset import Ruleset
from processors.shelf import JUDGE, Shelf, Touched
from processors.warm import Key, Scope
from schemas.event import Event
from schemas.instants import Instant


class Judging:
    """On one shelf; it changes no row there but those of a scope that stands still, it says what became of them. ``live``
    False: a rule that fails is not parked, its error is raised (rebuild)."""

    def __init__(self, rules: Ruleset, shelf: Shelf, said: Concluding, find: Find, *, live: bool) -> None:
        self._rules = rules
        self._shelf = shelf
        self._said = said
        self._live = live
        self._changes = Changes(rules, live=live)
        self.halts = Halts(rules, shelf, said, find)

    def judge(self, touched: Touched, book: Book, saying: Saying, event: Event | None) -> Changed:
        """Judge these scopes. A rule that fails on ``event`` parks it, and what it filed of it is taken out again; a scope on
        which it fails then too, for what the event took out, stands still with its rows as they were. So does one that time
        or a publication alone has judged: there is no event to park. One that stands still is tried again by all that
        touches it, and goes on as soon as its rule does not fail."""
        changed: Changed = {}
        unfiled: set[Key] = set()
        freed: set[Key] = set()
        parked: set[str] = set()
        halts = self.halts
        if halts.foretold:
            halts.expect((saying.after, saying.at, event.event_id if event else ""))
        for key in sorted(touched) if len(touched) > 1 else touched:
            if key in unfiled:  # judged without the event; what came newest in it is not there any more
                continue
            held, seen = self._seen(key)
            stood = halts.holds(key, held)
            if not self._live and (stood or halts.expected(key)):
                halts.quiet(*key)
                continue
            try:
                if stood:
                    came = self._changes.judged(key, held, seen, book, saying.at, whole=True)
                else:
                    came = self._changes.of_scope(key, held, seen, touched[key], book, saying.at)
            except Exception as error:
                if not self._live:
                    raise
                if stood:
                    halts.quiet(*key)
                elif event is None:
                    halts.stop(key, seen, error, saying)
                else:
                    name, scope = key
                    left = self._shelf.unfile(name, event.event_id)
                    unfiled.update((name, one) for one in left)
                    freed.difference_update(unfiled)
                    for one in left:
                        changed = without(changed, name, one)
                    if name not in parked:
                        parked.add(name)
                        self._said.park(self._rules.judging[name], event, error, saying)
                    for one in sorted({scope, *left}):
                        changed |= self._without_event((name, one), book, saying, event, freed)
                continue
            if changed:
                changed |= came
            else:
                changed = came
            if stood:
                freed.add(key)
        for key in sorted(freed):
            halts.end(key, saying)
        return changed

    def due(self, name: str, row: Row, book: Book, saying: Saying, *, recalled: bool) -> Changed:
        """What becomes of a row whose instant has come. ``recalled`` by a publication: its scope is judged; else nothing
        changed since it was, and more may be said of it now."""
        key = (name, row.scope)
        changed = self.judge({key: JUDGE}, book, saying, None) if recalled else {}
        if (name, row.id) in changed:
            return changed
        held, seen = self._seen(key)
        if self.halts.holds(key, held):
            return {}
        try:
            changed[(name, row.id)] = self._changes.of_row(name, held, row, row, book, saying.at)
        except Exception as error:
            if not self._live:
                raise
            self.halts.stop(key, seen, error, saying)
            return {}
        return changed

    def resume(self, name: str, scope: str, book: Book, saying: Saying) -> Changed:
        """Try a scope that stands still again; one that fails again is said to, again."""
        key = (name, scope)
        held, seen = self._seen(key)
        try:
            changed = self._changes.judged(key, held, seen, book, saying.at, whole=True)
        except Exception as error:
            self.halts.stop(key, seen, error, saying)
            return {}
        self.halts.end(key, saying)
        return changed

    def anew(self, name: str, scope: str, book: Book, at: Instant) -> Changed:
        """All rows of a scope that goes on, as the recorded lane says."""
        key = (name, scope)
        self.halts.over(key)
        held, seen = self._seen(key)
        if not seen and not held.rows:
            return {}
        return self._changes.judged(key, held, seen, book, at, whole=True)

    def _seen(self, key: Key) -> tuple[Scope, Sequence[Evidence]]:
        """A scope, and all that it is judged by: what the store has of it is read here, and no rule blamed for that."""
        held = self._shelf.scopes.get(*key)
        return held, self._shelf.scopes.seen_by(*key) if held.links else held.evidence

    def _without_event(self, key: Key, book: Book, saying: Saying, event: Event, freed: set[Key]) -> Changed:
        """Judge a scope without the event that is parked."""
        held, seen = self._seen(key)
        stood = self.halts.holds(key, held)
        try:
            changed = self._changes.judged(key, held, seen, book, saying.at, whole=stood)
        except Exception as error:  # for want of what the event took out, or as before
            if stood:
                self.halts.quiet(*key)
            elif seen or held.rows:  # else it was there for the event alone
                self.halts.stop(key, seen, error, saying, event)
            return {}
        if stood:
            freed.add(key)
        return changed
