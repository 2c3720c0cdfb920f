"""How long every command takes: `python -m benchmarks.startup [WORD …]`. Prints medians of five runs in milliseconds: by the
clock, and of processor time, which says more on a machine that is busy. With words: of the commands that begin with one of
them. tests/touchline/test_startup.py keeps what makes it so.

Each is run as a process of its own on a folder with one tenant and a handful of events, `import` on a ledger of three rows:
what is timed is how a command starts, and not how much it is given to do. Our modules are compiled before, as they are where
`make run` or pip has installed them.
"""

from __future__ import annotations

import resource
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.startup_commands import CODES, COMMANDS, Small
from touchline.bootstrap import compiled

SLOWEST = "startup: processor ms of the slowest command"


def touchline(words: Sequence[str], stdin: str = "", code: int = 0) -> tuple[float, float, str]:
    """(seconds, seconds of the processor, stdout) of one command. Raises where it does not end with ``code``."""
    began, used = time.perf_counter(), children()
    done = subprocess.run(
        [sys.executable, "-m", "touchline", *words], input=stdin, capture_output=True, text=True, check=False
    )
    taken = time.perf_counter() - began, children() - used, done.stdout
    if done.returncode != code:
        raise RuntimeError(f"touchline {shlex.join(words)} ended with {done.returncode}: {done.stderr}")
    return taken


def children() -> float:
    """Processor seconds of all processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measured(runs: int, only: Sequence[str] = ()) -> Iterator[tuple[str, float, float]]:
    """(label, milliseconds, milliseconds of the processor) of each command, medians. ``only``: how those wanted begin."""
    compiled()
    with tempfile.TemporaryDirectory() as name:
        small = Small(Path(name), runs)
        told = small.make(lambda words, stdin: touchline(words, stdin)[2])
        for command, words in COMMANDS.items():
            if only and not command.startswith(tuple(only)):
                continue
            times = []
            for n in range(runs):
                line = [*command.partition("(")[0].split(), *words.format_map(told[n]).split()]
                stdin = small.events(f"r{n}") if command == "append" else ""
                times.append(touchline(line, stdin, CODES.get(command, 0))[:2])
            taken, used = (statistics.median(column) * 1000 for column in zip(*times, strict=True))
            yield f"{command} {words if '--help' in words else ''}".strip(), taken, used


def figures(runs: int = 5) -> dict[str, float]:
    """Milliseconds of each command, medians, and of the slowest."""
    found: dict[str, float] = {}
    for label, taken, used in measured(runs):
        found[f"startup: ms of touchline {label}"] = taken
        found[f"startup: processor ms of touchline {label}"] = used
        found[SLOWEST] = max(used, found.get(SLOWEST, 0.0))
    return found


def main() -> None:
    print(f"{'touchline':<30} {'ms':>6} {'processor ms':>13}")
    for label, taken, used in measured(5, sys.argv[1:]):
        print(f"{label:<30} {taken:6.0f} {used:13.0f}", flush=True)


if __name__ == "__main__":
    main()
