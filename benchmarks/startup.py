"""How long every command takes: `python -m benchmarks.startup`. Prints medians of five runs in milliseconds: by the clock, and
of processor time, which says more on a machine that is busy. tests/touchline/test_startup.py keeps what makes it so.

Each is run as a process of its own on a folder with one tenant and a handful of events, `import` on a ledger of three rows:
what is timed is how a command starts, and not how much it is given to do. `up` and `demo` are timed by their help.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LEDGER, MAPPING = "tests/data/boston311-100.csv", "examples/boston311.yaml"
OPENING = ("complaint.received", "repair.reported", "inquiry.received")


def touchline(*words: str, stdin: str = "") -> tuple[float, float, str]:
    """(seconds, seconds of the processor, stdout) of one command."""
    began, used = time.perf_counter(), children()
    done = subprocess.run(
        [sys.executable, "-m", "touchline", *words], input=stdin, capture_output=True, text=True, check=False
    )
    return time.perf_counter() - began, children() - used, done.stdout


def children() -> float:
    """Processor seconds of all processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def figures(runs: int = 5) -> dict[str, float]:
    """Milliseconds of each command, medians."""
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        data = ("--data", str(Path(name) / "data"))
        touchline("tenant", "add", "acme", *data)
        touchline("key", "create", "--source", "call-centre", *data)
        events = "".join(touchline("events", "example", kind)[2] for kind in OPENING)
        touchline("append", "-", *data, stdin=events)
        promise = json.loads(touchline("promises", "--json", *data)[2])[0]
        ledger = Path(name) / "ledger.csv"
        ledger.write_text("".join(Path(LEDGER).read_text("utf-8").splitlines(keepends=True)[:4]), "utf-8")
        commands: dict[str, tuple[tuple[str, ...], str]] = {
            "--help": (("--help",), ""),
            "up --help": (("up", "--help"), ""),
            "demo --help": (("demo", "--help"), ""),
            "tenant list": (("tenant", "list", *data), ""),
            "key create": (("key", "create", "--source", "x", "--tenant", "acme", *data), ""),
            "append": (("append", "-", "--source", "call-centre", *data), events),
            "import": (("import", str(ledger), "-m", MAPPING, "-s", "boston", *data), ""),
            "template": (("template", "complaints", "-o", str(Path(name) / "t.xlsx")), ""),
            "export": (("export", "complaints", "-o", str(Path(name) / "e.csv"), *data), ""),
            "tail": (("tail", *data), ""),
            "case show": (("case", "show", promise["case_id"], *data), ""),
            "promises": (("promises", *data), ""),
            "explain": (("explain", promise["id"], *data), ""),
            "verify": (("verify", *data), ""),
            "backup --help": (("backup", "--help"), ""),
            "rebuild": (("rebuild", *data), ""),
            "recheck": (("recheck", *data), ""),
            "policy check": (("policy", "check", "policies"), ""),
            "events list": (("events", "list"), ""),
            "events example": (("events", "example", OPENING[0]), ""),
        }
        for label, (words, stdin) in commands.items():
            times = [touchline(*words, stdin=stdin)[:2] for _ in range(runs)]
            taken, used = (statistics.median(column) * 1000 for column in zip(*times, strict=True))
            found[f"startup: ms of touchline {label}"] = taken
            found[f"startup: processor ms of touchline {label}"] = used
    return found


def main() -> None:
    for label, value in figures().items():
        print(f"{label:<50} {value:6.0f}")


if __name__ == "__main__":
    main()
