"""Openings (触发): the instants at which ON opens a promise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from processors.rules.promises.docket import Docket, known
from processors.rules.promises.listeners import TRIGGER
from processors.rules.promises.terms import Any_, Expr, Leaf
from processors.rules.protocol import Evidence
from schemas.instants import Instant
from schemas.policy import Dur

Later = Callable[[Evidence, Dur], Instant | None]
"""A length after a piece of evidence, by the calendar bound to it; None where no calendar tells."""


class Opening(NamedTuple):
    """``trigger`` opened it; ``sources`` say whom and what it is about; ``latch`` names an ``all``, which opens once."""

    at: Instant
    rank: int
    event_id: str
    trigger: Evidence
    sources: tuple[Evidence, ...]
    latch: str = ""
    recorded: Instant = 0

    @property
    def root(self) -> str:
        """What the promise is called after: the trigger's chain of corrections, or nothing more for ``all``."""
        return self.latch.strip(".") if self.latch else self.trigger.root


def openings(on: Expr, docket: Docket, later: Later) -> list[Opening]:
    """All of them in order of happening."""
    if isinstance(on, Leaf) and on.plus is None:  # as most are; a docket is in order
        return [
            Opening(entry.time, entry.rank, entry.event_id, entry, (entry,), "", known(entry))
            for entry in docket.of(on)
        ]
    return sorted(_openings(on, docket, later), key=_order)


def _order(opening: Opening) -> tuple[Instant, int, str]:
    return opening[:3]


def _openings(on: Expr, docket: Docket, later: Later) -> Iterator[Opening]:
    if isinstance(on, Leaf):
        yield from openings(on, docket, later) if on.plus is None else _later(on, on.plus, docket, later)
        return
    parts = [openings(part, docket, later) for part in on.parts]
    if isinstance(on, Any_):
        for part in parts:
            yield from part
    elif all(parts):
        first = [part[0] for part in parts]
        last = max(first, key=_order)
        yield last._replace(
            sources=tuple(source for one in first for source in one.sources),
            latch=on.path,
            recorded=max(one.recorded for one in first),
        )


def _later(leaf: Leaf, length: Dur, docket: Docket, later: Later) -> Iterator[Opening]:
    """A length after each piece of evidence, where nothing resets it before."""
    mine = docket.of(leaf)
    if not mine:
        return
    begin = mine[0]
    starts = sorted(
        [*mine, *(e for reset in leaf.resets for e in docket.of(reset) if e.order() >= begin.order())],
        key=Evidence.order,
    )
    for index, entry in enumerate(starts):
        at = later(entry, length)
        following = starts[index + 1] if index + 1 < len(starts) else None
        if at is None or (leaf.resets and following is not None and following.time <= at):
            continue
        source = entry if entry.slot[0] == TRIGGER else begin
        yield Opening(at, entry.rank, entry.event_id, entry, (source,), "", max(known(entry), known(begin)))
