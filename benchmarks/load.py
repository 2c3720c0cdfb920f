"""The load that the engine's figures are taken with: cases of an invented estate, several events each, as sources send them.

Recorded time is simulated: every fact is recorded when its source would have sent it, so that what falls due between two
facts is concluded between them, late entries, corrections and withdrawals included, under all shipped policies.
"""

from __future__ import annotations

import platform
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy

from producers.candidates import candidate
from producers.simulator import complaints, repairs, small
from producers.simulator.dice import Dice
from producers.simulator.estate import CALL_CENTRE, PROPERTY, SALES, houses
from producers.simulator.story import Story
from producers.simulator.touch import Touch
from schemas.instants import DAY, MINUTE, Instant
from tests.kit.places import Where
from tests.kit.world import START, World

KINDS = (
    (28, (CALL_CENTRE, "TS", complaints.complaint)),
    (32, (PROPERTY, "BX", repairs.repair)),
    (13, (CALL_CENTRE, "ZX", small.inquiry)),
    (6, (SALES, "CN", small.commitment)),
)
TENANT = "云栖集团"


def touches(
    cases: int, *, days: int = 10, seed: int = 7, base: Instant = START, tenant: str = TENANT
) -> list[Touch]:
    """All touchpoints of so many cases that start within ``days``, in order of sending; about eight a case."""
    estate = houses(seed)
    made: list[Touch] = []
    for number in range(cases):
        dice = Dice(seed, "load", number)
        source, letters, tell = dice.weighted(KINDS)
        start = base + MINUTE + dice.between(0, days * DAY // MINUTE) * MINUTE
        story = Story(
            tenant=tenant, dice=dice, house=dice.pick(estate), source=source, ticket=f"{letters}-{number}"
        )
        tell(story, start)
        made += story.touches
    return sorted(made, key=Touch.order)


def append(world: World, sent: Sequence[Touch], *, batch: int = 200) -> int:
    """Keep them, each at its own recorded instant. Returns how many were refused (none should be)."""
    refused = 0
    for start in range(0, len(sent), batch):
        part = sent[start : start + batch]
        waiting = []
        for touch in part:
            # the clock is read when the writer comes to it: one job after the other
            world.clock.set(max(touch.sent, world.clock.now()))
            offered = [candidate(touch.cloudevent(), touch.source, world.clock.now(), False)]
            waiting.append(world.ledger.append(world.tenant, offered))
            for one in waiting:
                refused += sum(not hasattr(outcome, "place") for outcome in one.result(60))
            waiting.clear()
    return refused


def loaded(where: Where, cases: int, **more: Any) -> tuple[World, int]:
    """A world whose ledger holds the load, nothing folded; and the number of facts."""
    world = World(where)
    sent = touches(cases, **more)
    refused = append(world, sent)
    assert not refused, f"{refused} of {len(sent)} were refused"
    with world.database.read() as conn:
        return world, world.ledger.head(conn, world.tenant).place


def machine() -> Iterator[str]:
    """What a figure means nothing without."""
    cpu = ""
    info = Path("/proc/cpuinfo")
    if info.exists():
        cpu = next((line.split(":")[1].strip() for line in info.open() if line.startswith("model name")), "")
    yield f"{cpu or platform.processor()}, {platform.system()} {platform.release()}"
    yield f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, SQLAlchemy {sqlalchemy.__version__}"
