"""Judging (判定): all standing evidence of one scope, in order of happening -> its promises. Knows no now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from processors.rules.promises.calendars import Calendars
from processors.rules.promises.covered import Covered
from processors.rules.promises.docket import Docket, happened, parsed
from processors.rules.promises.gated import gated
from processors.rules.promises.keys import split
from processors.rules.promises.moving import moving
from processors.rules.promises.openings import Later, Opening, openings
from processors.rules.promises.periodic import periodic
from processors.rules.promises.promise import Promise
from processors.rules.promises.rolling import rolling
from processors.rules.promises.running import Matter, Running
from processors.rules.promises.terms import Terms
from processors.rules.protocol import Evidence
from processors.rules.workdays import NoCalendar
from schemas.instants import Instant
from schemas.policy import Dur

if TYPE_CHECKING:
    from processors.rules.book import Book
    from processors.rules.policies import Bound


def judge(scope: str, evidence: Sequence[Evidence], book: Book) -> list[Promise]:
    """The promises of a scope, in order of opening."""
    docket = Docket(evidence)
    openers = docket.openers()
    if not openers:
        return []
    policy, keys = split(scope)
    matter = Matter(scope, policy, keys, docket, book)
    made: list[Running] = []
    for opening, bound in _bound_openings(policy, openers, docket, book):
        last = made[-1] if made else None
        if last is not None and not _opens_again(bound.terms, last, opening.at):
            continue
        made += _opened(matter, opening, bound)
    if book.policies.recurs(policy):
        made += periodic(matter, lambda calendar: _later(book, calendar))
    return [running.row() for running in made]


def _opened(matter: Matter, opening: Opening, bound: Bound) -> list[Running]:
    """What one opening opens, by its kind."""
    form = bound.terms.form
    if form == "gate":
        return gated(matter, opening, bound)
    if form == "before":
        return moving(matter, opening, bound)
    if form == "rolling":
        return rolling(matter, opening, bound, _later(matter.book, bound.terms.calendar))
    return [Covered(matter, opening, bound) if form == "coverage" else Running(matter, opening, bound)]


def _opens_again(terms: Terms, last: Running, at: Instant) -> bool:
    """S15: what a further trigger does, said by the policy that it binds. What waits for one gate or one date opens once."""
    again = terms.again
    if again == "never" or terms.form in ("gate", "before"):
        return False
    if again == "each" or last.settled <= at:
        return True
    if again == "restart":
        last.supersede(at)
        return True
    return False


def _bound_openings(
    policy: str, openers: Sequence[Evidence], docket: Docket, book: Book
) -> list[tuple[Opening, Bound]]:
    """Every version that some trigger binds opens by its own words; its openings count where their trigger binds it (S23).

    One event opens one promise, and an ``all`` opens once.
    """
    bindings: dict[str, Bound] = {}
    versions: dict[int, Bound] = {}
    for entry in openers:
        bound = book.policies.bind(policy, happened(entry), entry.place)
        if bound is not None and bound.terms.form != "every":
            bindings[entry.event_id] = bound
            versions[bound.version.place] = bound
    found: list[tuple[Opening, Bound]] = []
    for place, bound in versions.items():
        later = _later(book, bound.terms.calendar)
        for opening in openings(bound.terms.on, docket, later):
            binding = bindings.get(opening.trigger.event_id)
            if binding is not None and binding.version.place == place:
                found.append((opening, bound))
    if len(found) < 2:
        return found
    found.sort(key=lambda one: one[0][:3])
    once: set[str] = set()
    kept = []
    for one in found:
        if one[0].root not in once:
            once.add(one[0].root)
            kept.append(one)
    return kept


def _later(book: Book, calendar: str) -> Later:
    """A length after a piece of evidence, by the calendar that is bound to it."""

    def later(entry: Evidence, length: Dur) -> Instant | None:
        asked = Calendars(book, calendar, happened(entry), entry.place, parsed(entry.value))
        try:
            return asked.ask(lambda one: one.add(entry.time, length))
        except NoCalendar:
            return None

    return later
