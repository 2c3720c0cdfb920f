"""A set folded afresh in every way there is: in the bulk and page by page, in pages of any size."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from unittest.mock import patch

from projections.refold import Refold
from tests.kit.world import World

PAGES = ("recorded.PAGE", "recorded.FURTHER", "refold.PAGE", "refold.HEARD")


def rebuilt_anyhow(world: World, sizes: Iterable[int] = (2000, 1)) -> None:
    """Each gives the tables as they are; page by page alone in pages of the last size."""
    every = [(size, True) for size in sizes]
    for size, bulk in [*every, (every[-1][0], False)]:
        with ExitStack() as ways:
            for name in PAGES:
                ways.enter_context(patch(f"projections.{name}", size))
            if not bulk:
                ways.enter_context(patch.object(Refold, "bulk", lambda *_: None))
            assert world.rebuild().differences == {}, (size, bulk)
