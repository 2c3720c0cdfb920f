"""Who is meant: the source's customer number, then the phone, to a person's reference, through a blind index.

The index holds HMACs under a secret of the key store, never a number or a phone. It stands in the key store.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from sqlalchemy import BindParameter, Connection, bindparam, select

from ledger.dialects import insert_where_new
from ledger.hot import Among, Hot
from ledger.key_tables import blind_index, conflicts
from ledger.keys import KeyStore
from schemas.canonical import canonical_texts
from schemas.instants import Instant

PHONE = "phone"


def number_of(source: str) -> str:
    """The kind of a source's own customer number: two systems may number two people alike."""
    return f"number:{source}"


_person_of = Hot(select(blind_index.c.person).where(blind_index.c.mac == bindparam("mac")))
_numbered = Hot(
    select(blind_index.c.mac).where(
        blind_index.c.tenant == bindparam("tenant"),
        blind_index.c.person == bindparam("person"),
        blind_index.c.kind == bindparam("kind"),
    )
)
_TENANT: BindParameter[str] = bindparam("tenant")
_entries = Among(
    lambda people: select(blind_index.c.mac, blind_index.c.person).where(
        blind_index.c.tenant == _TENANT, blind_index.c.person.in_(people)
    )
)
_holders = Among(
    lambda macs: select(blind_index.c.person).where(
        blind_index.c.tenant == _TENANT, blind_index.c.mac.in_(macs)
    ),
    bytes,
)
_dispute = Hot(
    insert_where_new(
        conflicts,
        tenant=bindparam("tenant"),
        event_id=bindparam("event_id"),
        kept=bindparam("kept"),
        other=bindparam("other"),
        kind=bindparam("kind"),
        seen=bindparam("seen"),
    )
)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Number and phone of one event named two persons: ``kept`` is whose it became, ``other`` who had the ``kind``."""

    event_id: str
    kept: str
    other: str
    kind: str
    seen: Instant


class Claims(NamedTuple):
    """Entries of the blind index under which an event names its customer; b"" for none."""

    number: bytes
    phone: bytes


NOBODY = Claims(b"", b"")


def normal_phone(phone: str) -> str:
    """A phone as it is compared: full-width digits folded, spaces, dashes and brackets out, +86 or 0086 dropped."""
    if phone.isascii() and phone.isdigit():
        return phone.removeprefix("0086")
    plain = re.sub(r"[\s()\-‐‑‒–—−]", "", unicodedata.normalize("NFKC", phone))
    return re.sub(r"^(?:\+|00)86", "", plain)


def normal_number(number: str) -> str:
    """A customer number (客户编号) as it is compared: full-width forms folded, outer space dropped."""
    return unicodedata.normalize("NFKC", number).strip()


class Persons:
    """Resolution in the writer's jobs; look-ups from any thread."""

    def __init__(self, keys: KeyStore) -> None:
        self._keys = keys
        self._index = keys.index

    def claims(self, tenant: str, source: str, number: str, phone: str) -> Claims:
        """A customer's number and phone, as given, as entries of the blind index."""
        number, phone = number and normal_number(number), phone and normal_phone(phone)
        return Claims(
            self._mac(tenant, number_of(source), number) if number else b"",
            self._mac(tenant, PHONE, phone) if phone else b"",
        )

    def resolve(self, tenant: str, source: str, claims: Claims, event_id: str, now: Instant) -> str:
        """The person that the source's number or the phone names, else a new one; what is new about them is learned.

        The number wins. Where the phone names another person, or a known number of this source stands against a new
        one, nothing merges: it is listed (``conflicts``).
        """
        by_number, by_phone = self._keys.named(tenant, claims.number), self._keys.named(tenant, claims.phone)
        if by_number and (by_phone == by_number or not claims.phone):
            return by_number  # as nearly always: nothing is new about them
        person = by_number or by_phone
        if claims.number and not by_number and by_phone and self._has_number(tenant, source, by_phone):
            person = ""  # the phone is a known customer's, the number is not theirs
        if not person:
            person = self._keys.new_person(tenant)
        self.learn(tenant, person, source, claims, event_id, now)
        return person

    def learn(
        self, tenant: str, person: str, source: str, claims: Claims, event_id: str, now: Instant
    ) -> None:
        """Number and phone that came with a reference: learned where new, listed where they name someone else."""
        for kind, mac in ((PHONE, claims.phone), (number_of(source), claims.number)):
            holder = self._keys.named(tenant, mac)
            if mac and not holder:
                self._keys.learn(mac, tenant, person, kind)
            elif holder and holder != person:
                _dispute(
                    self._keys.connection,
                    tenant=tenant, event_id=event_id, kept=person, other=holder, kind=kind, seen=now,
                )  # fmt: skip

    def look_up(self, tenant: str, *, source: str = "", number: str = "", phone: str = "") -> str | None:
        """The person that the source's number, else the phone, names today."""

        def query(connection: Connection) -> str | None:
            for kind, value in ((number_of(source), normal_number(number)), (PHONE, normal_phone(phone))):
                row = _person_of(connection, mac=self._mac(tenant, kind, value)).first() if value else None
                if row is not None:
                    return str(row[0])
            return None

        return self._keys.reading(query)

    def entry(self, tenant: str, kind: str, value: str) -> bytes:
        """The entry of the blind index that a normal phone or number would have."""
        return self._mac(tenant, kind, value)

    def entries(
        self, tenant: str, people: Sequence[str], connection: Connection | None = None
    ) -> dict[bytes, str]:
        """Every entry that names one of these persons -> that person. ``connection``: the key store's, in a job."""
        if connection is None:
            return self._keys.reading(partial(self.entries, tenant, people))
        return {bytes(row[0]): str(row[1]) for row in _entries(connection, people, tenant=tenant)}

    def holders(self, tenant: str, macs: Sequence[bytes]) -> set[str]:
        """Whom these entries name."""
        rows = self._keys.reading(lambda connection: _holders(connection, macs, tenant=tenant))
        return {str(row[0]) for row in rows}

    def conflicts(self, tenant: str) -> list[Conflict]:
        """Every event whose number and phone named two persons, in order of the event ids."""
        c = conflicts.c
        query = select(c.event_id, c.kept, c.other, c.kind, c.seen).where(c.tenant == tenant)
        return self._keys.reading(
            lambda connection: [
                Conflict(*row) for row in connection.execute(query.order_by(c.event_id, c.kind))
            ]
        )

    def _has_number(self, tenant: str, source: str, person: str) -> bool:
        kind = number_of(source)
        return _numbered(self._keys.connection, tenant=tenant, person=person, kind=kind).first() is not None

    def _mac(self, tenant: str, kind: str, value: str) -> bytes:
        return self._index(canonical_texts(tenant, kind, value))
