"""Pauses of a clock (暂停计时): half-open spans [start, stop); no stop yet: None."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from schemas.instants import NEVER, Instant

Span = tuple[Instant, Instant | None]


def merged(pauses: Iterable[Span]) -> tuple[Span, ...]:
    """The same pauses in order, overlapping and touching ones joined, empty ones left out."""
    made: list[tuple[Instant, Instant]] = []
    for start, stop in sorted((start, NEVER if stop is None else stop) for start, stop in pauses):
        if stop <= start:
            continue
        if made and start <= made[-1][1]:
            made[-1] = (made[-1][0], max(stop, made[-1][1]))
        else:
            made.append((start, stop))
    return tuple((start, None if stop == NEVER else stop) for start, stop in made)


def inside(instant: Instant, spans: Sequence[Span], last: bool = False) -> bool:
    """Whether a day-end stands inside a pause; the last one is the due instant, where a pause comes too late."""
    return any(
        (start < instant or (start == instant and not last)) and (stop is None or instant < stop)
        for start, stop in spans
    )
