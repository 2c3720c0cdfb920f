"""A list longer than a page is read to its end, and nothing of it twice."""

from __future__ import annotations

from typing import Any

import pytest

from touchline.lists import everything

LINES = [{"due": due, "id": str(n)} for n, due in enumerate(("t1", "t2", "t2", "t3", None, None))]


@pytest.mark.parametrize("page", [1, 2, 3, 4, 5, 6, 7])
def test_every_page_once_also_behind_those_without_an_instant(page: int) -> None:
    asked: list[str | None] = []

    def ask(limit: int, after: str | None) -> list[dict[str, Any]]:
        asked.append(after)
        marks = [f"{one['due'] or ''},{one['id']}" for one in LINES]
        begin = marks.index(after) + 1 if after is not None else 0
        return LINES[begin : begin + limit]

    assert everything(ask, "due", page) == LINES
    assert asked[0] is None
    assert len(asked) == len(LINES) // page + 1


def test_a_list_of_nothing_is_asked_for_once() -> None:
    assert everything(lambda limit, after: [], "opened") == []
