"""Sources (来源) as a list: what each sends, how late it may report, how far it has reported, and how far that lags."""

from __future__ import annotations

from typing import Any

from processors.rules.sources import ANY, Sources
from schemas.catalogue import CATALOGUE
from schemas.instants import SECOND, Instant, format_instant


def listed(sources: Sources, now: Instant) -> list[dict[str, Any]]:
    """By name: ``{"source", "reports_within", "declared", "reported_through", "reported", "lag_seconds", "late", "types"}``;
    instants RFC 3339 or null. ``late``: it declared a delay and lags more than that."""
    names = {*sources.declared, *sources.reported, *sources.senders.get(ANY, ())}
    found = [_one(sources, name, now) for name in sorted(names)]
    return [one for one in found if one["types"] or one["declared"] or one["reported"]]


def _one(sources: Sources, name: str, now: Instant) -> dict[str, Any]:
    declared, reported = sources.declared.get(name, ()), sources.reported.get(name)
    last = declared[-1] if declared else None
    lag = None if reported is None else max(0, now - reported.through)
    return {
        "source": name,
        "reports_within": last.said if last is not None else None,
        "declared": format_instant(last.recorded) if last is not None else None,
        "reported_through": format_instant(reported.through) if reported is not None else None,
        "reported": format_instant(reported.recorded) if reported is not None else None,
        "lag_seconds": None if lag is None else lag // SECOND,
        "late": last is not None and last.within > 0 and lag is not None and lag > last.within,
        "types": sorted(kind for source, kind in sources.sent if source == name and _theirs(kind)),
    }


def _theirs(event_type: str) -> bool:
    """What a system or a person reports; not what an administrator publishes."""
    return event_type in CATALOGUE and CATALOGUE[event_type].writer == "intake"
