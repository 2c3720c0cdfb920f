"""Processes to be killed, sooner. Each is a process of its own that has opened nothing yet, and SIGKILL ends it as any other;
but it is born of one that has imported already what all of them need, which is most of their life."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess

_BORN = multiprocessing.get_context("forkserver")
_KNOWN = [
    "tests.kit.engine_victim",
    "tests.kit.rebuild_victim",
    "tests.ledger.crash_child",
    "tests.ledger.forgetting",
    "psycopg",
    "sqlalchemy.dialects.postgresql.psycopg",
    "tests.kit.seldom",  # the last: what was imported stays
]


@contextmanager
def born(main: Callable[[list[str]], object], *arguments: str) -> Iterator[BaseProcess]:
    """A process that runs ``main(arguments)``; it does not outlive the block."""
    _BORN.set_forkserver_preload(_KNOWN)
    child = _BORN.Process(target=main, args=(list(arguments),))
    child.start()
    try:
        yield child
    finally:
        child.kill()  # of one that has ended nothing is heard
        child.join()
        child.close()


def ended(main: Callable[[list[str]], object], *arguments: str, within: float = 120.0) -> int:
    """The exit status of a process that runs ``main(arguments)``: 0 where it returns, 1 where it raises, -9 after SIGKILL,
    also that of its end where ``within`` seconds were not enough."""
    with born(main, *arguments) as child:
        child.join(within)
        child.kill()
        child.join()
        status = child.exitcode
    assert status is not None
    return status
