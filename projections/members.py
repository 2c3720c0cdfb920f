"""The cases behind a coverage (覆盖率明细): each member that counts in a share or is told apart from it, and how it stands."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, and_, or_, select

from processors.rules.promises.promise import Promise
from projections.coverage import STANDINGS, group_of, standing
from projections.promises import called, instant_or_none
from projections.tables import SetTables
from schemas.instants import AHEAD, Instant


def members_of(
    conn: Connection,
    tables: SetTables,
    tenant: int,
    duties: Mapping[str, Mapping[str, Any]],
    where: Mapping[str, str],
    stands: str,
    now: Instant,
    after: tuple[Instant, str] | None = None,
) -> Iterator[dict[str, Any]]:
    """``{"promise_id", "case_id", "obligation", "zh", "en", "standing", "period", "project_id", "house_id", "keys", "opened",
    "due", "settled"}``, the latest opened first; ``after`` (opened, promise id). ``where``: ``project_id``, ``period``,
    ``obligation``, ``keys`` (those of the share, as JSON). ``stands``: one of ``STANDINGS``; "" for all."""
    p = tables.rows[Promise].c
    columns = {"project_id": p.project_id, "period": p.period, "obligation": p.obligation}
    query = select(
        p.id, p.case_id, p.obligation, p.period, p.project_id, p.house_id, p["keys"], p.opened, p.due, p.state, p.settled
    ).where(
        p.tenant == tenant,
        p.kind == "coverage",
        p.obligation.in_(sorted(duties)),
        p.opened <= now + AHEAD,
        *(columns[name] == text for name, text in where.items() if name in columns),
    )  # fmt: skip
    if after is not None:
        at, last = after
        query = query.where(or_(p.opened < at, and_(p.opened == at, p.id < last)))
    wanted = STANDINGS.get(stands)
    group = json.loads(where["keys"]) if "keys" in where else None
    for row in conn.execute(query.order_by(p.opened.desc(), p.id.desc())).mappings():
        policy = duties[row["obligation"]]
        word = standing(row["state"], row["due"], now)
        keys = group_of(row["keys"], policy["due"]["member"])
        if not word or (wanted is not None and word not in wanted) or (group is not None and keys != group):
            continue
        zh, en = called(row["obligation"], policy)
        yield {
            "promise_id": row["id"],
            "case_id": row["case_id"] or None,
            "obligation": row["obligation"],
            "zh": zh,
            "en": en,
            "standing": word,
            "period": row["period"],
            "project_id": row["project_id"],
            "house_id": row["house_id"],
            "keys": keys,
            "opened": instant_or_none(row["opened"]),
            "due": instant_or_none(row["due"]),
            "settled": instant_or_none(row["settled"]),
        }
