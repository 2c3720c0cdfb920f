"""Statements that go to the driver: many rows, many keys, and what their answers are."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, bindparam, insert, select, update

from ledger.dialects import insert_one
from ledger.hot import Among, Hot
from ledger.tables import counters, fact_ids
from tests.ledger.house import House

_put = Hot(
    insert(fact_ids).values(
        tenant=bindparam("tenant"), event_id=bindparam("event_id"), place=bindparam("place")
    )
)
_put_or_fail = Hot(insert_one(fact_ids, ("tenant", "event_id", "place")))
_places = Among(
    lambda keys: select(fact_ids.c.event_id, fact_ids.c.place).where(
        fact_ids.c.tenant == bindparam("tenant"), fact_ids.c.event_id.in_(keys)
    ),
    bytes,
)
_all = Hot(select(fact_ids.c.place).where(fact_ids.c.tenant == bindparam("tenant")))
_floor = Hot(
    update(counters).where(counters.c.tenant == bindparam("number")).values(floor=bindparam("new_floor"))
)


def key(number: int) -> bytes:
    return number.to_bytes(16, "big")


@pytest.mark.parametrize("put", [_put, _put_or_fail])
@pytest.mark.parametrize("asked", [0, 1, 2, 8, 9, 64, 65, 700])
def test_many_rows_are_written_and_many_keys_found(home: House, asked: int, put: Hot) -> None:
    rows = [(number, key(number), 7) for number in range(0, 700, 2)]
    wanted = [key(number) for number in range(asked)]

    def job(connection: Connection) -> None:
        put.many(connection, ("place", "event_id", "tenant"), rows)
        put.many(connection, ("tenant", "event_id", "place"), [(8, key(0), 1)])
        put.many(connection, ("tenant", "event_id", "place"), [])
        found = _places(connection, wanted, tenant=7)
        assert {row[0]: row[1] for row in found} == {key(number): number for number in range(0, asked, 2)}
        assert len(_all(connection, tenant=7)) == 350

    home.writer.call(job)


@pytest.mark.parametrize("count", [1, 2, 3, 63, 64, 65, 200])
def test_of_many_rows_each_is_written_once_in_its_order(home: House, count: int) -> None:
    rows = [(7, key(number), number) for number in range(count)]

    def job(connection: Connection) -> list[int]:
        _put_or_fail.many(connection, ("tenant", "event_id", "place"), rows)
        return [row[0] for row in _all(connection, tenant=7)]

    assert sorted(home.writer.call(job)) == list(range(count))


def test_what_an_answer_says(home: House) -> None:
    home.tenant()

    with home.database.read() as connection:
        assert _all(connection, tenant=1).first() is None
        with pytest.raises(LookupError, match="0 rows"):
            _all(connection, tenant=1).scalar_one()
    assert home.writer.call(lambda conn: _floor(conn, number=1, new_floor=5).rowcount) == 1
    assert home.writer.call(lambda conn: _floor(conn, number=9, new_floor=5).rowcount) == 0
