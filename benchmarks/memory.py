"""Memory of ``touchline up`` on SQLite (resident, MB): idle on an empty ledger, and after its engine has folded so many facts
that were appended before it started."""

from __future__ import annotations

import sys
import time

from benchmarks.intake import append
from benchmarks.places import folder
from benchmarks.server import Server, prepared, serving


def figures(facts: int = 1_000_000) -> dict[str, float]:
    """MB."""
    with folder() as here:
        ready = prepared(here / "data")
        with serving(ready) as server:
            _settle(server)
            found = {"memory: MB of an idle server": server.resident()}
        append(here / "data", facts)
        with serving(ready) as server:
            most = 0.0
            if not server.lag():
                raise RuntimeError("somebody has folded them already")
            while lag := server.lag():
                most = max(most, server.resident())
                print(f"\r{lag:>9} facts to fold", end="", file=sys.stderr, flush=True)
                time.sleep(1)
            _settle(server)
            found["memory: facts"] = facts
            found["memory: MB at most while they were folded"] = max(most, server.resident())
            found["memory: MB after all facts"] = server.resident()
    return found


def _settle(server: Server) -> None:
    for _ in range(5):
        server.get("/readyz")
        time.sleep(0.5)
