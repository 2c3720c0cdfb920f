"""What follows from a candidate alone, for a whole batch before its stores are asked. Nothing here looks at what is kept."""

from __future__ import annotations

from collections.abc import Mapping
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


class Preparing:
    """For one batch of the tenant of that name: events of one customer or one ticket often stand together, and what follows
    from those is worked out once."""

    def __init__(self, tenant: str, persons: Persons) -> None:
        self._tenant = tenant
        self._persons = persons
        self._claims: dict[tuple[str, str, str], Claims] = {}
        self._cases: dict[tuple[str, str], str] = {}

    def prepared(self, candidate: Candidate) -> Prepared:
        """Raises TypeError where what is called personal is no text."""
        event = event_id(self._tenant, candidate.source, candidate.source_id)
        made = Prepared(candidate, event, bytes.fromhex(event.replace("-", "")))
        draft = candidate.draft
        if draft is None:
            return made
        if draft.customer:
            made.claims = self._claimed(candidate.source, draft.customer)
        if draft.case_id:
            made.case = draft.case_id
        elif draft.ticket:
            made.case = self._case(candidate.source, draft.ticket)
        elif draft.case == "opens":
            made.case = case_id_of_event(event)
        made.secrets = _secrets(draft)
        if made.secrets and not draft.customer_ref and made.claims == NOBODY:
            made.person = own_person(event)
        made.reserved = has_sealed_shape(draft.data)
        return made

    def _claimed(self, source: str, customer: Mapping[str, str]) -> Claims:
        told = (source, customer.get("number", ""), customer.get("phone", ""))
        claims = self._claims.get(told)
        if claims is None:
            claims = self._claims[told] = self._persons.claims(self._tenant, *told)
        return claims

    def _case(self, source: str, ticket: str) -> str:
        case = self._cases.get((source, ticket))
        if case is None:
            case = self._cases[source, ticket] = case_id_of_ticket(self._tenant, source, ticket)
        return case


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
