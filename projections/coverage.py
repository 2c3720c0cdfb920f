"""Coverage (覆盖率): shares of members whose duty was done, by period, summed over the rows of the rule (S25)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from processors.rules.promises.promise import Promise
from projections.tables import SetTables
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


def coverage(
    conn: Connection, tables: SetTables, tenant: int, obligation: str, apart: Sequence[str], now: Instant
) -> list[Share]:
    """Of one obligation, as far as it has come by ``now``."""
    p = tables.rows[Promise].c
    what: tuple[Any, ...] = (p.period, p.keys, p.state, p.due)
    lines = conn.execute(
        select(*what).where(
            p.tenant == tenant, p.obligation == obligation, p.kind == "coverage", p.opened <= now
        )
    )
    return shares(((str(a), str(b), str(c), int(d)) for a, b, c, d in lines), apart, now)
