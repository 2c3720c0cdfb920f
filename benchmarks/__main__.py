"""``make bench``, or ``python -m benchmarks [NAME …]``: every figure in one run, beside its goal, with the machine and the
versions. A whole run (hours, on two cores) writes benchmarks/RESULTS.md; a quick or short one, or one of some
modules, only prints.

Each module runs in a process of its own, one after the other; nothing else should run on the machine.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.machine import described
from benchmarks.suite import GOALS, SUITE

LONG = [name for name, benchmark in SUITE.items() if benchmark.long]
RESULTS = Path(__file__).parent / "RESULTS.md"


def main(arguments: list[str]) -> int:
    reader = argparse.ArgumentParser(
        "python -m benchmarks", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    reader.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=f"some of: {', '.join(SUITE)}; where none is named, all of them",
    )
    reader.add_argument(
        "--quick", action="store_true", help="small amounts, to see that it works; the figures mean little"
    )
    reader.add_argument(
        "--short",
        action="store_true",
        help=f"a quarter of an hour, without {', '.join(LONG)}, which take hours",
    )
    reader.add_argument(
        "--write", type=Path, metavar="FILE", help="write the results there, also of a quick or partial run"
    )
    reader.add_argument("--one", choices=SUITE, help=argparse.SUPPRESS)
    told = reader.parse_args(arguments)
    if told.one:
        print(json.dumps(SUITE[told.one].run(told.quick)))
        return 0
    if unknown := [name for name in told.names if name not in SUITE]:
        reader.error(f"no benchmark is called {', '.join(unknown)}; there are {', '.join(SUITE)}")
    names = [
        name for name in SUITE if (name in told.names if told.names else not (told.short and name in LONG))
    ]
    machine = list(described())
    print("\n".join(machine), flush=True)
    found: dict[str, dict[str, float] | None] = {}
    began = time.monotonic()
    for number, name in enumerate(names, 1):
        print(
            f"\n[{number}/{len(names)}] {name} … ({time.monotonic() - began:.0f} s so far)",
            file=sys.stderr,
            flush=True,
        )
        found[name] = _measured(name, told.quick)
        print("\n".join(_lines(name, found[name])), flush=True)
    where = told.write or (None if told.quick or told.short or told.names else RESULTS)
    if where is not None:
        where.write_text("\n".join(_document(machine, found, told.quick)) + "\n", encoding="utf-8")
        print(f"\nwritten to {where}")
    return 1 if None in found.values() else 0


def _measured(name: str, quick: bool) -> dict[str, float] | None:
    """None where it failed; what it says of that stands on stderr already."""
    words = [sys.executable, "-m", "benchmarks", "--one", name, *(["--quick"] if quick else [])]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        return None
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _shown(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:,.2f}"


def _verdict(name: str, value: float) -> tuple[str, str]:
    goal = GOALS.get(name)
    return ("", "") if goal is None else (str(goal), "met" if goal.met(value) else "MISSED")


def _lines(name: str, figures: dict[str, float] | None) -> Iterator[str]:
    if figures is None:
        yield f"{name}: FAILED"
        return
    width = max(map(len, figures), default=0)
    for label, value in figures.items():
        goal, verdict = _verdict(label, value)
        yield f"{label:<{width}} {_shown(value):>12}  {goal:<9} {verdict}".rstrip()


def _document(machine: list[str], found: dict[str, dict[str, float] | None], quick: bool) -> Iterator[str]:
    yield "# Figures"
    yield ""
    yield "Written by `make bench` (`python -m benchmarks`), one run; a line's unit and conditions stand in its name."
    if quick:
        yield "**A quick run**: it shows that the command works; the figures mean little."
    yield ""
    yield from (f"- {line}" for line in machine)
    for name, figures in found.items():
        yield f"\n## {name}\n"
        yield SUITE[name].says()
        yield ""
        if figures is None:
            yield "It failed in this run."
            continue
        yield "| figure | value | goal | |"
        yield "|---|---:|---:|---|"
        for label, value in figures.items():
            goal, verdict = _verdict(label, value)
            yield f"| {label} | {_shown(value)} | {goal} | {verdict} |"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
