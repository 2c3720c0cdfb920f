"""What is kept of one person (个人档案): found by reading the fact lane, once in a while, for a copy or an erasure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ledger.body import sealed_places
from ledger.ledger import Ledger
from ledger.tenants import Tenant
from schemas.event import Event

PAGE = 20_000
TOGETHER = 50
"""Cases looked for in one reading of the lane."""
Tell = Callable[[int, int], None]


def facts_of(
    ledger: Ledger, tenant: Tenant, words: Sequence[str], tell: Tell = lambda done, whole: None
) -> Iterator[Event]:
    """Every fact in whose stored body any of these references stands, in order, sealed. ``tell`` hears (places read, all)."""
    sought = [word.encode() for word in words]
    with ledger.database.read() as connection:
        head = ledger.head(connection, tenant).place
    for at in range(0, head, PAGE):
        upto = min(at + PAGE, head)
        with ledger.database.read() as connection:
            found = ledger.facts_with(connection, tenant, at, upto, sought)
        yield from found
        tell(upto, head)


def persons_of(event: Event) -> set[str]:
    """Whom an event is about, or whose text stands in it."""
    named = {sealed.person for _, sealed in sealed_places(event.data)}
    return named | ({event.customer_ref} if event.customer_ref else set())


def unnamed(ledger: Ledger, tenant: Tenant, person: str) -> list[str]:
    """Persons of their own that texts without a customer have, in cases that name this person and no other customer.

    A follow-up often names the case alone; what it says is about its customer. Where a case has two, nobody can tell whose
    it is, and it is left out.
    """
    cases = sorted({fact.case_id for fact in facts_of(ledger, tenant, [person]) if fact.case_id})
    customers: dict[str, set[str]] = {case: set() for case in cases}
    texts: dict[str, set[str]] = {case: set() for case in cases}
    for at in range(0, len(cases), TOGETHER):
        for fact in facts_of(ledger, tenant, cases[at : at + TOGETHER]):
            if fact.case_id not in customers:  # it names the case somewhere else
                continue
            if fact.customer_ref:
                customers[fact.case_id].add(fact.customer_ref)
            else:
                texts[fact.case_id] |= persons_of(fact)
    alone = {one for case in cases if customers[case] <= {person} for one in texts[case]}
    return sorted(alone - {person} - ledger.erased(tenant).keys())
