"""The facts of a world as a transport would carry them, and what a transport can do to them."""

from __future__ import annotations

from sqlalchemy import select

from ledger.tables import facts
from processors.delivery import Record
from tests.kit.world import World


def carried(world: World, after: int = 0) -> list[Record]:
    """Every fact behind ``after``, in order."""
    query = select(facts.c.place, facts.c.recorded, facts.c.body)
    with world.database.read() as conn:
        rows = conn.execute(
            query.where(facts.c.tenant == world.tenant.number, facts.c.place > after).order_by(facts.c.place)
        )
        return [Record(*row) for row in rows]


def forged(record: Record) -> Record:
    """Another subject, at the same place."""
    return record._replace(body=record.body.replace(b"leak", b"mold"))
