"""A process to be killed: opens a world that was told its story, rebuilds it, and dies when a step is passed for the n-th time.

``python -m tests.kit.rebuild_victim PLACE STEP N``: a folder, or the URL of a database's application role.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from ledger import lanes
from ledger.lanes import EngineState
from processors.ports import Effects
from projections.prepared import putting
from projections.rebuild import Rebuild
from projections.sets import Sets
from projections.steps import RebuildStep
from projections.store import Putting, SqlStore
from projections.tables import SetTables
from tests.kit.engine_victim import Killer as EngineKiller
from tests.kit.places import Where
from tests.kit.postgres import Place
from tests.kit.world import World


class Killer(EngineKiller):
    """Dies by SIGKILL at the n-th passing of one step of a rebuild."""

    def __init__(self, step: RebuildStep, count: int) -> None:
        self.step, self.left = step, count  # type: ignore[assignment]

    def passed(self, step: RebuildStep) -> None:
        self.at(step)  # type: ignore[arg-type]


class CutStore(SqlStore):
    killer: Killer

    def write(self, conn: Connection, tenant: int, effects: Effects, new: Putting = putting) -> None:
        super().write(conn, tenant, effects, new)
        self.killer.passed(RebuildStep.WRITTEN)


class CutSets(Sets):
    killer: Killer
    old: str
    """The set that is active before: others are what an earlier rebuild left behind."""

    def clear(self, patience: float = 0.0) -> list[str]:
        found = super().clear(patience)
        self.killer.passed(RebuildStep.CLEARED)
        return found

    def make(self, tables: SetTables) -> None:
        super().make(tables)
        self.killer.passed(RebuildStep.MADE)

    def drop(self, name: str, patience: float = 0.0) -> bool:
        if name == self.old:
            self.killer.passed(RebuildStep.SWAPPED)
        return super().drop(name, patience)

    def take(self, name: str, table: str) -> bool:
        done = super().take(name, table)
        if name == self.old:
            self.killer.passed(RebuildStep.EMPTIED)
        return done


def cut(rebuild: Rebuild, killer: Killer) -> None:
    """Wrap the ports of a rebuild."""
    rebuild.store.__class__ = CutStore
    rebuild.sets.__class__ = CutSets
    rebuild.sets.old = rebuild.report.old_set  # type: ignore[attr-defined]
    rebuild.store.killer = rebuild.sets.killer = killer  # type: ignore[attr-defined]
    switch: Callable[..., EngineState] = lanes.switch_set

    def switching(*arguments: Any, **more: Any) -> EngineState:
        killer.passed(RebuildStep.ABREAST)
        state = switch(*arguments, **more)
        killer.passed(RebuildStep.SWITCHED)
        return state

    lanes.switch_set = switching


def main(arguments: list[str]) -> int:
    place, step, count = arguments
    where: Where = Path(place) if "://" not in place else Place(place, place, place, place)
    world = World(where)
    rebuild = Rebuild(world.ledger, world.rules)
    cut(rebuild, Killer(RebuildStep[step], int(count)))
    rebuild.run()
    rebuild.drop_old()
    world.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
