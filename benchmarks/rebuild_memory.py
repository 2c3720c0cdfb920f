"""What memory a rebuild takes: `python -m benchmarks.rebuild_memory [FACTS …]`, each size in a process of its own.

The ledger is a load of the simulator, repeated in new houses under new ids, cases and contact sheets until there are enough
facts, and said to be decided; its verdict lane is empty. Ten repetitions (4,000 cases) make an estate: what a developer has
more of as it grows is estates. Printed is the most memory that the process had (ru_maxrss) before the rebuild and at its
end: what a rebuild adds must not grow with the ledger. It holds a page of either lane, a portion of scopes, the largest scope,
what rules remember (8192 texts, ids and due instants each) and SQLite's pages.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import Connection, select, update

from benchmarks.load import append, touches
from benchmarks.straight import place, renamed
from ledger.body import opened, sealed_places
from ledger.seal import Erased, seal, unseal
from ledger.tables import engines, facts
from ledger.tenants import Tenant
from projections.rebuild import Far, Rebuild
from schemas.canonical import canonical_bytes
from schemas.event import Sealed
from tests.kit.world import World

SIZES = (200_000, 1_000_000)
_CASES = 400
_TOGETHER = 20_000
_ESTATE = 10
"""Repetitions of one estate."""


@dataclass(frozen=True, slots=True)
class Text:
    """A sealed value of a body, opened, to be sealed anew."""

    path: str
    sealed: Sealed
    clear: str
    key: bytes


@dataclass(frozen=True, slots=True)
class Pattern:
    """A fact that is repeated."""

    body: dict[str, Any]
    texts: tuple[Text, ...]


def fill(world: World, count: int) -> None:
    """So many facts, decided, of one tenant."""
    append(world, touches(_CASES))
    with world.database.read() as conn:
        first = world.ledger.head(conn, world.tenant).place
        query = select(facts.c.body).where(facts.c.place > 3).order_by(facts.c.place)
        patterns = [_pattern(world, json.loads(body)) for body in conn.scalars(query)]
    for at in range(0, max(0, count - first), _TOGETHER):
        share = range(at, min(at + _TOGETHER, count - first))
        world.writer.call(lambda conn, share=share: _repeat(conn, world.tenant, patterns, share))  # type: ignore[misc]
    world.writer.call(lambda conn: conn.execute(update(engines).values(decided=max(count, first))))


def _pattern(world: World, body: dict[str, Any]) -> Pattern:
    texts = []
    for path, sealed in sealed_places(opened(body["data"])):
        key = world.keys.key(world.tenant.name, sealed.person, sealed.retention)
        assert not isinstance(key, Erased)
        of = world.tenant.name, body["event_id"], path, sealed.person, sealed.retention
        texts.append(Text(path, sealed, unseal(key, sealed.blob, *of), key))
    return Pattern(body, tuple(texts))


def _repeat(conn: Connection, tenant: Tenant, patterns: Sequence[Pattern], share: range) -> None:
    placed = []
    for number in share:
        turn, at = divmod(number, len(patterns))
        body = _elsewhere(renamed(tenant, patterns[at].body, turn), turn)
        text, own = canonical_bytes(body), body["event_id"]
        for one in patterns[at].texts:
            bound = tenant.name, own, one.path, one.sealed.person, one.sealed.retention
            text = text.replace(one.sealed.blob.encode(), seal(one.key, one.clear, *bound).encode())
        placed.append((own, text))
    place(conn, tenant, placed)


def _elsewhere(body: dict[str, Any], turn: int) -> dict[str, Any]:
    """The same in another case, house and estate."""
    estate, data = turn // _ESTATE, dict(body["data"])
    for name, mark in (("house_id", turn), ("project_id", estate), ("phase_id", estate)):
        if body.get(name):
            body[name] = f"{body[name]}/{mark}"
    for name in ("sheet_id", "commitment_id"):
        if name in data:
            data[name] = f"{data[name]}/{turn}"
    if "keys" in data:
        data["keys"] = {"case": _case(data["keys"]["case"], turn)}
    return body | {"data": data, "case_id": _case(body["case_id"], turn)}


def _case(case_id: str, turn: int) -> str:
    return str(uuid5(NAMESPACE_URL, f"{case_id}/{turn}"))


def _most() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _told(count: int) -> Callable[[Far], None]:
    """What a tenth of the way has taken, on the way to millions."""
    shown = 0

    def tell(far: Far) -> None:
        nonlocal shown
        if far.done >= shown + count // 5 or far.step not in ("fold", "judge"):
            shown = far.done
            print(
                f"  {far.step} {far.done:,} of {2 * count:,}: {_most()} MB at most",
                file=sys.stderr, flush=True,
            )  # fmt: skip

    return tell


def measure(count: int) -> dict[str, int]:
    """Named figures of one size: MB, and facts a second of processor time."""
    with tempfile.TemporaryDirectory(prefix="touchline-bench-") as folder:
        world = World(Path(folder) / "data")
        try:
            fill(world, count)
            before, began = _most(), process_time()
            report = Rebuild(world.ledger, world.rules, tell=_told(count)).run(compare=False)
            spent = process_time() - began
            return {
                "facts": report.facts,
                "mb_before": before,
                "mb_most": _most(),
                "facts_per_second_cpu": round(report.facts / spent),
            }
        finally:
            world.close()


def main() -> None:
    given = [int(word) for word in sys.argv[1:]]
    if len(given) == 1:
        print(json.dumps(measure(given[0])), flush=True)
        return
    for size in given or SIZES:
        subprocess.run([sys.executable, "-m", "benchmarks.rebuild_memory", str(size)], check=True)


if __name__ == "__main__":
    main()
