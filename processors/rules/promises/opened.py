"""Opened (开立): what one trigger opens in a scope where nothing stands yet but facts, which is how most promises begin.

Nothing has ended it, paused it or been noted of it, so of all that ``Running`` asks of a scope only what the trigger itself
tells is left: when it is due, and who owes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from processors.rules.promises.calendars import Calendars
from processors.rules.promises.covered import counted_in, keys_shown
from processors.rules.promises.dating import Dated, date, steps
from processors.rules.promises.docket import Docket, known, parsed
from processors.rules.promises.keys import split
from processors.rules.promises.people import owes
from processors.rules.promises.promise import Promise
from processors.rules.promises.terms import Leaf
from processors.rules.promises.texts import numbers, words
from processors.rules.protocol import Evidence
from processors.rules.rows import altering
from schemas.identity import promise_id
from schemas.instants import NEVER, Instant

if TYPE_CHECKING:
    from processors.rules.book import Book

NOTHING_ELSE = Docket(())

_filled = altering(
    Promise,
    "id",
    "scope",
    "period",
    "policy_place",
    "policy_version",
    "calendar_place",
    "calendar_version",
    "case_id",
    "house_id",
    "project_id",
    "customer_ref",
    "keys",
    "trigger",
    "trigger_place",
    "trigger_recorded",
    "opened",
    "due",
    "warns",
    "steps",
    "born_late",
    "undated",
    "unstepped",
    "owes",
    "person",
    "dated_by",
    "dated_recorded",
)
"""What is told of each; the rest is the same of all that a policy opens (``Terms.blank``)."""


def opened(evidence: Sequence[Evidence], book: Book) -> list[Promise] | None:
    """The promise, or none, of a scope where the last entry is a trigger and the others are facts that it may be tested by.
    None where it takes more to tell: then the scope is judged."""
    trigger = evidence[-1]
    policy, keys = split(trigger.scope)
    source = parsed(trigger.value)
    at: Instant = source.get("t", trigger.time)
    bound = book.policies.bind(policy, at, trigger.place)
    if bound is None or bound.terms.form in ("before", "rolling") or book.policies.recurs(policy):
        return None
    terms, version, recorded = bound.terms, bound.version, known(trigger)
    docket = Docket(evidence) if len(evidence) > 1 else NOTHING_ELSE
    if trigger.slot not in terms.opens_alone:
        on = terms.on
        if not isinstance(on, Leaf) or on.slot != trigger.slot or on.plus is not None:
            return None
        if not docket.passes(on.facts, at):
            return []
    gated, covered = terms.form == "gate", terms.form == "coverage"
    calendars = Calendars(book, terms.calendar, at, trigger.place, source)
    dated = Dated() if gated else date(terms, trigger.time, source.get("g"), (), calendars)
    calendar, dated_by = calendars.used, calendars.dated_by
    rungs, missing = (
        ((), False) if dated.due == NEVER else steps(dated.due, terms.limit, terms.ladder, calendars)
    )
    made = _filled(
        terms.blank,
        id=promise_id(terms.key, keys, "" if gated else trigger.root),
        scope=trigger.scope,
        period=counted_in(terms, trigger.time) if covered else "",
        policy_place=version.place,
        policy_version=version.version,
        calendar_place=calendar.place if calendar is not None else 0,
        calendar_version=calendar.version if calendar is not None else "",
        case_id=source.get("c", ""),
        house_id=source.get("h", ""),
        project_id=source.get("p", ""),
        customer_ref=source.get("u", ""),
        keys=keys_shown(keys, source) if covered else keys,
        trigger=trigger.event_id,
        trigger_place=trigger.place,
        trigger_recorded=recorded,
        opened=trigger.time,
        due=dated.due,
        warns=numbers(dated.warns),
        steps=numbers(rungs),
        born_late=int(dated.due < max(recorded, trigger.time)),
        undated=int(dated.undated),
        unstepped=int(missing),
        owes=terms.owed or words(owes(terms, source, docket, at)),
        person=str(source.get("w", "")),
        dated_by=dated_by.place if dated_by is not None else 0,
        dated_recorded=dated_by.recorded if dated_by is not None else NEVER,
    )
    return [made]
