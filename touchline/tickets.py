"""A source's own number of a case (投诉编号、报修编号) where a command asks for the case: people know no other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from touchline.exits import Exit, Refused

if TYPE_CHECKING:
    from ledger.tenants import Tenant
    from projections.reading.cases import CaseReading

MOST_NAMED = 10
"""Cases of one number that are named at most."""


def case_of(cases: CaseReading, tenant: Tenant, text: str) -> str:
    """The id of the case that is meant by an id or a number; the text itself where there is none. Raises Refused where several
    bear the number."""
    if cases.get(tenant, text) is not None:
        return text
    same = cases.find(tenant, ticket=text, limit=MOST_NAMED)
    return only_case(text, [one["id"] for one in same]) or text


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
