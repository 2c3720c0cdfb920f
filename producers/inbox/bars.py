"""Who is left out when a letter is mapped again: persons who were erased while it stayed, because it names others too.

A *bar* stands in the key store under the letter, written with the tombstone: whose erasure waits for the letter, and entries of
the blind index by which they would be known. It goes when the letter's text has gone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from ledger.ledger import Ledger
from ledger.tenants import Tenant
from producers.inbox.lists import there
from schemas.canonical import canonical_bytes

PREFIX: Final = "letter/"
"""Of its name among the key store's secrets."""
PAGE: Final = 256


@dataclass(frozen=True, slots=True)
class Bar:
    tenant: str
    persons: tuple[str, ...]
    entries: tuple[bytes, ...]

    def with_(self, person: str, entries: Iterable[bytes]) -> Bar:
        return Bar(
            self.tenant,
            tuple(sorted({*self.persons, person})),
            tuple(sorted({*self.entries, *entries})),
        )

    def stored(self) -> bytes:
        entries = [entry.hex() for entry in self.entries]
        return canonical_bytes({"tenant": self.tenant, "persons": list(self.persons), "entries": entries})

    @classmethod
    def of(cls, value: bytes | None, tenant: str = "") -> Bar:
        """None where there is none yet."""
        if value is None:
            return cls(tenant, (), ())
        said = json.loads(value)
        return cls(said["tenant"], tuple(said["persons"]), tuple(map(bytes.fromhex, said["entries"])))


def waited_for(ledger: Ledger, tenant: Tenant) -> tuple[dict[str, list[str]], list[str]]:
    """(person -> letters that are there still, of each whose erasure waits for some; letters with a bar that are gone)."""
    held = {
        name.removeprefix(PREFIX): Bar.of(value) for name, value in ledger.keys.secrets_under(PREFIX).items()
    }
    mine = sorted(letter for letter, bar in held.items() if bar.tenant == tenant.name)
    found: dict[str, list[str]] = {}
    gone: list[str] = []
    for at in range(0, len(mine), PAGE):
        page = mine[at : at + PAGE]
        with ledger.database.read() as connection:
            standing = there(connection, tenant, page)
        gone += [letter for letter in page if letter not in standing]
        for letter in sorted(standing):
            for person in held[letter].persons:
                found.setdefault(person, []).append(letter)
    return found, gone


def left_out(ledger: Ledger, tenant: Tenant, letter: str, source: str) -> Callable[[Any], bool]:
    """Whether an event of this letter, as it would be posted, is about somebody who was erased since: their number, or their
    phone unless the number is somebody else's."""
    entries = frozenset(Bar.of(ledger.keys.secret(PREFIX + letter), tenant.name).entries)

    def erased(event: Any) -> bool:
        data = event.get("data") if isinstance(event, dict) else None
        customer = data.get("customer") if isinstance(data, dict) else None
        if not entries or not isinstance(customer, dict):
            return False
        number, phone = (
            found if isinstance(found := customer.get(name), str) else "" for name in ("number", "phone")
        )
        claims = ledger.persons.claims(tenant.name, source, number, phone)
        if claims.number in entries:
            return True
        return claims.phone in entries and not (
            number and ledger.customer(tenant, source=source, number=number)
        )

    return erased
