"""Figures of linear rules: the cells as they are, or as they were at a moment, and the events behind them.

Now is read off the cells. At a moment the evidence is summed: what was recorded, or had happened, by then (``Moment``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from processors.rules.linear import Sum, names_of, scope_of, summed
from processors.rules.protocol import SUM, Evidence
from projections.moment import Moment
from projections.tables import SetTables
from schemas.instants import Instant

AMONG = 400
"""Scopes asked for at once."""
Key = tuple[str, ...]
Cells = dict[Key, tuple[int, ...]]
NOW = Moment()


def cells(
    conn: Connection,
    tables: SetTables,
    tenant: int,
    rule: str,
    kind: type[Sum],
    where: Mapping[str, str],
    moment: Moment = NOW,
) -> Cells:
    """Key -> sums, of the cells that agree with ``where`` (column -> text), in order of the key."""
    names = names_of(kind)
    if moment.mode != "now":
        return _at(conn, tables, tenant, rule, kind, where, moment)
    table = tables.sums[kind.TABLE]
    query = select(*(table.c[name] for name in (*names.key, *names.amounts))).where(table.c.tenant == tenant)
    for name, text in where.items():
        query = query.where(table.c[name] == text)
    width = len(names.key)
    return {
        tuple(line[:width]): tuple(line[width:])
        for line in conn.execute(query.order_by(*(table.c[name] for name in names.key)))
    }


def _at(
    conn: Connection,
    tables: SetTables,
    tenant: int,
    rule: str,
    kind: type[Sum],
    where: Mapping[str, str],
    moment: Moment,
) -> Cells:
    names = names_of(kind)
    wanted = [(names.key.index(name), text) for name, text in where.items()]
    found: dict[Key, tuple[int, ...]] = {}
    for entry in filed(conn, tables, tenant, rule, SUM + kind.TABLE):
        if not moment.stands(entry):
            continue
        more = summed(entry)
        if any(more.key[index] != text for index, text in wanted):
            continue
        so_far = found.get(more.key, (0,) * len(more.amounts))
        found[more.key] = tuple(a + b for a, b in zip(so_far, more.amounts, strict=True))
    return {key: found[key] for key in sorted(found) if any(found[key])}


def filed(conn: Connection, tables: SetTables, tenant: int, rule: str, slot: str) -> Iterable[Evidence]:
    """All evidence that a rule ever filed under a slot, taken out or not."""
    e = tables.evidence
    query = select(*(e.c[name] for name in Evidence._fields)).where(
        e.c.tenant == tenant, e.c.rule == rule, e.c.slot == slot
    )
    for line in conn.execution_options(yield_per=1000).execute(query):
        yield Evidence._make(line)


def standing(tables: SetTables, moment: Moment) -> list[ColumnElement[bool]]:
    """Of evidence: what counts at the moment (``Moment.stands``)."""
    e = tables.evidence.c
    if moment.known_at is not None:
        return [e.recorded <= moment.known_at, (e.voided == 0) | (e.voided > moment.known_at)]
    return [e.voided == 0] if moment.as_of is None else [e.voided == 0, e.time <= moment.as_of]


def behind(
    conn: Connection,
    tables: SetTables,
    tenant: int,
    rule: str,
    kind: type[Sum],
    keys: Sequence[Key],
    moment: Moment,
    limit: int,
    after: tuple[Instant, str] | None,
) -> list[Evidence]:
    """What these cells are the sum of at the moment, the latest first; ``after``: (time, event id) of the last already had."""
    e = tables.evidence
    query = select(*(e.c[name] for name in Evidence._fields)).where(
        e.c.tenant == tenant, e.c.rule == rule, e.c.slot == SUM + kind.TABLE
    )
    query = query.where(*standing(tables, moment))
    if after is not None:
        at, last = after
        query = query.where((e.c.time < at) | ((e.c.time == at) & (e.c.event_id > last)))
    query = query.order_by(e.c.time.desc(), e.c.event_id).limit(limit)
    found: list[Any] = []
    scopes = sorted({scope_of(key) for key in keys})
    for start in range(0, len(scopes), AMONG):
        found += conn.execute(query.where(e.c.scope.in_(scopes[start : start + AMONG]))).all()
    entries = [Evidence._make(line) for line in found]
    return sorted(entries, key=lambda entry: (-entry.time, entry.event_id))[:limit]
