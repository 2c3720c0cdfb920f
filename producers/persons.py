"""What people may ask about their data (个人信息保护法 arts. 44–47), as the command line and the API take it in."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from ledger.candidate import Appended, Problem
from ledger.clock import Clock
from ledger.ledger import Ledger
from ledger.tenants import Tenant
from producers.dossier import unnamed
from producers.erasure import WAIT
from producers.erasure_index import REQUESTED
from producers.intake import Intake
from schemas.instants import Instant, format_instant

ACCESSED = "privacy.access_recorded"


class NotTaken(Exception):
    """The intake refused what was asked; ``problem`` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.field}: {problem.reason}")
        self.problem = problem


class UnknownPerson(LookupError):
    """Nobody has this reference."""


class PersonRequests:
    """Facts about requests are appended; what they ask for is done by ``Erasures``. Raises UnknownPerson, NotTaken and the
    ledger's errors."""

    def __init__(self, ledger: Ledger, intake: Intake, clock: Clock) -> None:
        self._ledger = ledger
        self._intake = intake
        self._clock = clock

    def erased(self, tenant: Tenant, person: str) -> Instant | None:
        """When they were erased; None where they are known and were not."""
        at = self._ledger.erased(tenant).get(person)
        if at is None and not self._ledger.keys.knows(tenant.name, person):
            raise UnknownPerson(person)
        return at

    def erase(self, tenant: Tenant, source: str, person: str, basis: str, by: str) -> tuple[Appended, int]:
        """Ask that they be erased, and with them the texts without a customer in cases that are theirs alone: the request of
        the person, and how many such texts' persons there were."""
        also = unnamed(self._ledger, tenant, person)
        for one in also:  # the person last: cut before, it can be asked for again
            self._append(tenant, source, REQUESTED, {"subject_ref": one, "basis": basis, "by": by})
        asked = self._append(tenant, source, REQUESTED, {"subject_ref": person, "basis": basis, "by": by})
        return asked, len(also)

    def accessed(self, tenant: Tenant, source: str, person: str, purpose: str, by: str) -> Appended:
        """Write down that somebody looks; before they do."""
        return self._append(tenant, source, ACCESSED, {"subject_ref": person, "purpose": purpose, "by": by})

    def all_accessed(
        self, tenant: Tenant, source: str, persons: Sequence[str], purpose: str, by: str, of: str
    ) -> int:
        """The same for each of many whose data a list ``of`` something shows; who was erased is passed over."""
        gone = self._ledger.erased(tenant)
        data = {"purpose": purpose, "by": by, "range": of}
        raws = [
            self._raw(source, ACCESSED, {"subject_ref": one, **data}) for one in persons if one not in gone
        ]
        for outcome in self._intake.submit_many(tenant, source, raws, admin=True).result(WAIT):
            if isinstance(outcome, Problem):
                raise NotTaken(outcome)
        return len(raws)

    def _append(self, tenant: Tenant, source: str, kind: str, data: dict[str, Any]) -> Appended:
        outcome = self._intake.submit_one(tenant, source, self._raw(source, kind, data), admin=True).result(
            WAIT
        )
        if isinstance(outcome, Problem):
            raise NotTaken(outcome)
        return outcome

    def _raw(self, source: str, kind: str, data: dict[str, Any]) -> dict[str, Any]:
        return {
            "specversion": "1.0",
            "id": f"{kind.removeprefix('privacy.')}/{secrets.token_hex(16)}",
            "source": source,
            "type": kind,
            "time": format_instant(self._clock.now()),
            "data": data,
        }
