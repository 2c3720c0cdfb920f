"""The id table and the table of corrections against the bodies of the facts.

A whole run compares totals (``total``), which takes one pass over each table in the order of its key; only where they
differ is it looked up which row is at fault. A part of a lane is looked up fact by fact.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, bindparam, select

from ledger.chain import FACTS
from ledger.findings import Report
from ledger.hot import Among
from ledger.tables import corrections, fact_ids
from ledger.verifying.bodies import corrects, fact_key, quick_fact_key, uuid_bytes
from ledger.verifying.pages import Reads, correction_pages, id_pages, lane_pages, row_at
from ledger.verifying.strays import Register
from ledger.verifying.total import Total

FACT_IDS = "fact_ids"
CORRECTIONS = "corrections"
_places = Among(
    lambda keys: select(fact_ids.c.event_id, fact_ids.c.place).where(
        fact_ids.c.tenant == bindparam("tenant"), fact_ids.c.event_id.in_(keys)
    ),
    bytes,
)


def total_of_ids(
    source: Reads, tenant: int, secret: int, after: bytes, upto: bytes, head: int
) -> tuple[int, list[tuple[bytes, int]]]:
    """(total over rows at places 1 to ``head``, rows at other places) of a part of the id table."""
    total = Total(secret)
    _, product, prime = total.parts
    elsewhere = []
    for page in id_pages(source, tenant, after, upto):
        for key, place in page:
            if 0 < place <= head:
                product = product * (secret + (int.from_bytes(key, "big") << 64) + place) % prime
            else:
                elsewhere.append((key, place))
    return product, elsewhere


class Ids:
    """Of one tenant."""

    def __init__(self, source: Reads, report: Report, number: int, raw: bytes, register: Register) -> None:
        self._source = source
        self._report = report
        self._number = number
        self._name = raw.decode(errors="replace")
        self._others = [(other, name.decode(errors="replace")) for other, name in register if other != number]

    def facts(self, after: int, upto: int) -> None:
        """Look up every fact at places (after, upto] that bears a good id."""
        last, quick = [after], quick_fact_key(self._name, [])
        for page in lane_pages(self._source, FACTS, self._number, upto, lambda: last[-1]):
            keyed = []
            for place, _, body, _ in page:
                last[-1] = place
                found = quick(body)
                key = fact_key(body, self._name) if found < 0 else found.to_bytes(16, "big")
                if key is not None:
                    keyed.append((key, place))
            self._listed(keyed)

    def _listed(self, keyed: list[tuple[bytes, int]]) -> None:
        with self._source.read() as connection:
            found: Any = _places(connection, [key for key, _ in keyed], tenant=self._number)
            listed: dict[bytes, int] = dict(found)
        for key, place in keyed:
            if key not in listed:
                self._bad(FACT_IDS, place, "the event id is missing from the id table", "event_id")
            elif listed[key] != place:
                self._bad(FACT_IDS, place, f"the id table points to place {listed[key]}", "place")

    def rows(self, rows: Iterable[tuple[bytes, int]] | None = None) -> None:
        """Every row of the id table, or the given ones, must have its fact."""
        pages: Iterable[Any] = (
            id_pages(self._source, self._number, b"", b"\xff" * 17) if rows is None else [rows]
        )
        for page in pages:
            for key, place in page:
                with self._source.read() as connection:
                    row = row_at(connection, FACTS, self._number, place)
                    found = None if row is None else fact_key(row[3], self._name)
                    if row is None or found not in (None, key):
                        what = "an id row without its fact"
                        self._bad(FACT_IDS, place, *self._whose(connection, what, place, FACTS, key))

    def _whose(self, connection: Connection, what: str, place: int, lane: str, key: bytes) -> tuple[str, str]:
        """Of another tenant, if its fact at that place bears this id."""
        for number, name in self._others:
            row = row_at(connection, lane, number, place)
            if row is not None and fact_key(row[3], name) == key:
                return f"{what}: it belongs to tenant {name}", "tenant"
        return what, ""

    def correcting(self, found: Iterable[tuple[int, bytes, bytes]], total: Total) -> None:
        """Facts that correct another: the other stands before them, and the table says so."""
        c = corrections.c
        with self._source.read() as connection:
            for place, key, text in found:
                target = uuid_bytes(text.decode(errors="replace"))
                at = select(fact_ids.c.place).where(
                    fact_ids.c.tenant == self._number, fact_ids.c.event_id == (target or b"")
                )
                where = connection.execute(at).scalar_one_or_none()
                if target is None or where is None or where >= place:
                    self._bad(FACTS, place, "corrects an event that does not stand before it", "body")
                    continue
                total.add_wide(target, place.to_bytes(8, "big"), key)
                query = select(c.place, c.event_id).where(c.tenant == self._number, c.target == target)
                row = connection.execute(query).first()
                if row is None:
                    self._bad(CORRECTIONS, place, "the correction is missing from its table", "target")
                elif row[0] != place:
                    self._bad(CORRECTIONS, place, f"the table of corrections says place {row[0]}", "place")
                elif row[1] != key:
                    self._bad(CORRECTIONS, place, "the table of corrections names another event", "event_id")

    def corrections(self, total: Total, secret: int, head: int) -> None:
        """The whole table: where its total is not that of the facts, every row of it must have its fact."""
        mine, elsewhere = Total(secret), []
        for page in correction_pages(self._source, self._number):
            for target, place, key in page:
                if 0 < place <= head:
                    mine.add_wide(target, place.to_bytes(8, "big"), key)
                else:
                    elsewhere.append((target, place, key))
        self._correction_rows(elsewhere)
        if mine.value != total.value:
            for page in correction_pages(self._source, self._number):
                self._correction_rows(row for row in page if 0 < row[1] <= head)

    def _correction_rows(self, rows: Iterable[tuple[bytes, int, bytes]]) -> None:
        what = "a row of the table of corrections without its fact"
        for target, place, key in rows:
            with self._source.read() as connection:
                row = row_at(connection, FACTS, self._number, place)
                if row is None:
                    self._bad(CORRECTIONS, place, *self._whose(connection, what, place, FACTS, key))
                elif fact_key(row[3], self._name) != key:
                    column = self._whose(connection, what, place, FACTS, key)
                    self._bad(CORRECTIONS, place, column[0], column[1] or "event_id")
                elif uuid_bytes(corrects(row[3]).decode(errors="replace")) != target:
                    self._bad(CORRECTIONS, place, what, "target")

    def _bad(self, lane: str, place: int, what: str, column: str) -> None:
        self._report.bad(self._name, lane, place, what, column)
