"""A process to be killed: plays a fixed history through ledger and engine, and dies at the n-th passing of a step.

``python -m tests.kit.engine_victim PLACE [STEP N]``; without a step it plays to the end and exits 0. PLACE is a folder or a
``postgresql://`` URL.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from ledger.lanes import EngineState
from processors.engine import Engine
from processors.steps import EngineStep
from schemas.instants import HOUR
from tests.kit.hostile import END, TICKETS, Told, by_recorded, wire
from tests.kit.places import Where, named
from tests.kit.world import START, World

HISTORY = [
    Told(ticket, kind, START + (n * 7 + kind) * HOUR, delay=(kind % 3) * 9 * HOUR)
    for n, ticket in enumerate(("TS-1", "BX-1", "TS-1", "BX-1"))
    for kind in range(len(TICKETS[ticket]))
]


class Killer:
    """Dies by SIGKILL at the n-th passing of one step."""

    def __init__(self, step: EngineStep | None, count: int) -> None:
        self.step, self.left = step, count

    def at(self, step: EngineStep) -> None:
        if step is self.step:
            self.left -= 1
            if self.left == 0:
                self.fall()

    def fall(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


def cut_at(engine: Engine, killer: Killer) -> None:
    """Wrap the engine's write port."""
    write = engine.write

    def wrapped(job: Callable[[Connection], EngineState]) -> EngineState:
        killer.at(EngineStep.COMPUTED)

        def inside(conn: Connection) -> EngineState:
            state = job(conn)
            killer.at(EngineStep.APPLIED)
            return state

        state = write(inside)
        killer.at(EngineStep.COMMITTED)
        return state

    engine.write = wrapped


def play(place: Where, killer: Killer) -> World:
    """Append everything (what is kept already is answered as a duplicate) and fold, at the history's own instants."""
    world = World(place, batch=3)
    cut_at(world.engine, killer)
    for at, index in by_recorded(HISTORY):
        world.clock.set(max(at, world.clock.now()))
        world.append(wire(HISTORY, index))
        if index % 2:
            world.tick()
    world.tick(END)
    return world


def main(arguments: list[str]) -> Any:
    step = EngineStep[arguments[1]] if len(arguments) > 1 else None
    play(named(arguments[0]), Killer(step, int(arguments[2]) if step else 0)).close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
