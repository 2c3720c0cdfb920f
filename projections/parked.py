"""What was parked (暂停处理): (rule, event) with the event it is about, in the order in which the events were recorded; also
(rule, scope) that stands still, with the event that is named for it."""

from __future__ import annotations

from typing import Any

from projections.reading.snapshots import Snapshot
from schemas.event import Event
from schemas.instants import format_instant


def listed(seen: Snapshot) -> list[dict[str, Any]]:
    """Those that were not resumed: first the facts in order of their places, then verdicts in order of theirs. ``place`` is
    the fact's, 0 for a verdict; ``parked`` when the rule failed; ``scope`` is "" where an event is kept out."""
    lines: list[tuple[tuple[bool, int, str, str], dict[str, Any]]] = []
    for one in seen.pages.parked():
        if one.resumed:
            continue
        about: Event | None = seen.ledger.fact(seen.conn, seen.tenant, one.event_id)
        fact = about is not None
        about = about or seen.verdict(one.event_id)
        said = seen.verdict(one.verdict_id)
        line = {
            "event_id": one.event_id,
            "rule": one.rule,
            "scope": one.scope,
            "error": one.error,
            "verdict": one.verdict_id,
            "parked": format_instant(said.recorded) if said is not None else None,
            "type": about.type if about is not None else "",
            "time": format_instant(about.time) if about is not None else None,
            "case_id": about.case_id if about is not None else "",
            "place": about.place if about is not None and fact else 0,
        }
        place = about.place if about is not None else 0
        lines.append(((not fact, place, one.rule, one.scope), line))
    return [line for _, line in sorted(lines, key=lambda pair: pair[0])]
