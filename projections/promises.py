"""Promises (承诺/时限) as people read them: one row of the rule with what was announced of it.

The wall state (看板状态) is the one word under which a promise stands on the deadline wall; ``flags`` keep the rest.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, or_, select

from processors.ports import Announced
from processors.rules.promises.promise import BORN_LATE_GRACE, Promise
from projections.pages import SqlPages
from projections.tables import SetTables, columns_of
from schemas.event import Event
from schemas.instants import AHEAD, NEVER, Instant, format_instant

RULE = "promises"
WALL = (
    "pending",
    "due_soon",
    "breached",
    "unconfirmed",
    "undated",
    "worklist",
    "met",
    "met_late",
    "late_entry",
    "retracted",
    "cancelled",
    "waived",
    "unreached",
    "superseded",
)
_NAMES = tuple(name for name, _ in columns_of(Promise))


Names = Callable[[int, str], tuple[str, str]]
"""(place of the policy's publication, its key) -> what it is called in Chinese and English."""


def called(key: str, policy: Mapping[str, Any]) -> tuple[str, str]:
    """What a published policy is called in Chinese and English."""
    zh = str(policy.get("zh") or key)
    return zh, str(policy.get("en") or zh)


def names_in(published: Mapping[int, Event]) -> Names:
    """From the publications themselves: nothing is compiled to show a list."""

    def names(place: int, key: str) -> tuple[str, str]:
        fact = published.get(place)
        return called(key, fact.data["policy"]["policies"].get(key, {}) if fact is not None else {})

    return names


def instant_or_none(at: Instant) -> str | None:
    """RFC 3339 in Shanghai; None for NEVER and for 0, which stand for "no instant" in columns."""
    return None if at in (NEVER, 0) else format_instant(at)


def wall_state(row: Promise, said: Mapping[str, Announced], waits: bool) -> str:
    """The wall state of a row, given the last announcement by kind, and whether its breach waits for a source."""
    if row.state == "met":
        if row.late_entry:
            return "late_entry"
        return "retracted" if "breached" in said and not said["breached"].standing else "met"
    if row.state == "late":
        return "met_late"
    if row.state != "open":
        return row.state
    if row.undated:
        return "undated"
    if "breached" in said and said["breached"].standing:
        return "breached"
    if waits:
        return "unconfirmed"
    if any(a.standing and k.startswith("due_soon") for k, a in said.items()):
        return "due_soon"
    return "worklist" if row.due == NEVER and not row.paused else "pending"


def flags(row: Promise, said: Mapping[str, Announced]) -> list[str]:
    """What stands beside the state, in a fixed order."""
    found = []
    if any(a.standing and k.startswith("due_soon") for k, a in said.items()):
        found.append("due_soon")
    if "breached" in said:
        found.append("breached" if said["breached"].standing else "retracted")
    found += [name for name in ("born_late", "late_entry", "undated", "paused") if getattr(row, name)]
    return found


def view(row: Promise, said: Mapping[str, Announced], names: Names, waits: bool = False) -> dict[str, Any]:
    """The promise as JSON, for the API, the page and the command line. Instants are RFC 3339 or null. ``waits``: its breach
    waits for a source."""
    zh, en = names(row.policy_place, row.obligation)
    return {
        "id": row.id,
        "obligation": row.obligation,
        "row": row.obligation_row,
        "zh": zh,
        "en": en,
        "kind": row.kind,
        "period": row.period,
        "state": row.state,
        "flags": flags(row, said),
        "wall": wall_state(row, said, waits),
        "opened": instant_or_none(row.opened),
        "due": instant_or_none(row.due),
        "warn": instant_or_none(min(json.loads(row.warns), default=NEVER)),
        "settled": instant_or_none(row.settled),
        "case_id": row.case_id,
        "house_id": row.house_id,
        "project_id": row.project_id,
        "keys": json.loads(row.keys),
        "owes": json.loads(row.owes),
        "person": row.person,
        "policy_version": row.policy_version,
        "calendar_version": row.calendar_version,
        "trigger": row.trigger,
        "discharged_by": json.loads(row.settled_by),
        "entered_by": row.entered_by,
        "waited": json.loads(row.waited),
        "acknowledged_by": row.acknowledged_by,
        "step": max((int(k[4:]) for k, a in said.items() if a.standing and k.startswith("step")), default=0),
    }


class Promises:
    """Queries of one set. ``conn`` is a reading connection; nothing is written."""

    def __init__(self, tables: SetTables, names: Names, begun: Instant = NEVER) -> None:
        """What opens after ``begun`` is not there yet: periods of a recurring duty are made ahead. A sender's clock may run
        before ours: now lies so much behind."""
        self.tables = tables
        self.names = names
        self.begun = begun
        self.now = begun - AHEAD
        self._rows = tables.rows[Promise]
        self._breach = tables.announced.alias("breach")
        self._warned = tables.announced.alias("warned")

    def _wall(self) -> ColumnElement[str]:
        p, breach, warned = self._rows.c, self._breach.c, self._warned.c
        return case(
            (and_(p.state == "met", p.late_entry == 1), "late_entry"),
            (and_(p.state == "met", breach.standing == 0), "retracted"),
            (p.state == "late", "met_late"),
            (p.state != "open", p.state),
            (p.undated == 1, "undated"),
            (breach.standing == 1, "breached"),
            (self._waits(), "unconfirmed"),
            (warned.standing == 1, "due_soon"),
            (and_(p.due == NEVER, p.paused == 0), "worklist"),
            else_="pending",
        )

    def _waits(self) -> ColumnElement[bool]:
        """Due, confirmed by nobody, and the engine, which has looked since, will look again: it waits for a source."""
        p, now = self._rows.c, self.now
        return and_(
            p.state == "open",
            p.due < now,
            p.confirm <= now,
            or_(p.born_late == 0, p.trigger_recorded <= now - BORN_LATE_GRACE),
            or_(self._breach.c.standing.is_(None), self._breach.c.standing == 0),
            p.next > now,
            p.next < NEVER,
        )

    def _joined(self, what: Sequence[Any], tenant: int) -> Select[Any]:
        rows, breach, warned = self._rows, self._breach, self._warned

        def said(one: Any, kind: str) -> ColumnElement[bool]:
            return and_(
                one.c.tenant == rows.c.tenant,
                one.c.rule == RULE,
                one.c.scope == rows.c.scope,
                one.c.row_id == rows.c.id,
                one.c.kind == kind,
            )

        return (
            select(*what)
            .select_from(
                rows.outerjoin(breach, said(breach, "breached")).outerjoin(warned, said(warned, "due_soon"))
            )
            .where(rows.c.tenant == tenant, rows.c.opened <= self.begun, rows.c.kind != "coverage")
        )

    def find(
        self,
        conn: Connection,
        tenant: int,
        *,
        state: str | None = None,
        wall: str | None = None,
        case_id: str | None = None,
        project_id: str | None = None,
        limit: int = 200,
        after: tuple[Instant, str] | None = None,
    ) -> list[dict[str, Any]]:
        """By (due, id). ``after`` is the (due µs, id) of the last one already had."""
        p = self._rows.c
        query = (
            self._joined([*(p[n] for n in _NAMES), self._waits()], tenant).order_by(p.due, p.id).limit(limit)
        )
        for column, wanted in ((p.state, state), (p.case_id, case_id), (p.project_id, project_id)):
            if wanted is not None:
                query = query.where(column == wanted)
        if wall is not None:
            query = query.where(self._wall() == wall)
        if after is not None:
            query = query.where((p.due > after[0]) | and_(p.due == after[0], p.id > after[1]))
        return self._views(conn, tenant, query)

    def settled_lately(self, conn: Connection, tenant: int, *, wall: str, limit: int) -> list[dict[str, Any]]:
        """Settled promises of a wall state, the latest first."""
        p = self._rows.c
        query = self._joined([*(p[n] for n in _NAMES), self._waits()], tenant).where(self._wall() == wall)
        return self._views(conn, tenant, query.order_by(p.settled.desc(), p.id).limit(limit))

    def longest_open(self, conn: Connection, tenant: int, *, wall: str, limit: int) -> list[dict[str, Any]]:
        """Promises of a wall state without due instants, those open longest first."""
        p = self._rows.c
        query = self._joined([*(p[n] for n in _NAMES), self._waits()], tenant).where(self._wall() == wall)
        return self._views(conn, tenant, query.order_by(p.opened, p.id).limit(limit))

    def get(self, conn: Connection, tenant: int, promise_id: str) -> dict[str, Any] | None:
        """One promise by id."""
        p = self._rows.c
        found = self._views(
            conn,
            tenant,
            self._joined([*(p[n] for n in _NAMES), self._waits()], tenant).where(p.id == promise_id),
        )
        return found[0] if found else None

    def row(self, conn: Connection, tenant: int, promise_id: str) -> Promise | None:
        """The row itself."""
        p = self._rows.c
        line = conn.execute(
            select(*(p[n] for n in _NAMES)).where(p.tenant == tenant, p.id == promise_id)
        ).first()
        return Promise(**dict(zip(_NAMES, line, strict=True))) if line else None

    def counts(self, conn: Connection, tenant: int) -> dict[str, int]:
        """How many stand under each wall state, zeros included."""
        word = self._wall().label("word")
        query = self._joined([word, func.count()], tenant).group_by(word)
        found = {str(w): int(n) for w, n in conn.execute(query)}
        return {w: found.get(w, 0) for w in WALL}

    def said(self, conn: Connection, tenant: int, rows: Sequence[Promise]) -> dict[str, dict[str, Announced]]:
        """Announcements by promise and kind."""
        found: dict[str, dict[str, Announced]] = {row.id: {} for row in rows}
        pages = SqlPages(conn, self.tables, tenant, ())
        for one in pages.announced(RULE, sorted({row.scope for row in rows})):
            if one.row_id in found:
                found[one.row_id][one.kind] = one
        return found

    def _views(self, conn: Connection, tenant: int, query: Select[Any]) -> list[dict[str, Any]]:
        lines = [tuple(line) for line in conn.execute(query)]
        rows = [Promise(**dict(zip(_NAMES, line[:-1], strict=True))) for line in lines]
        said = self.said(conn, tenant, rows)
        return [
            view(row, said[row.id], self.names, bool(line[-1])) for row, line in zip(rows, lines, strict=True)
        ]
