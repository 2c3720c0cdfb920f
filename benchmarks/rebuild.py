"""How many facts a second a rebuild folds: `python -m benchmarks.rebuild [CASES]`. The ledger is that of ``benchmarks.engine``.

Folded into a shadow set, compared with the active one, and swapped; the old set is taken away later, and not counted. The
most memory that Python held is taken in a second run, since watching it costs time.
"""

from __future__ import annotations

import sys
import tempfile
import tracemalloc
from pathlib import Path
from time import perf_counter, process_time

from benchmarks.engine import CASES, fold, prepare
from benchmarks.load import loaded, machine
from projections.rebuild import Rebuild


def measure(cases: int = CASES) -> dict[str, int]:
    """Named figures of one run."""
    with tempfile.TemporaryDirectory(prefix="touchline-bench-") as folder:
        world, _ = loaded(Path(folder) / "data", cases)
        try:
            fold(world, alone=True)
            prepare()
            began, spent = perf_counter(), process_time()
            report = Rebuild(world.ledger, world.rules).run(swap=True)
            wall, cpu = perf_counter() - began, process_time() - spent
            assert report.differences == {}, report.differences
            tracemalloc.start()
            Rebuild(world.ledger, world.rules).run(swap=False)
            held = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            return {
                "facts": report.facts,
                "verdicts": report.verdicts,
                "facts_per_second_wall": round(report.facts / wall),
                "facts_per_second_cpu": round(report.facts / cpu),
                "microseconds_cpu_per_fact": round(cpu / report.facts * 1e6),
                "most_python_memory_mb": round(held / 1e6),
            }
        finally:
            world.close()


def main() -> None:
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else CASES
    for line in machine():
        print(line)
    print("rebuild", measure(cases))


if __name__ == "__main__":
    main()
