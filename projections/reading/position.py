"""Where a list goes on: ``<RFC 3339>,<id>`` of the last one already had."""

from __future__ import annotations

from schemas.instants import NEVER, Instant, parse_instant


def position(after: str | None) -> tuple[Instant, str] | None:
    """-> (µs, id); one without an instant stands behind all that have one. Raises ValueError saying what is wrong."""
    if after is None:
        return None
    at, _, last = after.rpartition(",")
    return (parse_instant(at) if at else NEVER, last)
