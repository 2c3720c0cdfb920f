"""How many facts a second the engine folds, all rules and shipped policies on: `python -m benchmarks.engine [CASES]`.

A ledger of cases with several events each, recorded over ten simulated days, nothing folded; then one engine to its head,
with its breaches, warnings, steps of the ladder, late entries, corrections and withdrawals. ``cpu`` is by processor time of
the whole process (the writer's thread too), which a busy machine does not spoil; ``wall`` is what passed.
"""

from __future__ import annotations

import gc
import sys
import tempfile
from pathlib import Path
from time import perf_counter, process_time

from benchmarks.load import loaded, machine
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


def measure(cases: int = CASES, *, alone: bool = True) -> dict[str, int]:
    """Named figures of one run."""
    with tempfile.TemporaryDirectory(prefix="touchline-bench-") as folder:
        world, _ = loaded(Path(folder) / "data", cases)
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


if __name__ == "__main__":
    main()
