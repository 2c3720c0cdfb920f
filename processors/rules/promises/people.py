"""People of a promise (责任人): which roles owe it, which one person is in charge, who took note."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from processors.rules.promises.docket import Docket, parsed
from processors.rules.promises.listeners import ACKNOWLEDGED
from processors.rules.promises.terms import Terms
from schemas.instants import NEVER, Instant


def owes(terms: Terms, source: Mapping[str, Any], docket: Docket, time: Instant) -> list[str]:
    """The first role whose tests the trigger passes, then those who owe it too."""
    outcomes = source.get("o", [])
    for one in terms.owes:
        fits = one.test < 0 or (one.test < len(outcomes) and outcomes[one.test])
        if fits and (not one.facts or docket.passes(one.facts, time)):
            return owing(one.role, terms.also)
    return list(terms.also)


def owing(role: str, also: Sequence[str]) -> list[str]:
    """A role, then those who owe it too."""
    return [role, *[other for other in also if other != role]]


def person(terms: Terms, source: Mapping[str, Any], docket: Docket, opened: Instant, settled: Instant) -> str:
    """Reference of the one in charge: from the trigger, later from the last hand-over before it was settled."""
    who = str(source.get("w", ""))
    if terms.moved is not None:
        for entry in docket.of(terms.moved):
            if opened <= entry.time <= settled:
                who = str(parsed(entry.value).get("v", who))
    return who


def acknowledged(promise: str, docket: Docket, opened: Instant) -> tuple[Instant, str]:
    """(when, by whom) an alert of this promise was first taken note of; (NEVER, "") if nobody did."""
    for entry in docket.under(ACKNOWLEDGED):
        said = parsed(entry.value)
        if entry.time >= opened and said.get("id", promise) == promise:
            return entry.time, str(said.get("by", ""))
    return NEVER, ""
