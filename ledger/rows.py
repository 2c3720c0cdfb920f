"""Rows of the lanes as they are stored, in pages bounded by number and size: what is published, and what others catch up on."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, text

from ledger.chain import FACTS, VERDICTS
from ledger.wire import Record
from schemas.instants import Instant

LANES = (FACTS, VERDICTS)
MOST, BYTES = 500, 1 << 20
"""Rows and bytes of a page (one row, however large)."""


def _page(lane: str, columns: str) -> Any:
    """The sum over a page is of sizes alone; bodies beyond it are not fetched."""
    return text(
        f"SELECT {columns} FROM ("
        f" SELECT {columns}, sum(length(body)) OVER (ORDER BY place) AS total FROM ("
        f"  SELECT {columns} FROM {lane} WHERE tenant = :tenant AND place > :past ORDER BY place LIMIT :most"
        " ) AS page) AS sized WHERE total <= :bytes OR place = :past + 1 ORDER BY place"
    )


_PAGES = {
    FACTS: _page("facts", "place, recorded, body, hash"),
    VERDICTS: _page("verdicts", "place, recorded, body, hash, after"),
}


class Gap(Exception):
    """The ledger lacks a place of a lane; run touchline verify."""


def page(
    connection: Connection, tenant: int, lane: str, past: int, ledger_id: str, timeline: str, most: int = MOST
) -> list[Record]:
    """The next rows after a place, without a hole. Raises Gap."""
    given = {"tenant": tenant, "past": past, "most": most, "bytes": BYTES}
    rows = connection.execute(_PAGES[lane], given).all()
    if [row[0] for row in rows] != list(range(past + 1, past + 1 + len(rows))):
        raise Gap(f"tenant {tenant}, {lane} after place {past}")
    return [
        Record(
            tenant=tenant, place=place, recorded=Instant(recorded), after=after[0] if after else None,
            hash=bytes(hashed), ledger_id=ledger_id, timeline=timeline, body=bytes(body),
        )
        for place, recorded, body, hashed, *after in rows
    ]  # fmt: skip
