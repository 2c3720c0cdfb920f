"""Activity (责任存续): when a recurring duty is on: from ON to UNTIL, for a group while at least one member is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from processors.rules.promises.docket import Docket, parsed
from processors.rules.promises.keys import spell, split
from processors.rules.promises.openings import Later, Opening, openings
from processors.rules.promises.terms import Terms
from schemas.canonical import uncanonical
from schemas.instants import NEVER, Instant


class Stretch(NamedTuple):
    """On from ``start`` until ``stop`` (not itself; NEVER while it goes on). ``opening`` is what turned it on, ``ended_by``
    the event that turned it off."""

    start: Instant
    stop: Instant
    opening: Opening
    ended_by: str = ""
    ended_recorded: Instant = NEVER


def stretches(terms: Terms, docket: Docket, later: Later) -> list[Stretch]:
    """In order, not touching. Of ON and UNTIL the last by time counts; at one instant, UNTIL."""
    members: dict[str, list[tuple[Instant, int, int, Opening | None, str, Instant]]] = {}
    for index, opening in enumerate(openings(terms.on, docket, later)):
        for member in parsed(opening.sources[0].value).get("m", ()) if terms.member else ("",):
            members.setdefault(member, []).append((opening.at, 0, index, opening, "", 0))
    if terms.until is not None:
        for index, entry in enumerate(docket.of(terms.until)):
            at = later(entry, terms.until.plus) if terms.until.plus is not None else entry.time
            member = _member(entry.scope, terms.member) if terms.member else ""
            if at is not None and member in members:
                members[member].append((at, 1, index, None, entry.event_id, entry.known or entry.recorded))
    made: list[Stretch] = []
    for turns in members.values():
        on: Opening | None = None
        for at, _, _, turned, event_id, recorded in sorted(turns, key=lambda turn: turn[:3]):
            if turned is not None:
                on = on or turned
            elif on is not None:
                made.append(Stretch(on.at, at, on, event_id, recorded))
                on = None
        if on is not None:
            made.append(Stretch(on.at, NEVER, on))
    return _joined(made)


def _joined(made: Sequence[Stretch]) -> list[Stretch]:
    joined: list[Stretch] = []
    for one in sorted(made, key=lambda s: (s.start, s.opening[:3])):
        if joined and one.start <= joined[-1].stop:
            if one.stop > joined[-1].stop:
                last = joined[-1]
                joined[-1] = last._replace(
                    stop=one.stop, ended_by=one.ended_by, ended_recorded=one.ended_recorded
                )
        else:
            joined.append(one)
    return joined


def _member(scope: str, names: Sequence[str]) -> str:
    """The member whose scope it is: its key text."""
    values: dict[str, str] = uncanonical(split(scope)[1])
    return spell({name: values[name] for name in names})
