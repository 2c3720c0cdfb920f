"""Make the golden ledger of a release: ``python -m tests.golden.make 0.1.0``. Once for each release, never again."""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from producers.simulator.week import week
from schemas.canonical import canonical
from schemas.instants import DAY, HOUR, MINUTE, Instant
from tests.golden.chest import ENDING, HERE, pack
from tests.kit.hostile import TICKETS, Told, by_recorded, wire
from tests.kit.world import START, World

SEED = 20260302
FACTS = 240


def hostile() -> list[Told]:
    """Facts of a few cases in no good order, some corrected, some withdrawn, some sent twice."""
    dice = random.Random(SEED)
    made: list[Told] = []
    changed: set[int] = set()
    for index in range(FACTS):
        ticket = dice.choice(sorted(TICKETS))
        changes = dice.randrange(index) if index and dice.random() < 0.2 else -1
        if changes >= 0 and (changes in changed or made[changes].withdraws):
            changes = -1
        changed.add(changes)
        made.append(
            Told(
                ticket=ticket,
                kind=0 if index < 2 else dice.randrange(len(TICKETS[ticket])),
                time=START + HOUR + dice.randrange(9 * 24) * HOUR,
                delay=dice.choice((0, 0, MINUTE, 7 * MINUTE, 26 * HOUR)),
                again=dice.random() < 0.1,
                changes=changes,
                withdraws=changes >= 0 and dice.random() < 0.5,
            )
        )
    return made


def sendings() -> Iterator[tuple[Instant, dict[str, object]]]:
    """(recorded, event) in order: a week of an estate, and the hostile ones among them."""
    told = hostile()
    found = [(at, wire(told, index)) for at, index in by_recorded(told)]
    found += [(at, wire(told, index)) for at, index in by_recorded(told) if told[index].again]
    found += [(touch.sent, touch.cloudevent()) for touch in week(tenant="golden", seed=SEED, base=START)]
    yield from sorted(found, key=lambda one: one[0])


def main(release: str) -> None:
    """Refuses to make one that is there."""
    if (HERE / (release + ENDING)).exists():
        sys.exit(f"{release} is there already; a release's golden ledger is never made anew")
    with tempfile.TemporaryDirectory() as name:
        world = World(Path(name) / "golden", batch=17)
        for number, (at, event) in enumerate(sendings()):
            world.append(event, at=at)
            if number % 5 == 0:
                world.tick(at)
        world.tick(world.clock.now() + 30 * DAY)
        tables, verdicts = world.tables(), [canonical(list(line)) for line in world.lane()]
        rules = world.rules
        world.close()
        print(
            pack(release, world.folder, tables, verdicts, rules),
            f"{len(tables)} rows, {len(verdicts)} verdicts",
        )


if __name__ == "__main__":
    main(sys.argv[1])
