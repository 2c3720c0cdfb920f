"""Settling (达成): the first instant at which BY is satisfied."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from processors.rules.promises.docket import Docket, known, parsed
from processors.rules.promises.paths import text
from processors.rules.promises.terms import Any_, Expr, Leaf
from processors.rules.protocol import Evidence
from schemas.instants import NEVER, Instant, day_of


class Found(NamedTuple):
    """When it was satisfied, by which events, when the last of them was recorded, and by whom that was entered."""

    time: Instant
    events: tuple[str, ...]
    recorded: Instant
    actor: str


def settle(by: Expr, docket: Docket, since: Instant, due: Instant) -> Found | None:
    """``any``: the earliest, ``all``: the latest (S27); what happened before ``since`` never counts (S17)."""
    if isinstance(by, Leaf):
        return count(by, docket.of(by), since, due)
    found = [settle(part, docket, since, due) for part in by.parts]
    have = [one for one in found if one is not None]
    if isinstance(by, Any_):
        return min(have, default=None)
    if len(have) < len(found):
        return None
    last = max(have)
    return Found(
        last.time,
        tuple(sorted({event for one in have for event in one.events})),
        *max((one.recorded, one.actor) for one in have),
    )


def count(leaf: Leaf, evidence: Iterable[Evidence], since: Instant, due: Instant) -> Found | None:
    """The n-th such event, on different days or with different values where asked; ``late: false`` only up to ``due``."""
    if leaf.times == 1:
        for entry in evidence:
            if entry.time >= since:
                if not leaf.late and entry.time > due:
                    return None
                return found_in(entry)
        return None
    seen: set[str] = set()
    counted: list[Evidence] = []
    for entry in evidence:
        if entry.time < since:
            continue
        if not leaf.late and entry.time > due:
            return None
        if leaf.distinct:
            value = day_of(entry.time) if leaf.distinct == "day" else parsed(entry.value).get("v")
            if value is None or text(value) in seen:
                continue
            seen.add(text(value))
        counted.append(entry)
        if len(counted) == leaf.times:
            recorded, actor = max((known(e), _actor(e)) for e in counted)
            return Found(entry.time, tuple(e.event_id for e in counted), recorded, actor)
    return None


def found_in(entry: Evidence) -> Found:
    """Satisfied by this alone."""
    return Found(entry.time, (entry.event_id,), known(entry), _actor(entry))


def first(leaves: Iterable[Leaf], docket: Docket, since: Instant) -> Found | None:
    """The earliest evidence of any of these leaves."""
    return min(
        (f for leaf in leaves if (f := count(leaf, docket.of(leaf), since, NEVER)) is not None), default=None
    )


def _actor(entry: Evidence) -> str:
    actor: str = parsed(entry.value).get("a", "")
    return actor
