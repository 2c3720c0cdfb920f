"""Writing what an append has made: the rows of a batch, and the counter's new head.

A statement for each table on SQLite; one for all of it on PostgreSQL, where each is a round trip under the counter's lock; and
where it is short it is said with COMMIT, in one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, update

from ledger.dialects import insert_one
from ledger.hot import DIRECT, LAST, Hot, Row, driver
from ledger.tables import corrections, counters, fact_ids, facts

FACT = ("tenant", "place", "recorded", "body", "hash")
FACT_ID = ("tenant", "event_id", "place")
CORRECTION = ("tenant", "target", "place", "event_id")
_fact = Hot(insert_one(facts, FACT))
_fact_id = Hot(insert_one(fact_ids, FACT_ID))
_correction = Hot(insert_one(corrections, CORRECTION))
_counter = Hot(
    update(counters)
    .where(counters.c.tenant == bindparam("number"))
    .values(place=bindparam("new_place"), recorded=bindparam("new_recorded"), hash=bindparam("new_hash"))
)
_PREPARED = "touchline.placing"
_FEW = 16
"""Rows that are written in words, as hexadecimal digits; what is more goes as bytes, which are half as many."""
_TOGETHER = """
WITH f AS (
    INSERT INTO facts (tenant, place, recorded, body, hash)
    SELECT %(tenant)b::bigint, *
    FROM unnest(%(places)b::bigint[], %(times)b::bigint[], %(bodies)b::bytea[], %(hashes)b::bytea[])
), i AS (
    INSERT INTO fact_ids (tenant, event_id, place)
    SELECT %(tenant)b::bigint, * FROM unnest(%(ids)b::bytea[], %(places_of_ids)b::bigint[])
)
UPDATE counters SET place = %(place)b::bigint, recorded = %(recorded)b::bigint, hash = %(hash)b::bytea
WHERE tenant = %(tenant)b::bigint
"""
_NAMES = list(dict.fromkeys(re.findall(r"%\((\w+)\)b", _TOGETHER)))
_PREPARE = "PREPARE touchline_placing AS " + re.sub(
    r"%\((\w+)\)b", lambda name: f"${_NAMES.index(name[1]) + 1}", _TOGETHER
)


def write(connection: Connection, facts: Sequence[Row], ids: Sequence[Row], corrected: Sequence[Row]) -> None:
    """The rows, in the order of their columns; the counter moves with the last of the job, see ``finish``."""
    _fact.many(connection, FACT, facts)
    _fact_id.many(connection, FACT_ID, sorted(ids))  # neighbours share a page
    _correction.many(connection, CORRECTION, corrected)


def finish(
    connection: Connection,
    facts: Sequence[Row],
    ids: Sequence[Row],
    corrected: Sequence[Row],
    tenant: int,
    head: tuple[int, int, bytes],
) -> None:
    """The last rows of the job, and the counter's new head (place, recorded, hash)."""
    if connection.dialect.name == "sqlite":
        write(connection, facts, ids, corrected)
        _counter(connection, number=tenant, new_place=head[0], new_recorded=head[1], new_hash=head[2])
        return
    if len(facts) <= _FEW and not corrected and DIRECT in connection.info:
        _leave(connection, facts, ids, tenant, head)
        return
    _, places, times, bodies, hashes = zip(*facts, strict=True) if facts else ((),) * 5
    _, keys, places_of_ids = zip(*sorted(ids), strict=True) if ids else ((),) * 3
    driver(connection).execute(
        _TOGETHER,
        {
            "tenant": tenant,
            "places": list(places),
            "times": list(times),
            "bodies": list(bodies),
            "hashes": list(hashes),
            "ids": list(keys),
            "places_of_ids": list(places_of_ids),
            "place": head[0],
            "recorded": head[1],
            "hash": head[2],
        },
    )
    _correction.many(connection, CORRECTION, corrected)


def _leave(
    connection: Connection,
    facts: Sequence[Row],
    ids: Sequence[Row],
    tenant: int,
    head: tuple[int, int, bytes],
) -> None:
    """The same, to be said with COMMIT."""
    if _PREPARED not in connection.info:
        driver(connection).execute(_PREPARE, prepare=False)
        connection.info[_PREPARED] = True
    _, places, times, bodies, hashes = zip(*facts, strict=True) if facts else ((),) * 5
    _, keys, places_of_ids = zip(*sorted(ids), strict=True) if ids else ((),) * 3
    told = (
        str(tenant), _numbers(places), _numbers(times), _bytes(bodies), _bytes(hashes),
        _bytes(keys), _numbers(places_of_ids), str(head[0]), str(head[1]), f"'\\x{head[2].hex()}'",
    )  # fmt: skip
    connection.info[LAST] = f"EXECUTE touchline_placing({', '.join(told)}); "


def _numbers(values: Sequence[int]) -> str:
    return "'{" + ",".join(map(str, values)) + "}'"


def _bytes(values: Sequence[bytes]) -> str:
    return "'{" + ",".join([f'"\\\\x{value.hex()}"' for value in values]) + "}'"
