"""A progress bar for long work, on stderr, shown only where somebody watches."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def bar(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """``with bar("…", n) as step: …; step(1)``."""
    if not sys.stderr.isatty():  # nobody watches
        yield lambda count: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(label, total=total)
        yield lambda count: progress.advance(task, count)


@contextmanager
def steps(label: str) -> Iterator[Callable[[str, int, int], None]]:
    """``with steps("…") as tell: …; tell(step, done, whole)``: of work whose size is learnt on the way."""
    if not sys.stderr.isatty():  # nobody watches
        yield lambda step, done, whole: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(label, total=None)

        def tell(step: str, done: int, whole: int) -> None:
            progress.update(task, description=f"{label}: {step}", completed=done, total=whole)

        yield tell
