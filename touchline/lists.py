"""Lists of the read models, read page after page to their end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PAGE = 500


def everything(
    ask: Callable[[int, str | None], list[dict[str, Any]]], by: str, page: int = PAGE
) -> list[dict[str, Any]]:
    """All of a list. ``ask(limit, after)`` gives a page; ``by``: the field whose instant the list is ordered by. It goes on
    behind ``<instant or nothing>,<id>`` of the last one had."""
    found: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        more = ask(page, after)
        found += more
        if len(more) < page:
            return found
        after = f"{more[-1][by] or ''},{more[-1]['id']}"
