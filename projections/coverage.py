"""Coverage (覆盖率): shares of members whose duty was done, by period, summed over the rows of the rule (S25)."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from processors.rules.promises import promise
from processors.rules.promises.promise import CANCELLED, OPEN, SUPERSEDED, WAIVED, Promise
from projections.promises import called
from projections.tables import SetTables
from projections.wilson import permille
from schemas.event import Event
from schemas.instants import AHEAD, Instant

Member = tuple[str, str, str, Instant]
"""(period, keys as JSON, state, due)"""
DONE, MISSED, UNREACHED, UNRIPE = "done", "missed", "unreached", "unripe"
"""How a member stands: done or missed where it is ripe (到期), else unreached (未接通) or not due yet."""
RIPE = (DONE, MISSED)
STANDINGS: Mapping[str, Collection[str]] = {"ripe": RIPE} | {
    one: (one,) for one in (*RIPE, UNREACHED, UNRIPE)
}
"""What may be asked for -> how those members stand."""


@dataclass(slots=True)
class Share:
    """Done ÷ ripe of one period. Unripe and unreached are told apart and are in no share."""

    period: str
    keys: dict[str, str]
    done: int = 0
    ripe: int = 0
    unreached: int = 0
    unripe: int = 0


def standing(state: str, due: Instant, now: Instant) -> str:
    """How a member stands; "" for a cancelled or waived member, which counts nowhere."""
    if state in (CANCELLED, WAIVED, SUPERSEDED):
        return ""
    if state == promise.UNREACHED:
        return UNREACHED
    if state != OPEN:
        return DONE
    return UNRIPE if due >= now else MISSED


def group_of(keys: str, apart: Collection[str]) -> dict[str, str]:
    """The keys over which a share is summed. ``apart``: names of those that tell members apart."""
    return {name: value for name, value in json.loads(keys).items() if name not in apart}


def shares(members: Iterable[Member], apart: Collection[str], now: Instant) -> list[Share]:
    """By period and keys."""
    made: dict[tuple[str, str], Share] = {}
    for period, keys, state, due in members:
        stands = standing(state, due, now)
        if not stands:
            continue
        group = group_of(keys, apart)
        share = made.setdefault((period, json.dumps(group)), Share(period, group))
        share.done += stands == DONE
        share.ripe += stands in RIPE
        share.unreached += stands == UNREACHED
        share.unripe += stands == UNRIPE
    return [made[key] for key in sorted(made)]


def duties(published: Mapping[int, Event]) -> dict[str, dict[str, Any]]:
    """Obligation -> its policy as it was last published, of every one that is a share."""
    found: dict[str, dict[str, Any]] = {}
    for place in sorted(published):
        for key, policy in published[place].data["policy"]["policies"].items():
            if isinstance(policy, Mapping) and "coverage" in (policy.get("due") or {}):
                found[str(key)] = dict(policy)
    return found


def coverage(
    conn: Connection,
    tables: SetTables,
    tenant: int,
    asked: Mapping[str, Mapping[str, Any]],
    where: Mapping[str, str],
    now: Instant,
) -> list[dict[str, Any]]:
    """Shares of ``duties``, as far as they have come by ``now``; the latest period first. ``where``: ``project_id``, ``month``
    (the period). ``share`` is in thousandths, null where nothing is ripe."""
    p = tables.rows[Promise].c
    columns = {"project_id": p.project_id, "month": p.period}
    what: tuple[Any, ...] = (p.period, p["keys"], p.state, p.due)
    told = []
    for key, policy in sorted(asked.items()):
        lines = conn.execute(
            select(*what).where(
                p.tenant == tenant,
                p.obligation == key,
                p.kind == "coverage",
                p.opened <= now + AHEAD,
                *(columns[name] == text for name, text in where.items()),
            )
        )
        members = ((str(a), str(b), str(c), int(d)) for a, b, c, d in lines)
        zh, en = called(key, policy)
        told += [
            {
                "obligation": key,
                "row": str(policy.get("row") or ""),
                "zh": zh,
                "en": en,
                "period": one.period,
                "project_id": one.keys.get("project", ""),
                "keys": one.keys,
                "done": one.done,
                "ripe": one.ripe,
                "share": permille(one.done, one.ripe) if one.ripe else None,
                "unreached": one.unreached,
                "unripe": one.unripe,
            }
            for one in shares(members, tuple(policy["due"]["member"]), now)
        ]
    return sorted(told, key=lambda one: str(one["period"]), reverse=True)
