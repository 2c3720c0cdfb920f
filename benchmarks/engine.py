"""How many facts a second the engine folds, all rules and shipped policies on: `python -m benchmarks.engine [CASES]`.

A ledger of cases with several events each, recorded over ten simulated days, nothing folded; then one engine to its head,
with its breaches, warnings, steps of the ladder, late entries, corrections and withdrawals. ``cpu`` is by processor time of
the whole process (the writer's thread too), which a busy machine does not spoil; ``wall`` is what passed. On PostgreSQL, which
syncs its commits, ``cpu`` is without the server's share.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter, process_time

from benchmarks.load import loaded, machine
from benchmarks.places import cluster, folder
from tests.kit.places import Where
from tests.kit.world import World

CASES = 2500


def prepare() -> None:
    """The collector as a server sets it (``touchline.serving``)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def fold(world: World, *, alone: bool) -> dict[str, int]:
    """Fold to the head. ``alone``: as a command does that nobody waits behind; else as a server, in slices of time."""
    world.engine.alone = alone
    if alone:
        world.writer.call(world.database.enlarge)
    world.engine.pace.most = 512
    prepare()
    began, spent, before = perf_counter(), process_time(), world.engine.state.decided
    world.fold()
    wall, cpu = perf_counter() - began, process_time() - spent
    facts = world.engine.state.decided - before
    return {
        "facts": facts,
        "verdicts": world.engine.state.verdict_place,
        "facts_per_second_wall": round(facts / wall),
        "facts_per_second_cpu": round(facts / cpu),
        "microseconds_cpu_per_fact": round(cpu / facts * 1e6),
    }


@contextmanager
def empty(database: str) -> Iterator[Where | None]:
    """Where a ledger can be made; None where the machine has no such database."""
    if database == "SQLite":
        with folder() as made:
            yield made / "data"
        return
    with cluster() as server:
        yield server.ledger() if server is not None else None


def measure(cases: int = CASES, *, alone: bool = True, database: str = "SQLite") -> dict[str, int]:
    """Named figures of one run; none where there is no such ``database``."""
    with empty(database) as where:
        if where is None:
            return {}
        world, _ = loaded(where, cases)
        try:
            return fold(world, alone=alone)
        finally:
            world.close()


def main() -> None:
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else CASES
    for line in machine():
        print(line)
    for name, alone in (("to the head, alone", True), ("beside others, in slices", False)):
        print(name, measure(cases, alone=alone))
    print("to the head, alone, PostgreSQL", measure(cases, database="PostgreSQL"))


if __name__ == "__main__":
    main()
