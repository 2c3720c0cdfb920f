"""A source's own number of a case (投诉编号、报修编号) where a command asks for the case: people know no other."""

from __future__ import annotations

from collections.abc import Iterable

from touchline.exits import Exit, Refused


def only_case(number: str, cases: Iterable[str]) -> str:
    """The one case that bears the number; "" where none does. Raises Refused where several sources gave it."""
    found = sorted(set(cases))
    if len(found) > 1:
        told = "、".join(found)
        raise Refused(
            Exit.USAGE,
            f"编号 {number} 属于几个事项，请用事项号：{told}。",
            f"Several cases bear {number}; name one by its id: {', '.join(found)}.",
        )
    return found[0] if found else ""
