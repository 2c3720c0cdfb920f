"""A copy of a ledger in another place, as ``touchline ledger copy`` makes it, to be lived in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ledger.clock import SimulatedClock
from ledger.keys import KeyStore
from ledger.ledger import Ledger
from ledger.writer import Writer
from projections.rebuild import Rebuild
from schemas.instants import Instant
from tests.kit.places import Where, opened
from tests.kit.world import World
from touchline import moving
from touchline.rules import rules


@contextmanager
def copied(source: str, where: Where, at: Instant) -> Iterator[World]:
    """A copy, whose recorded lanes are folded afresh."""
    moving.copy(source, str(where) if isinstance(where, Path) else where.owner, lambda *_: None)
    database = opened(where)
    keys = KeyStore.open(database)
    clock = SimulatedClock(at)
    writer = Writer(database, keys, clock)
    Rebuild(Ledger(database, writer, keys, clock), rules()).run()
    writer.close()
    keys.close()
    database.close()
    world = World(where, at=at, take_over=False)
    try:
        yield world
    finally:
        world.close()
