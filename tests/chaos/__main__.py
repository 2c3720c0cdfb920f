"""``make chaos``, or ``python -m tests.chaos``: minutes of faults under load, and what came of them, in docs/chaos.md."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from tests.chaos.report import document
from tests.chaos.run import run
from tests.kit.kafka import Unavailable, jars
from tests.kit.postgres import MISSING, binaries

WRITTEN = Path(__file__).parents[2] / "docs" / "chaos.md"


def main(arguments: list[str]) -> int:
    reader = argparse.ArgumentParser("python -m tests.chaos", description=__doc__)
    reader.add_argument("--minutes", type=float, default=10.0)
    reader.add_argument(
        "--seed", type=int, default=int(time.time()), help="the same faults, the same letters"
    )
    reader.add_argument("--faults", type=int, default=0, help="how many; 0: one every 3.5 s")
    reader.add_argument("--pace", type=float, default=120.0, help="events a second that the callers send")
    reader.add_argument(
        "--write", type=Path, metavar="FILE", help="else docs/chaos.md after ten minutes or more"
    )
    reader.add_argument("--keep", type=Path, metavar="FOLDER", help="keep there what the processes said")
    told = reader.parse_args(arguments)
    try:
        jars()
    except Unavailable as error:
        print(error, file=sys.stderr)
        return 4
    if binaries() is None:
        print(MISSING, file=sys.stderr)
        return 4
    seconds = told.minutes * 60
    began = time.monotonic()

    def tell(line: str) -> None:
        print(f"[{time.monotonic() - began:5.0f} s] {line}", file=sys.stderr, flush=True)

    made = run(seconds, told.seed, told.faults or round(seconds / 3.5), told.pace, tell, told.keep)
    lines = list(document(made))
    print("\n".join(lines))
    where = told.write or (WRITTEN if told.minutes >= 10 else None)
    if where is not None:
        where.write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(f"\nwritten to {where}", file=sys.stderr)
    return 0 if made.ok else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
