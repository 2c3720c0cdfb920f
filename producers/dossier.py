"""What is kept of one person (个人档案): found by reading the fact lane, once in a while, for a copy or an erasure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ledger.body import sealed_places
from ledger.ledger import Ledger
from ledger.tenants import Tenant
from producers.inbox.naming import Naming
from schemas.catalogue import label
from schemas.confidential import confidential
from schemas.event import ENVELOPE, Event
from schemas.instants import format_instant

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
            if fact.case_id not in customers or confidential(fact):  # it names the case somewhere else
                continue
            if fact.customer_ref:
                customers[fact.case_id].add(fact.customer_ref)
            else:
                texts[fact.case_id] |= persons_of(fact)
    alone = {one for case in cases if customers[case] <= {person} for one in texts[case]}
    return sorted(alone - {person} - ledger.erased(tenant).keys())


def copied(
    ledger: Ledger, tenant: Tenant, person: str, tell: Tell = lambda done, whole: None
) -> Iterator[dict[str, Any]]:
    """Everything of a person in clear, an event at a time, as plain JSON: what they wrote or was written of them, and what was
    asked about their data. Then the letters that name them, without their content, in which others may stand too."""
    whose = {person, *unnamed(ledger, tenant, person)}
    for fact in facts_of(ledger, tenant, sorted(whose), tell):
        if confidential(fact):
            continue  # of staff, whatever case and customer it names
        if persons_of(fact) & whose or fact.data.get("subject_ref") in whose:
            yield _opened(ledger, tenant, fact)
    for one in Naming(ledger).of(tenant, person):
        yield one.plain()


def _opened(ledger: Ledger, tenant: Tenant, fact: Event) -> dict[str, Any]:
    routing = {name: getattr(fact, name) for name in (*ENVELOPE, "ticket", "corrects") if name != "event_id"}
    return {
        "event_id": fact.event_id,
        "place": fact.place,
        "type": fact.type,
        "zh": label(fact.type),
        "time": format_instant(fact.time),
        "recorded": format_instant(fact.recorded),
        "source": fact.source,
        "id": fact.source_id,
        **{name: value for name, value in routing.items() if value},
        "data": ledger.unsealed(tenant, fact),
    }
