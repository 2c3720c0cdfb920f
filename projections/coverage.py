"""Coverage (覆盖率): shares of members whose duty was done, by period, summed over the rows of the rule (S25)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from processors.rules.promises.promise import Promise
from projections.tables import SetTables
from projections.wilson import permille
from schemas.event import Event
from schemas.instants import Instant

Member = tuple[str, str, str, Instant]
"""(period, keys as JSON, state, due)"""


@dataclass(slots=True)
class Share:
    """Done ÷ ripe of one period. Unripe and unreached are told apart and are in no share."""

    period: str
    keys: dict[str, str]
    done: int = 0
    ripe: int = 0
    unreached: int = 0
    unripe: int = 0


def shares(members: Iterable[Member], apart: Sequence[str], now: Instant) -> list[Share]:
    """By period and keys. ``apart``: names of the keys that tell members apart. Cancelled and waived ones count nowhere."""
    made: dict[tuple[str, str], Share] = {}
    for period, keys, state, due in members:
        if state in ("cancelled", "waived", "superseded"):
            continue
        group = {name: value for name, value in json.loads(keys).items() if name not in apart}
        share = made.setdefault((period, json.dumps(group)), Share(period, group))
        if state == "unreached":
            share.unreached += 1
        elif state == "open" and due >= now:
            share.unripe += 1
        else:
            share.ripe += 1
            share.done += state != "open"
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
                p.opened <= now,
                *(columns[name] == text for name, text in where.items()),
            )
        )
        members = ((str(a), str(b), str(c), int(d)) for a, b, c, d in lines)
        zh = str(policy.get("zh") or key)
        told += [
            {
                "obligation": key,
                "row": str(policy.get("row") or ""),
                "zh": zh,
                "en": str(policy.get("en") or zh),
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
