"""A worker whose transport is the test's own hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ledger import feeding
from ledger.lanes import EngineState, engine_state
from ledger.leases import Leases
from processors.progress import Progress
from processors.worker import Worker
from projections.store import open_store
from schemas.instants import HOUR
from tests.kit.places import Where
from tests.kit.world import START, World, event

DATA = {"subject": "engineering", "category": "leak", "description": "渗水"}


def complaints(world: World, first: int, count: int) -> None:
    world.append(
        *(
            event("complaint.received", f"c{n}", START, ticket=f"C{n % 9}", data=DATA)
            for n in range(first, first + count)
        )
    )


def opened(place: Where, feed: str = feeding.KAFKA) -> World:
    """A world whose engines are fed by this, and which runs none."""
    world = World(place, at=START + HOUR, take_over=False)
    use(world, feed)
    return world


def use(world: World, feed: str) -> None:
    world.writer.call(lambda conn: feeding.use(conn, feed))


def state(world: World) -> EngineState:
    with world.database.read() as conn:
        return engine_state(conn, world.tenant)


def head(world: World) -> int:
    with world.database.read() as conn:
        return world.ledger.head(conn, world.tenant).place


def at_head(world: World) -> bool:
    return state(world).decided == head(world)


def made(world: World, name: str) -> Worker:
    return Worker(
        world.ledger,
        world.store,
        world.rules,
        Progress(),
        name,
        lambda: open_store(world.database, world.writer, world.rules),
        Leases(world.writer, name),
    )


@contextmanager
def working(world: World, name: str = "worker") -> Iterator[Worker]:
    """A worker that runs, and has no tenant yet."""
    worker = made(world, name)
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()
