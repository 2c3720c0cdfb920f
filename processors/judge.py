"""What becomes of the rows of a scope: carried on by what came newest where the rule can, else judged from all evidence
(invariant 7); and what they have to say now, asked before any of it is said, since a rule may fail on that too."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from processors.conclude import About, Concluding, Saying, Words, words
from processors.parked import still
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

Find = Callable[[str, int], Event | None]

Stop = tuple[int, Instant, str]
"""(fact place, instant, event id): after which fact, when and on which event a scope stopped; "" with none in hand."""

_NONE: tuple[None, Instant] = (None, NEVER)


class Judging:
    """On one shelf; it changes no row there but those of a scope that stands still, it says what became of them. ``live``
    False: a rule that fails is not parked, its error is raised (rebuild). ``find``: (event id, fact place) -> the event, None
    where it was corrected by then."""

    def __init__(self, rules: Ruleset, shelf: Shelf, said: Concluding, find: Find, *, live: bool) -> None:
        self._rules = rules
        self._shelf = shelf
        self._said = said
        self._find = find
        self._live = live
        self.stopping: Mapping[Stop, Collection[Key]] = {}
        """What the recorded lane says stands still from then on."""
        self._stopped: set[Key] = set()
        """What does so far, whether that was heard yet or not."""

    def judge(self, touched: Touched, book: Book, saying: Saying, event: Event | None) -> Changed:
        """Judge these scopes. A rule that fails on ``event`` parks it, and what it filed of it is taken out again; a scope on
        which it fails then too, for what the event took out, stands still with its rows as they were. So does one that time
        or a publication alone has judged: there is no event to park. One that stands still is tried again by all that
        touches it, and goes on as soon as its rule does not fail."""
        changed: Changed = {}
        unfiled: set[Key] = set()
        freed: set[Key] = set()
        parked: set[str] = set()
        if self.stopping:
            self.expect((saying.after, saying.at, event.event_id if event else ""))
        for key in sorted(touched) if len(touched) > 1 else touched:
            if key in unfiled:  # judged without the event; what came newest in it is not there any more
                continue
            name, scope = key
            held, seen = self._seen(name, scope)
            stood = bool(held.said) and still(name, scope, held.said) is not None
            if not self._live and (stood or key in self._stopped):
                self.quiet(name, scope)
                continue
            try:
                came = self._judge_scope(name, scope, held, seen, touched[key], book, saying.at, whole=stood)
            except Exception as error:
                if not self._live:
                    raise
                if stood:
                    self.quiet(name, scope)
                elif event is None:
                    self._stop(name, scope, seen, error, saying)
                else:
                    left = self._shelf.unfile(name, event.event_id)
                    unfiled.update((name, one) for one in left)
                    freed.difference_update(unfiled)
                    for one in left:
                        changed = _without(changed, name, one)
                    if name not in parked:
                        parked.add(name)
                        self._said.park(self._rules.judging[name], event, error, saying)
                    for one in sorted({scope, *left}):
                        changed |= self._without_it(name, one, book, saying, event, freed)
                continue
            if changed:
                changed |= came
            else:
                changed = came
            if stood:
                freed.add(key)
        for name, scope in sorted(freed):
            self._free(name, scope, saying)
        return changed

    def expect(self, stop: Stop) -> None:
        """What the recorded lane says stops here does so before it is heard, whether it is touched or not."""
        for key in self.stopping.get(stop, ()):
            self._stopped.add(key)
            self.quiet(*key)

    def due(self, name: str, row: Row, book: Book, saying: Saying, *, recalled: bool) -> Changed:
        """What becomes of a row whose instant has come. ``recalled`` by a publication: its scope is judged; else nothing
        changed since it was, and more may be said of it now."""
        changed: Changed = {}
        if recalled:
            changed = self.judge({(name, row.scope): JUDGE}, book, saying, None)
        if (name, row.id) in changed:
            return changed
        held, seen = self._seen(name, row.scope)
        if still(name, row.scope, held.said) is not None:
            return {}
        try:
            changed[(name, row.id)] = self._kept(name, held, row, row, book, saying.at)
        except Exception as error:
            if not self._live:
                raise
            self._stop(name, row.scope, seen, error, saying)
            return {}
        return changed

    def resume(self, name: str, scope: str, book: Book, saying: Saying) -> Changed:
        """Try a scope that stands still again; one that fails again is said to, again."""
        held, seen = self._seen(name, scope)
        try:
            changed = self._judge_scope(name, scope, held, seen, JUDGE, book, saying.at, whole=True)
        except Exception as error:
            self._stop(name, scope, seen, error, saying)
            return {}
        self._free(name, scope, saying)
        return changed

    def anew(self, name: str, scope: str, book: Book, at: Instant) -> Changed:
        """All rows of a scope that goes on, as the recorded lane says."""
        self._stopped.discard((name, scope))
        held, seen = self._seen(name, scope)
        if not seen and not held.rows:
            return {}
        return self._judge_scope(name, scope, held, seen, JUDGE, book, at, whole=True)

    def quiet(self, name: str, scope: str) -> None:
        """Nothing more comes of its rows by themselves."""
        rows = self._shelf.scopes.get(name, scope).rows
        for row, _ in list(rows.values()):
            self._shelf.rows.put(name, row, NEVER)

    def _seen(self, name: str, scope: str) -> tuple[Scope, Sequence[Evidence]]:
        """A scope, and all that it is judged by: what the store has of it is read here, and no rule blamed for that."""
        held = self._shelf.scopes.get(name, scope)
        return held, self._shelf.scopes.seen_by(name, scope) if held.links else held.evidence

    def _without_it(
        self, name: str, scope: str, book: Book, saying: Saying, event: Event, freed: set[Key]
    ) -> Changed:
        """Judge a scope without the event that is parked."""
        held, seen = self._seen(name, scope)
        stood = still(name, scope, held.said) is not None
        try:
            changed = self._judge_scope(name, scope, held, seen, JUDGE, book, saying.at, whole=stood)
        except Exception as error:  # for want of what the event took out, or as before
            if stood:
                self.quiet(name, scope)
            elif seen or held.rows:  # else it was there for the event alone
                self._stop(name, scope, seen, error, saying, event)
            return {}
        if stood:
            freed.add((name, scope))
        return changed

    def _stop(
        self,
        name: str,
        scope: str,
        seen: Sequence[Evidence],
        error: Exception,
        saying: Saying,
        event: Event | None = None,
    ) -> None:
        """The scope stands still: on ``event``, or with none in hand; then the newest in it is named."""
        self.quiet(name, scope)
        rule = self._rules.judging[name]
        if event is not None:
            about = About(event.event_id, event.case_id)
        elif (stood := self._shelf.parked.still(name, scope)) is not None:
            about = self._about(stood.event_id, saying)
        else:
            about = self._about(seen[-1].event_id if seen else saying.cause, saying)
        self._said.stop(rule, scope, about, error, saying, event)

    def _free(self, name: str, scope: str, saying: Saying) -> None:
        stood = self._shelf.parked.still(name, scope)
        newest = self._about(stood.event_id if stood is not None else "", saying)
        self._said.free(self._rules.judging[name], scope, newest, saying)

    def _about(self, event_id: str, saying: Saying) -> About:
        event = self._find(event_id, saying.after)
        return About(event_id, event.case_id if event is not None else "")

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
        self,
        name: str,
        scope: str,
        held: Scope,
        seen: Sequence[Evidence],
        came: int,
        book: Book,
        at: Instant,
        *,
        whole: bool = False,
    ) -> Changed:
        """What becomes of the rows of a scope: carried on where the rule can, else judged from all evidence. ``whole``: of
        all of them, whether they changed or not."""
        changed: Changed = {}
        if (
            came != JUDGE
            and not whole
            and not held.links
            and (rule := self._rules.carrying.get(name)) is not None
        ):
            stood = [row for row, _ in held.rows.values()] if held.rows else ()
            rows = carry_on(rule, stood, held.evidence, book, came)
            if rows is stood:
                return changed
            if rows is not None:
                for row in rows:
                    before, _ = held.rows.get(row.id, _NONE)
                    if row is not before:
                        changed[(name, row.id)] = self._kept(name, held, row, before, book, at)
                return changed
        judged = {row.id: row for row in self._rules.judging[name].judge(scope, seen, book)}
        for row_id, row in judged.items():
            before, _ = held.rows.get(row_id, _NONE)
            if whole or (before is not row and before != row):
                changed[(name, row_id)] = self._kept(name, held, row, before, book, at)
        for row_id, (row, _) in held.rows.items():
            if row_id not in judged:
                changed[(name, row_id)] = self._gone(name, held, row, book, at)
        return changed


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
