"""The fold: one tenant's facts in order, on one line of recorded time (invariant 7).

``advance``  concludes every row whose next instant has come, in order of instants.
``place``    files one fact, judges the scopes it touched, concludes the rows that changed.
``hear``     takes a verdict of the recorded lane as it stands (rebuild and replay) and concludes nothing.

The fold knows no SQL and no clock; it works on a shelf. How an event is let in is in ``enter.py``, how a scope is judged in
``judge.py``, what follows from a row in ``conclude.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from processors.batch import PUBLICATIONS
from processors.changes import Changed
from processors.conclude import Concluding, Saying, Words
from processors.enter import Entering, Known
from processors.judge import Judging
from processors.origin import scope_said
from processors.parked import EVENT_UNPARKED, stops
from processors.ports import Recall
from processors.rows import DueKey, whole
from processors.rules.book import Book
from processors.rules.linear import AnyRule
from processors.rules.protocol import Row, Rule
from processors.rules.sources import LONGEST, REPORTED
from processors.ruleset import ruleset
from processors.shelf import JUDGE, Shelf, Touched
from processors.standing import Fetch
from processors.warm import Key
from schemas.catalogue import CATALOGUE
from schemas.event import Event
from schemas.instants import NEVER, Instant

DEPTH = 64
"""How many verdicts may follow from one another at one instant; more is a circle that publishing should have refused. Far
above any chain of policies that somebody would write: a retraction runs down the whole of it, and an engine that stops
here stops for good."""


class Circle(RuntimeError):
    """Verdicts follow from one another without end: a policy's trigger names its own obligation."""


class UnknownType(RuntimeError):
    """The running code lacks this event type or version. The engine stops here; nothing is skipped (invariant 14)."""


class Fold:
    """Runs the rules over one shelf and collects what follows.

    ``fetch`` gives a fact by its event id, None if it was corrected or withdrawn up to the place in hand, or a verdict.
    ``concluding`` False makes a fold that only hears verdicts (rebuild); it keeps out what ``entering.parked`` says.
    """

    def __init__(
        self,
        rules: Sequence[AnyRule],
        book: Book,
        shelf: Shelf,
        fetch: Fetch,
        *,
        concluding: bool = True,
    ) -> None:
        self.rules = ruleset(tuple(rules))
        self.book = book
        self.shelf = shelf
        self.publications: list[int] = []
        self.unneeded: list[int] = []
        """Places of former publications that the book can do without."""
        self.recalls: list[Recall] = []
        self.said = Concluding(shelf)
        self.entering = Entering(self.rules, shelf, self.said, live=concluding)
        self.judging = Judging(self.rules, shelf, self.said, self._find, live=concluding)
        self._fetch = fetch
        self._live = concluding
        self._verdicts: dict[str, Event] = {}
        """Said or heard in this batch."""

    def take(self, facts: Sequence[Event]) -> None:
        """A batch of facts (``up_to_publication``), each on the line of recorded time."""
        self.entering.prepare(facts, self.book)
        for fact in facts:
            self.advance(whole(fact.recorded), fact.place - 1)
            self.place(fact)

    def advance(self, bound: DueKey, after: int) -> None:
        """Conclude every row whose next instant comes up to ``bound``, in order of (instant, rule, row id)."""
        while (due := self.shelf.rows.next_due(bound)) is not None:
            at, name, row = due
            saying = Saying(at=at, after=after, cause="")
            recalled = at in self.book.instants
            changed = self.judging.due(name, row, self.book, saying, recalled=recalled)
            self._conclude_all(changed, saying, 0)

    def place(self, event: Event) -> None:
        """File a fact and conclude what it changed, at its recorded instant."""
        known = CATALOGUE.get(event.type)
        if known is None or known.version < event.version:
            raise UnknownType(
                f"{event.type} version {event.version} at place {event.place} is not known to this version of Touchline"
            )
        at = event.recorded
        self.judging.halts.expect((event.after, at, event.event_id))
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
        enter, book = self.entering.enter, self.book
        for rule in self.rules.every.values():
            enter(rule, event, book, saying, touched, since)
        self._settle(touched, saying, event, 0)
        if event.type == "event.resumed":
            self._resume(event, saying)

    def hear(self, verdict: Event) -> None:
        """Apply a verdict of the recorded lane: what it announced or retracted, its evidence, the rows it changes."""
        at = int(verdict.origin["at"])
        self._verdicts[verdict.event_id] = verdict
        self.judging.halts.expect((verdict.after, at, verdict.event_id))
        touched = dict.fromkeys(self.said.hear(verdict), JUDGE)
        saying = Saying(at=at, after=verdict.after, cause="")
        for rule in self.rules.judging.values():
            self.entering.enter(rule, verdict, self.book, saying, touched)
        self._settle(touched, saying, verdict, 0)
        name, row_id = (str(verdict.origin[k]) for k in ("rule", "row"))
        scope = scope_said(verdict)
        if verdict.type == EVENT_UNPARKED:
            self._conclude_all(self.judging.anew(name, scope, self.book, at), saying, 0)
        elif stops(verdict):
            self.judging.halts.quiet(name, scope)
        elif (row := self.shelf.rows.find(name, scope, row_id)) is not None:
            self.shelf.rows.put(name, row, self.next_after(name, row, at))

    def recall(self, rule: str, scopes: Iterable[str], at: Instant, after: int) -> None:
        """Judge these scopes again, after a publication that may date what stood undated."""
        saying = Saying(at=at, after=after, cause="")
        touched = dict.fromkeys(((rule, scope) for scope in scopes), JUDGE)
        self._conclude_all(self.judging.judge(touched, self.book, saying, None), saying, 0)

    def settle_missing(self, touched: Iterable[Key], saying: Saying) -> None:
        """Judge what was filed for a publication: a recurring duty goes on from it, though its trigger is older."""
        self._conclude_all(
            self.judging.judge(dict.fromkeys(touched, JUDGE), self.book, saying, None), saying, 0
        )

    def next_after(self, name: str, row: Row, at: Instant) -> Instant:
        """The first instant after ``at`` at which more stands of the row."""
        return min([one for one in self.rules.instants[name](row, self.book) if one > at], default=NEVER)

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
        self.entering.forget()
        self.publications.append(event.place)
        for rule in self.rules.judging.values():
            for table, column, value in rule.unsettled(event, self.book):
                reach = LONGEST if event.type == REPORTED else 0
                self.recalls.append(Recall(table, column, value, event.recorded, reach))

    def _resume(self, event: Event, saying: Saying) -> None:
        """Let a parked event in, fact or verdict, and judge what it took out; and try the scopes that stand still and name it.
        One that is not parked (any more) is in already; what fails again is parked again."""
        rule, named = self.rules.every.get(str(event.data["rule"])), str(event.data["parked_event"])
        if rule is None:
            return
        if self.shelf.parked.resume(rule.name, named):
            self._let_in(rule, named, event, saying)
        if self._live:  # else the lane says what came of it
            for scope in self.shelf.parked.scopes(rule.name, named):
                if self.shelf.parked.still(rule.name, scope) is None:
                    continue  # it went on by what followed from the one before
                changed = self.judging.resume(rule.name, scope, self.book, saying)
                self._conclude_all(changed, saying, 0)

    def _let_in(self, rule: AnyRule, named: str, event: Event, saying: Saying) -> None:
        parked = self._find(named, event.place)
        if parked is None or (parked.verdict and not self.said.stands(parked)):
            return  # corrected, withdrawn or retracted since
        touched: Touched = {}
        if parked.corrects:
            touched.update(
                dict.fromkeys(self.shelf.left_by(rule.name, parked.event_id, parked.corrects), JUDGE)
            )
        self.entering.enter(rule, parked, self.book, saying, touched)
        self._settle(touched, saying, parked, 0)

    def _find(self, event_id: str, place: int) -> Event | None:
        """A fact that stood at a place of their lane, or a verdict that was said by now."""
        return self._verdicts.get(event_id) or self._fetch(event_id, place)

    # -- concluding

    def _settle(self, touched: Touched, saying: Saying, event: Event, depth: int) -> None:
        if depth > DEPTH:
            raise Circle(f"more than {DEPTH} verdicts follow from one another after fact {saying.after}")
        if touched:
            self._conclude_all(self.judging.judge(touched, self.book, saying, event), saying, depth)

    def _conclude_all(self, changed: Changed, saying: Saying, depth: int) -> None:
        if not changed:
            return
        following: list[tuple[Rule, Row | None, Row, Words]] = []
        rows, book = self.shelf.rows, self.book
        for key in sorted(changed) if len(changed) > 1 else tuple(changed):
            row, before, upcoming, says = changed[key]
            if row is not None:
                rows.put(key[0], row, upcoming)
            elif before is not None:
                rows.drop(key[0], before)
            if says is not None and (about := row or before) is not None:
                following.append((self.rules.judging[key[0]], row, about, says))
        for rule, row, about, says in following:
            if rows.find(rule.name, about.scope, about.id) is not row:
                continue  # what followed from a verdict before this one changed it again, and concluded that
            for verdict, left in self.said.conclude(rule, about, says, saying):
                self._verdicts[verdict.event_id] = verdict
                follows = dict.fromkeys(left, JUDGE)
                for other in self.rules.judging.values():
                    self.entering.enter(other, verdict, book, saying, follows)
                if follows:
                    inner = Saying(at=saying.at, after=saying.after, cause=verdict.event_id)
                    self._settle(follows, inner, verdict, depth + 1)
