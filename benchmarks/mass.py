"""What grows with the ledger, and what may not: `python -m benchmarks.mass [FACTS …]`, each size in a process of its own.

The ledger is that of ``benchmarks.rebuild_memory``: a load of the simulator, repeated in new houses and estates, said to be
decided. It is rebuilt (the most memory that the process had, before and at the end), then the histories of cases taken
at random are read as ``GET /cases/{id}/history`` reads them, HTTP aside. The pages of SQLite that are needed are mostly in the
machine's memory, and never in ours.
"""

from __future__ import annotations

import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter, process_time

from sqlalchemy import select

from benchmarks.rebuild_memory import fill
from ledger.tables import facts
from projections.rebuild import Far, Rebuild
from schemas.instants import DAY
from tests.kit.world import World

SIZES = (100_000, 5_000_000)
HISTORIES = 2_000


def figures(count: int) -> dict[str, float]:
    """Named figures of one size."""
    with tempfile.TemporaryDirectory(prefix="touchline-bench-") as folder:
        world = World(Path(folder) / "data")
        try:
            _told("filing", 0, count)
            fill(world, count)
            before, began = _most(), process_time()
            report = Rebuild(world.ledger, world.rules, tell=_far).run(compare=False)
            spent = process_time() - began
            most = _most()
            world.clock.set(world.clock.now() + 30 * DAY)  # most of what was opened is due
            taken = sorted(_histories(world, count))
            return {
                "facts": report.facts,
                "MB before the rebuild": before,
                "MB at most in the rebuild": most,
                "rebuild: facts/s of processor": report.facts / spent,
                "case history: p50 ms": statistics.median(taken),
                "case history: p99 ms": taken[len(taken) * 99 // 100],
                "case history: max ms": taken[-1],
            }
        finally:
            world.close()


def _histories(world: World, count: int) -> Iterator[float]:
    """Milliseconds of each."""
    dice = random.Random(1)
    for _ in range(HISTORIES):
        place = dice.randrange(4, count)
        query = select(facts.c.body).where(facts.c.tenant == world.tenant.number, facts.c.place == place)
        with world.database.read() as conn:
            case = json.loads(conn.scalars(query).one()).get("case_id")
        if not case:
            continue
        began = perf_counter()
        found = world.reading.histories.of(world.tenant, case)
        yield (perf_counter() - began) * 1000
        assert found is not None
        assert found["touchpoints"]


def _most() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _told(step: str, done: int, whole: int) -> None:
    far = f"{step}: {done:,} of {whole:,} facts, {_most()} MB at most "
    print(f"\r{far}", end="", file=sys.stderr, flush=True)


def _far(far: Far) -> None:
    _told(far.step, far.judged if far.step == "judge" else far.facts, far.whole)


def main() -> None:
    given = [int(word) for word in sys.argv[1:]]
    if len(given) == 1:
        print(json.dumps(figures(given[0])), flush=True)
        return
    for size in given or SIZES:
        subprocess.run([sys.executable, "-m", "benchmarks.mass", str(size)], check=True)


if __name__ == "__main__":
    main()
