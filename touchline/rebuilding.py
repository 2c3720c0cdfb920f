"""A rebuild on a house: fold the recorded lanes afresh into a shadow set, compare, swap (``projections.rebuild``)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from projections.rebuild import Rebuild
from projections.store import open_store
from schemas.canonical import Json

if TYPE_CHECKING:
    from touchline.house import House

Tell = Callable[[str, int, int], None]
SHOWN = 20
"""Differences of a tenant that the answer lists; the count says how many there are."""


def rebuild(house: House, tell: Tell = lambda *_: None) -> Json:
    """Runs it and lets the engine go on with the new set. Plain JSON: what was folded, compared and swapped."""
    done = Rebuild(house.ledger, house.rules, _swapping(house))
    report = done.run(tell)
    done.drop_old()
    return {
        "old_set": report.old_set,
        "new_set": report.new_set,
        "facts": report.facts,
        "verdicts": report.verdicts,
        "swapped": report.swapped,
        "differences": {
            tenant: {"count": len(found), "first": [list(pair) for pair in found[:SHOWN]]}
            for tenant, found in report.differences.items()
        },
    }


@contextmanager
def _swapping(house: House) -> Iterator[None]:
    """Held while the last facts are folded and the sets are swapped; the engine wakes up with the new one."""
    with house.runner.pause() if house.runner is not None else nullcontext():
        yield
        house.adopt(open_store(house.database, house.writer, house.rules))
