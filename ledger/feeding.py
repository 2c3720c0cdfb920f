"""What feeds the engines of a database: the ledger itself (*embedded*), or Kafka, whose workers run on other machines.

It is one row, and every compare-and-set of an engine looks at it (invariant 6). Whoever changes it raises the epoch of every
engine in the same transaction: what ran before is fenced, whatever it was in the middle of.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, delete, func, insert, select, update

from ledger.tables import engines, feed

EMBEDDED: Final = "embedded"
KAFKA: Final = "kafka"
FEEDS = (EMBEDDED, KAFKA)

FEED = func.coalesce(select(feed.c.name).where(feed.c.one == 1).scalar_subquery(), EMBEDDED)
"""As an expression of a statement."""


def feed_of(connection: Connection) -> str:
    """One of FEEDS."""
    return str(connection.execute(select(FEED)).scalar_one())


def use(connection: Connection, name: str) -> str:
    """In a job of the writer, which says no locks: set what feeds the engines, and fence those that run. Returns what it was;
    where that is the same nothing is changed. Raises ValueError for a name that is none."""
    if name not in FEEDS:
        raise ValueError(f"{name} is no feed: {', '.join(FEEDS)}")
    connection.execute(select(engines.c.tenant).order_by(engines.c.tenant).with_for_update()).all()
    was = feed_of(connection)
    if was != name:
        connection.execute(delete(feed))
        connection.execute(insert(feed).values(one=1, name=name))
        connection.execute(update(engines).values(epoch=engines.c.epoch + 1, owner=""))
    return was
