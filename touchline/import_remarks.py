"""What an import is told beside its bad rows (提示): by what the tenant's policies need, and what its ledger has already."""

from __future__ import annotations

import time
from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from touchline.exits import of_error
from touchline.place import Place

if TYPE_CHECKING:
    from ledger.tenants import Tenant
    from producers.sheets.remarks import Remarks
    from producers.sheets.unopened import Key
    from schemas.policy_needs import Need
    from touchline.library import Library

PATIENCE: Final = 60.0
"""Seconds for the engine to come to what was imported; a dry run does not wait."""
PAUSE: Final = 0.05
ASKED: Final = 128
"""Numbers of which it is looked up whether another source has them."""


def needs_of(place: Place, tenant: str) -> dict[str, list[Need]]:
    """What the policies in force need; the shipped ones where there is no ledger yet, or not one tenant to be meant."""
    from schemas.policy_needs import needs

    try:
        with _library(place) as library:
            found = _in_force(library, library.tenant(tenant))
    except Exception as error:
        if of_error(error) is None:
            raise
        found = None
    if found is not None:
        return needs(found)
    from schemas.policy_files import load_profile

    return needs(load_profile().dump())


def _in_force(library: Library, tenant: Tenant) -> Mapping[str, Any] | None:
    """The profile that binds what happens now (S23), as it was published: what judges by it is not loaded for that."""
    from schemas.instants import parse_instant

    now = library.ledger.clock.now()
    facts = library.reading.published.policies(tenant)
    dated = [(parse_instant(str(one.data["effective_from"])), place, one) for place, one in enumerate(facts)]
    begun = [one for one in dated if one[0] <= now]
    chosen = max(begun, default=None) or min(dated, default=None, key=lambda one: (one[0], -one[1]))
    return chosen[2].data["policy"] if chosen is not None else None


def _library(place: Place) -> Library:
    from touchline.library import Library

    return Library(place)


def settle(remarks: Remarks, place: Place, tenant: str, source: str, *, wait: bool) -> None:
    """After the last row: those whose case nothing opens. Where nobody can tell they are ``unchecked``, all of them."""
    left = remarks.unopened.left()
    if not left:
        return
    from touchline.choosing import only_source

    try:
        with _library(place) as library:
            whose = library.tenant(tenant)
            by = only_source(library.ledger, whose, source)
            if not _abreast(library, whose, PATIENCE if wait else 0):
                remarks.unchecked = left
                return
            for page in remarks.unopened.pages():
                ids = {key: _case_id(whose, by, key) for key in page}
                opened = library.reading.cases.opened(whose, list(ids.values()))
                for key in (key for key, case in ids.items() if case in opened):
                    remarks.unopened.opened(key)
            elsewhere = _elsewhere(library, whose, remarks)
    except Exception as error:
        if of_error(error) is None:
            raise
        remarks.unchecked = left
        return
    remarks.lacking(by, elsewhere)


def _abreast(library: Library, tenant: Tenant, patience: float) -> bool:
    """Whether the engine has come to all that is kept now."""
    with library.database.read() as conn:
        head = library.ledger.head(conn, tenant).place
    end = time.monotonic() + patience
    while library.reading.engine.decided(tenant)[0] < head:
        if time.monotonic() >= end:
            return False
        time.sleep(PAUSE)
    return True


def _case_id(tenant: Tenant, source: str, key: Key) -> str:
    from schemas.identity import case_id_of_ticket

    return key.case_id or case_id_of_ticket(tenant.name, source, key.ticket)


def _elsewhere(library: Library, tenant: Tenant, remarks: Remarks) -> dict[str, list[str]]:
    numbers = (key.ticket for page in remarks.unopened.pages() for key in page if key.ticket)
    tickets = list(islice(numbers, ASKED))
    return library.reading.cases.elsewhere(tenant, tickets) if tickets else {}
