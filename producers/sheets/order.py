"""Times of a row in the wrong order (先后颠倒): a case that was closed before it was taken in. Pure.

Nothing says that it did not happen so in their system, so a touchpoint is kept as it was told; but what happened before its
trigger settles nothing (S17), the case stays open, and who filled in the row should know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from producers.mapping.mapping import Made, Mapping
from producers.mapping.problems import Fault
from schemas.catalogue import event_type
from schemas.instants import parse_instant
from schemas.kinds import CLOSES, OPENS

PAIRS: Final = (("repair.started", "repair.completed"),)
"""Steps between opening and closing of which the second cannot come first (domain.md 1.6)."""


def out_of_order(mapping: Mapping, made: Sequence[Made]) -> Iterator[Fault]:
    """What is told of one row, for each step that others wrongly lie before: all do that lie before what opens their matter,
    and its closing does before any step of it."""
    steps = [(one, one.event["type"], parse_instant(one.event["time"])) for one in made]
    for first, before, at in steps:
        early = [one for one, kind, time in steps if time < at and _follows(kind, before)]
        if early:
            fields = dict.fromkeys(mapping.origin(one.shape, "time") for one in early)
            opens = event_type(before).rank == OPENS
            yield _fault("、".join(fields), mapping.origin(first.shape, "time"), opens)


def _follows(kind: str, before: str) -> bool:
    """Whether a step comes behind the other, of one matter."""
    if (before, kind) in PAIRS:
        return True
    mine, other = event_type(kind), event_type(before)
    if kind.partition(".")[0] != before.partition(".")[0]:
        return False
    return mine.rank > other.rank and (other.rank == OPENS or mine.rank == CLOSES)


def _fault(fields: str, first: str, opens: bool) -> Fault:
    zh = f"早于 {first}；照原样写入，请核对，只写日期的按 00:00 计"
    en = f"lies before {first}; it is kept as it is, look at it again: a date alone means 00:00"
    if opens:
        zh += "。受理之前的办理不算办结，事项会一直未办结"
        en += "; what was done before the matter was opened settles nothing, and it stays open"
    return Fault(fields, en, zh)
