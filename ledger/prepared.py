"""What follows from a candidate alone, for a whole batch before its stores are asked. Nothing here looks at what is kept."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.body import at_path, has_sealed_shape
from ledger.candidate import Candidate, Draft
from ledger.keys import own_person
from ledger.persons import NOBODY, Claims, Persons
from schemas.identity import case_id_of_event, case_id_of_ticket, event_id

CUSTOMER = ("number", "name", "phone", "address")


@dataclass(slots=True)
class Prepared:
    """A candidate, and what follows from it alone."""

    candidate: Candidate
    event: str
    """Its event id."""
    key: bytes
    """The same as 16 bytes."""
    claims: Claims = NOBODY
    case: str = ""
    """By ticket or as given; else the case that it would open; "" for none."""
    secrets: tuple[tuple[str, str], ...] = ()
    """(path in data, clear text) of everything to seal."""
    person: str = ""
    """Under whose key it is sealed where it names nobody; "" where that is seen later, or nothing is sealed."""
    reserved: bool = False
    """Its data has the shape of sealed data."""


def prepare(tenant: str, persons: Persons, candidate: Candidate) -> Prepared:
    """For the tenant of that name. Raises TypeError where what is called personal is no text."""
    event = event_id(tenant, candidate.source, candidate.source_id)
    made = Prepared(candidate, event, bytes.fromhex(event.replace("-", "")))
    draft = candidate.draft
    if draft is None:
        return made
    customer = draft.customer
    if customer:
        made.claims = persons.claims(
            tenant, candidate.source, customer.get("number", ""), customer.get("phone", "")
        )
    if draft.case_id:
        made.case = draft.case_id
    elif draft.ticket:
        made.case = case_id_of_ticket(tenant, candidate.source, draft.ticket)
    elif draft.case == "opens":
        made.case = case_id_of_event(event)
    made.secrets = _secrets(draft)
    if made.secrets and not draft.customer_ref and not any(made.claims):
        made.person = own_person(event)
    made.reserved = has_sealed_shape(draft.data)
    return made


def _secrets(draft: Draft) -> tuple[tuple[str, str], ...]:
    found = [(f"customer.{name}", text) for name in CUSTOMER if (text := draft.customer.get(name, ""))]
    for path in draft.personal:
        value = at_path(draft.data, path)
        if isinstance(value, str):
            if value:
                found.append((path, value))
        elif value is not None:
            raise TypeError(f"{path} of {draft.type} is personal but no text")
    return tuple(found)
