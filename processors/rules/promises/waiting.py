"""Waiting (暂停计时): the pauses of a scope, whose time they are, and how much of it each party used."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from processors.rules.promises.docket import Docket, parsed
from processors.rules.promises.terms import Waiting
from schemas.instants import NEVER, Instant


class Paused(NamedTuple):
    """[start, stop); None: not ended. ``party`` "" where nobody was named."""

    start: Instant
    stop: Instant | None
    party: str


def pauses(waiting: Iterable[Waiting], docket: Docket) -> list[Paused]:
    """Each party's start with its next stop of that kind; a further start of who is waited for changes nothing (S11). A
    stop that names nobody ends the waiting for all. Of two parties the pauses may overlap."""
    made: list[Paused] = []
    for one in waiting:
        marks = [(e.order(), True, e) for e in docket.of(one.start)]
        marks += [(e.order(), False, e) for e in docket.of(one.stop)]
        begun: dict[str, Instant] = {}
        for _, starts, entry in sorted(marks, key=lambda mark: mark[:2]):
            named = _party(entry.value)
            if starts:
                begun.setdefault(named, entry.time)
                continue
            for party in [party for party in begun if not named or party in (named, "")]:
                made.append(Paused(begun.pop(party), entry.time, party))
        made += [Paused(start, None, party) for party, start in begun.items()]
    return made


def used(spans: Sequence[Paused], opened: Instant, settled: Instant) -> dict[str, int]:
    """Party -> µs between opening and settlement that pauses took, as far as they have ended."""
    made: dict[str, int] = {}
    for start, stop, party in spans:
        until = min(settled, NEVER if stop is None else stop)
        taken = until - max(start, opened)
        if until != NEVER and taken > 0:
            made[party] = made.get(party, 0) + taken
    return made


def _party(value: str) -> str:
    return str(parsed(value).get("v", ""))
