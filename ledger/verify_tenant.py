"""Checking one tenant: the lanes row by row, and what the other tables say of their bodies."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Table, func, select
from sqlalchemy.exc import DatabaseError

from ledger.chain import FACTS, GENESIS, VERDICTS, Chain
from ledger.database import Database
from ledger.findings import LaneHead, Report
from ledger.tables import corrections, counters, engines, fact_ids, facts, verdicts
from schemas.identity import event_id

PAGE = 500
FACT_IDS = "fact_ids"
CORRECTIONS = "corrections"

Progress = Callable[[str, str, int, int], None]
"""Called with tenant, lane, places done, places in all."""


def readable(name: bytes) -> str:
    """A stored name, whatever was done to its bytes."""
    return name.decode(errors="replace")


@dataclass(slots=True)
class _Walk:
    """The state of walking one lane."""

    chain: Chain
    place: int = 0
    stored: bytes = GENESIS
    before: frozenset[bytes] = frozenset({GENESIS})
    """What the next row may be chained to: one hash; behind a bad row its stored hash or the true one; behind a gap
    nothing is known, and the row is taken as it is."""
    recorded: int = -(2**63)
    after: int = 0


class TenantCheck:
    """Both lanes of one tenant, its id table and its table of corrections, each in short snapshots."""

    def __init__(
        self,
        database: Database,
        report: Report,
        number: int,
        name: bytes,
        progress: Progress | None,
        expect: Sequence[LaneHead],
    ) -> None:
        self._database = database
        self._report = report
        self._number = number
        self._raw = name
        self._name = readable(name)
        self._progress = progress
        self._expect = [head for head in expect if head.tenant == self._name]
        self._matched = 0
        self._facts_head = 0

    def check(self) -> None:
        for lane, table in ((FACTS, facts), (VERDICTS, verdicts)):
            walk = _Walk(Chain(lane, self._number, self._raw))
            try:
                with_heads = self._lane(lane, table, walk)
            except DatabaseError:
                self._bad(lane, walk.place + 1, "the database cannot read it")
                continue
            self._heads(lane, walk, with_heads)
        try:
            self._corrections()
        except DatabaseError:
            self._bad(CORRECTIONS, 0, "the database cannot read it")

    def _bad(self, lane: str, place: int, what: str) -> None:
        self._report.bad(self._name, lane, place, what)

    def _lane(self, lane: str, table: Table, walk: _Walk) -> Any:
        """Walk a lane to its end; returns the head row read on the last snapshot."""
        last = None
        while True:
            with self._database.read() as connection:
                query = select(table).where(table.c.tenant == self._number)
                if last is not None:
                    query = query.where(table.c.place > last)
                page = connection.execute(query.order_by(table.c.place).limit(PAGE)).mappings().all()
                if lane == VERDICTS and (head := self._head_row(connection, FACTS)) is not None:
                    self._facts_head = max(self._facts_head, head[0])  # facts come in while we read
                kept = [row for row in page if self._row(lane, walk, row)]
                if lane == FACTS:
                    self._bodies(connection, kept)
                if len(page) < PAGE:
                    if lane == FACTS:
                        self._fact_ids(connection)
                    return self._head_row(connection, lane)
                last = page[-1]["place"]
            if self._progress is not None:
                self._progress(self._name, lane, walk.place, self._goal(lane))

    def _goal(self, lane: str) -> int:
        with self._database.read() as connection:
            row = self._head_row(connection, lane)
        return 0 if row is None else int(row[0])

    def _head_row(self, connection: Connection, lane: str) -> Any:
        if lane == FACTS:
            c = counters.c
            query = select(c.place, c.recorded, c.hash, c.place).where(c.tenant == self._number)
        else:
            e = engines.c
            query = select(e.verdict_place, e.verdict_recorded, e.verdict_hash, e.decided).where(
                e.tenant == self._number
            )
        return connection.execute(query).first()

    def _row(self, lane: str, walk: _Walk, row: Any) -> bool:
        """Check one row against the one before; True where its hash holds, so that its body may be believed."""
        self._report.checked += 1
        place = row["place"]
        if place < 1:
            self._bad(lane, place, "there is no such place")
            return False
        if place != walk.place + 1:
            gap = (
                f"place {walk.place + 1}"
                if place == walk.place + 2
                else f"places {walk.place + 1} to {place - 1}"
            )
            self._bad(lane, walk.place + 1, f"{gap} missing")
            walk.before = frozenset()
        after = row["after"] if lane == VERDICTS else None
        recorded, body = row["recorded"], row["body"]
        true = frozenset(walk.chain.link(hashed, place, recorded, body, after) for hashed in walk.before)
        good = not true or row["hash"] in true
        if not good:
            self._bad(lane, place, "the row does not hash to what is stored")
        elif recorded < walk.recorded:
            self._bad(lane, place, "recorded before the one before it")
        elif after is not None and not walk.after <= after <= self._facts_head:
            self._bad(lane, place, f"follows fact {after}, out of order")
        elif lane == VERDICTS and not _is_verdict(body):
            self._bad(lane, place, "the body is no verdict")
        for head in self._expect:
            if head.lane == lane and head.place == place and head.hash != row["hash"].hex():
                self._bad(lane, place, "哈希与预期不符 the hash is not the expected one")
        walk.place, walk.stored = place, row["hash"]
        walk.before = frozenset({walk.stored}) if good else frozenset({walk.stored, *sorted(true)[:63]})
        if good:
            walk.recorded = recorded
            walk.after = walk.after if after is None else after
        return good

    def _heads(self, lane: str, walk: _Walk, row: Any) -> None:
        """The counter or engine row against the end of the lane, and what was expected beyond it."""
        if lane == FACTS:
            self._facts_head = walk.place
        keeper = "counter" if lane == FACTS else "engine row"
        if row is None:
            self._bad(lane, walk.place, f"the {keeper} is missing")
        elif row[0] > walk.place:
            self._bad(lane, walk.place + 1, f"missing: the {keeper} is at {row[0]}")
        elif row[0] < walk.place:
            self._bad(lane, row[0] + 1, f"stands beyond the {keeper}")
        elif row[2] not in walk.before:
            self._bad(lane, walk.place, f"the {keeper} has another hash")
        elif row[1] != max(walk.recorded, 0) and len(walk.before) == 1:
            self._bad(lane, walk.place, f"the {keeper} has another recorded time")
        if lane == VERDICTS and row is not None and row[3] > self._facts_head:
            self._bad("engines", row[3], "decided beyond the last fact")
        for head in self._expect:
            if head.lane == lane and head.place > walk.place:
                self._bad(
                    lane,
                    walk.place + 1,
                    f"尾部被截断，应有第 {head.place} 条 cut off: place {head.place} was expected",
                )
        self._report.heads.append(LaneHead(self._name, lane, walk.place, walk.stored.hex()))
        if self._progress is not None:
            self._progress(self._name, lane, walk.place, walk.place)

    def _bodies(self, connection: Connection, rows: Sequence[Any]) -> None:
        """What stands in the bodies against the id table and the table of corrections."""
        named: list[tuple[bytes, int]] = []
        for row in rows:
            place = row["place"]
            body = _json(row["body"])
            key = _fact_id(body, self._name)
            if key is None:
                self._bad(FACTS, place, "the body is no fact, or bears another event id")
                continue
            named.append((key, place))
            if body.get("corrects"):
                self._correction(connection, body, key, place)
        query = select(fact_ids.c.event_id, fact_ids.c.place).where(
            fact_ids.c.tenant == self._number, fact_ids.c.event_id.in_([key for key, _ in named])
        )
        listed = dict(connection.execute(query).all())
        for key, place in named:
            if listed.get(key) == place:
                self._matched += 1
            elif key not in listed:
                self._bad(FACT_IDS, place, "the event id is missing from the id table")
            else:
                self._bad(FACT_IDS, place, f"the id table points to place {listed[key]}")

    def _correction(self, connection: Connection, body: dict[str, Any], key: bytes, place: int) -> None:
        c = corrections.c
        target = _uuid(body["corrects"])
        at = select(fact_ids.c.place).where(
            fact_ids.c.tenant == self._number, fact_ids.c.event_id == (target or b"")
        )
        where = connection.execute(at).scalar_one_or_none()
        if target is None or where is None or where >= place:
            self._bad(FACTS, place, "corrects an event that does not stand before it")
            return
        query = select(c.place, c.event_id).where(c.tenant == self._number, c.target == target)
        found = connection.execute(query).first()
        if found is None:
            self._bad(CORRECTIONS, place, "the correction is missing from its table")
        elif tuple(found) != (place, key):
            self._bad(CORRECTIONS, place, "the table of corrections says otherwise")

    def _fact_ids(self, connection: Connection) -> None:
        """Every good fact was matched with its id row; where there are other id rows, find which have no fact."""
        mine = fact_ids.c.tenant == self._number
        count = connection.execute(select(func.count()).select_from(fact_ids).where(mine)).scalar_one()
        if count == self._matched:
            return
        last = b""
        while True:
            query = select(fact_ids.c.event_id, fact_ids.c.place).where(mine, fact_ids.c.event_id > last)
            page = connection.execute(query.order_by(fact_ids.c.event_id).limit(PAGE)).all()
            for key, place in page:
                body = self._body(connection, place)
                if body is None or _fact_id(body, self._name) not in (None, key):
                    self._bad(FACT_IDS, place, "an id row without its fact")
            if len(page) < PAGE:
                return
            last = page[-1][0]

    def _corrections(self) -> None:
        """Every row of the table of corrections has its fact."""
        for target, place, key in self._pages():
            with self._database.read() as connection:
                body = self._body(connection, place)
            if (
                not isinstance(body, dict)
                or _fact_id(body, self._name) != key
                or _uuid(body.get("corrects")) != target
            ):
                self._bad(CORRECTIONS, place, "a row of the table of corrections without its fact")

    def _pages(self) -> Iterator[tuple[bytes, int, bytes]]:
        c = corrections.c
        last = b""
        while True:
            with self._database.read() as connection:
                query = select(c.target, c.place, c.event_id).where(c.tenant == self._number, c.target > last)
                page = connection.execute(query.order_by(c.target).limit(PAGE)).all()
            yield from page
            if len(page) < PAGE:
                return
            last = page[-1][0]

    def _body(self, connection: Connection, place: int) -> Any:
        """The body at a place; None where there is no row, "" where it is garbage."""
        query = select(facts.c.body).where(facts.c.tenant == self._number, facts.c.place == place)
        found = connection.execute(query).scalar_one_or_none()
        if found is None:
            return None
        body = _json(found)
        return "" if body is None else body


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _uuid(value: Any) -> bytes | None:
    try:
        return UUID(value).bytes
    except (ValueError, AttributeError, TypeError):
        return None


def _fact_id(body: Any, tenant: str) -> bytes | None:
    """The event id of a fact's body, where body and id hold together."""
    if not isinstance(body, dict) or not isinstance(body.get("data"), dict):
        return None
    source, own = body.get("source"), body.get("id")
    if not isinstance(source, str) or not isinstance(own, str):
        return None
    named = body.get("event_id")
    return _uuid(named) if named == event_id(tenant, source, own) else None


def _is_verdict(body: bytes) -> bool:
    found = _json(body)
    return isinstance(found, dict) and _uuid(found.get("event_id")) is not None and "type" in found
