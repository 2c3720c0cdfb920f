"""Judging (判定): all standing evidence of one scope, in order of happening -> its promises. Knows no now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from processors.rules.promises.calendars import Calendars
from processors.rules.promises.docket import Docket, happened
from processors.rules.promises.keys import split
from processors.rules.promises.openings import Opening, openings
from processors.rules.promises.promise import Promise
from processors.rules.promises.running import Running
from processors.rules.protocol import Evidence
from processors.rules.workdays import NoCalendar
from schemas.instants import Instant
from schemas.policy import Dur

if TYPE_CHECKING:
    from processors.rules.book import Book, Bound


def judge(scope: str, evidence: Sequence[Evidence], book: Book) -> list[Promise]:
    """The promises of a scope, in order of opening."""
    docket = Docket(evidence)
    openers = docket.openers()
    if not openers:
        return []
    policy, keys = split(scope)
    made: list[Running] = []
    for opening, bound in _bound_openings(policy, openers, docket, book):
        last = made[-1] if made else None
        if last is not None and not _opens_again(bound.terms.again, last, opening.at):
            continue
        made.append(Running(scope, keys, opening, bound, docket, book))
    return [running.row() for running in made]


def _opens_again(again: str, last: Running, at: Instant) -> bool:
    """S15: what a further trigger does, said by the policy that it binds."""
    if again == "never":
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
        bound = book.bind(policy, happened(entry), entry.place)
        if bound is not None:
            bindings[entry.event_id] = bound
            versions[bound.version.place] = bound
    found: list[tuple[Opening, Bound]] = []
    for place, bound in versions.items():
        calendar = bound.terms.calendar

        def later(entry: Evidence, length: Dur, calendar: str = calendar) -> Instant | None:
            asked = Calendars(book, calendar, happened(entry), entry.place)
            try:
                return asked.ask(lambda one: one.add(entry.time, length))
            except NoCalendar:
                return None

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
