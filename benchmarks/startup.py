"""How long every command takes to start: `python -m benchmarks.startup`. Prints the median of five runs, in milliseconds.

Each is run as a process of its own on a folder with one tenant and a handful of events; `up` and `demo` by their help.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 5
OPENING = ("complaint.received", "repair.reported", "inquiry.received")


def touchline(*words: str, stdin: str = "") -> tuple[float, str]:
    """(seconds, stdout) of one command."""
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "touchline", *words], input=stdin, capture_output=True, text=True, check=False
    )
    return time.perf_counter() - began, done.stdout


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        data = ("--data", str(Path(name) / "data"))
        touchline("tenant", "add", "acme", *data)
        touchline("key", "create", "--source", "call-centre", *data)
        events = "".join(touchline("events", "example", kind)[1] for kind in OPENING)
        touchline("append", "-", *data, stdin=events)
        promise = json.loads(touchline("promises", "--json", *data)[1])[0]
        commands: dict[str, tuple[tuple[str, ...], str]] = {
            "--help": (("--help",), ""),
            "up --help": (("up", "--help"), ""),
            "demo --help": (("demo", "--help"), ""),
            "tenant list": (("tenant", "list", *data), ""),
            "key create": (("key", "create", "--source", "x", "--tenant", "acme", *data), ""),
            "append": (("append", "-", "--source", "call-centre", *data), events),
            "tail": (("tail", *data), ""),
            "case show": (("case", "show", promise["case_id"], *data), ""),
            "promises": (("promises", *data), ""),
            "explain": (("explain", promise["id"], *data), ""),
            "verify": (("verify", *data), ""),
            "rebuild": (("rebuild", *data), ""),
            "recheck": (("recheck", *data), ""),
            "policy check": (("policy", "check", "policies"), ""),
            "events list": (("events", "list"), ""),
            "events example": (("events", "example", OPENING[0]), ""),
        }
        for label, (words, stdin) in commands.items():
            taken = statistics.median(touchline(*words, stdin=stdin)[0] for _ in range(RUNS))
            print(f"{label:<16} {taken * 1000:6.0f} ms")


if __name__ == "__main__":
    main()
