"""What importing a ledger costs: `python -m benchmarks.imports [ROWS]`. One process on SQLite, engine included.

A row of the complaint ledger becomes three touchpoints (received, registered, closed) of one project, with a customer, and
is mapped, sealed, kept and judged. Once in order of time, once in reverse order.
"""

from __future__ import annotations

import csv
import gc
import json
import random
import resource
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

ROWS = 20_000
HEADINGS = (
    "投诉编号",
    "受理时间",
    "渠道",
    "项目",
    "房号",
    "客户姓名",
    "联系电话",
    "投诉内容",
    "投诉等级",
    "登记时间",
    "关闭时间",
    "关闭原因",
)


def ledger(path: Path, rows: int, *, backwards: bool) -> None:
    """An invented ledger of one estate; the same rows in either order."""
    dice = random.Random(7)
    made = []
    for number in range(rows):
        at = datetime(2026, 1, 5, 9) + timedelta(minutes=11 * number)  # noqa: DTZ001 - as a ledger has it
        closed = at + timedelta(hours=dice.randint(1, 200))
        house = f"{number % 40}-{number % 3 + 1}-{number % 28 + 1:02d}01"
        phone = f"1380000{dice.randint(0, 9999):04d}"
        times = [f"{one:%Y-%m-%d %H:%M}" for one in (at, at + timedelta(hours=1), closed)]
        row = (
            f"TS-{number:06d}",
            times[0],
            "客服热线",
            "云栖花园",
            house,
            "林若溪",
            phone,
            "吊顶滴水",
            "一般",
            *times[1:],
            "已解决",
        )
        made.append(row)
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(HEADINGS)
        out.writerows(reversed(made) if backwards else made)


def imported(path: Path, folder: Path) -> tuple[float, float, int]:
    """(seconds of processor to keep it, seconds of processor to judge it, events); a wall clock tells of the neighbours."""
    from ledger.clock import SimulatedClock
    from producers.mapping.hashing import hasher
    from producers.sheets.importing import Import, events_of
    from producers.sheets.ledgers import ledgers
    from producers.sheets.table import open_table
    from schemas.instants import parse_instant
    from touchline.house import House

    gc.collect()
    gc.set_threshold(200_000, 20, 20)  # as every command has it (``touchline.__main__``)
    with House.open(folder, clock=SimulatedClock(parse_instant("2026-11-22T12:00:00+08:00"))) as house:
        house.admin.perform("tenant.add", {"name": "bench"})
        house.run_to_head()
        to = {"tenant": "bench", "source": "ledger"}
        key = bytes.fromhex(house.admin.perform("import.begin", to)["key"])
        began = time.process_time()
        with open_table(path, ledgers()) as table:
            work = Import(table, hasher(key))
            for batch in work.batches():
                work.answered(batch, house.admin.perform("import", {**to, "events": events_of(batch)}))
        kept = time.process_time()
        house.run_to_head()
        judged = time.process_time()
        assert (work.report.bad, work.report.again) == (0, 0)
        return kept - began, judged - kept, work.report.kept


def figures(rows: int = ROWS) -> dict[str, float]:
    """Rows and events a second of processor time, the share of it that judging takes, reverse order against order, MiB."""
    taken: dict[bool, float] = {}
    judging = events = 0.0
    with tempfile.TemporaryDirectory() as name:
        for backwards in (False, True):
            path = Path(name) / f"{backwards}.csv"
            ledger(path, rows, backwards=backwards)
            keep, judge, count = imported(path, Path(name) / f"data-{backwards}")
            taken[backwards] = keep + judge
            if not backwards:
                judging, events = judge, count
    return {
        "rows_per_s": rows / taken[False],
        "events_per_s": events / taken[False],
        "judging_share": judging / taken[False],
        "reverse_order_factor": taken[True] / taken[False],
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> None:
    found = figures(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
    print(json.dumps({name: round(value, 2) for name, value in found.items()}, indent=2))


if __name__ == "__main__":
    main()
