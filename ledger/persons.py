"""Who is meant: the source's customer number, then the phone, to a person's reference, through a blind index.

The index holds HMACs under a secret of the key store, never a number or a phone. It stands in the key store.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
import uuid
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, insert, select

from ledger.dialects import insert_where_new
from ledger.hot import Hot
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
_learn = Hot(
    insert(blind_index).values(
        mac=bindparam("mac"), tenant=bindparam("tenant"), person=bindparam("person"), kind=bindparam("kind")
    )
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


def normal_phone(phone: str) -> str:
    """A phone as it is compared: full-width digits folded, spaces, dashes and brackets out, +86 or 0086 dropped."""
    plain = re.sub(r"[\s()\-‐‑‒–—−]", "", unicodedata.normalize("NFKC", phone))
    return re.sub(r"^(?:\+|00)86", "", plain)


def normal_number(number: str) -> str:
    """A customer number (客户编号) as it is compared: full-width forms folded, outer space dropped."""
    return unicodedata.normalize("NFKC", number).strip()


class Persons:
    """Resolution in the writer's jobs; look-ups from any thread."""

    def __init__(self, keys: KeyStore) -> None:
        self._keys = keys

    def resolve(self, tenant: str, source: str, number: str, phone: str, event_id: str, now: Instant) -> str:
        """The person that the source's number or the phone names, else a new one; what is new about them is learned.

        The number wins. Where the phone names another person, or a known number of this source stands against a new
        one, nothing merges: it is listed (``conflicts``).
        """
        kind = number_of(source)
        by_number = self._find(tenant, kind, number)
        by_phone = self._find(tenant, PHONE, phone)
        person = by_number or by_phone
        if number and not by_number and by_phone and self._has_number(tenant, kind, by_phone):
            person = ""  # the phone is a known customer's, the number is not theirs
        if not person:
            person = str(uuid.uuid4())
            self._keys.add_person(tenant, person)
        self._learn(tenant, person, (kind, number, by_number), (PHONE, phone, by_phone), event_id, now)
        return person

    def learn(
        self, tenant: str, person: str, source: str, number: str, phone: str, event_id: str, now: Instant
    ) -> None:
        """Number and phone that came with a reference: learned where new, listed where they name someone else."""
        kind = number_of(source)
        by_number, by_phone = self._find(tenant, kind, number), self._find(tenant, PHONE, phone)
        self._learn(tenant, person, (kind, number, by_number), (PHONE, phone, by_phone), event_id, now)

    def look_up(self, tenant: str, *, source: str = "", number: str = "", phone: str = "") -> str | None:
        """The person that the source's number, else the phone, names today."""

        def query(connection: Connection) -> str | None:
            for kind, value in ((number_of(source), normal_number(number)), (PHONE, normal_phone(phone))):
                row = _person_of(connection, mac=self._mac(tenant, kind, value)).first() if value else None
                if row is not None:
                    return str(row[0])
            return None

        return self._keys.reading(query)

    def conflicts(self, tenant: str) -> list[Conflict]:
        """Every event whose number and phone named two persons, in order of the event ids."""
        c = conflicts.c
        query = select(c.event_id, c.kept, c.other, c.kind, c.seen).where(c.tenant == tenant)
        return self._keys.reading(
            lambda connection: [
                Conflict(*row) for row in connection.execute(query.order_by(c.event_id, c.kind))
            ]
        )

    def _learn(
        self,
        tenant: str,
        person: str,
        number: tuple[str, str, str],
        phone: tuple[str, str, str],
        event_id: str,
        now: Instant,
    ) -> None:
        """Each claim is (kind, value, whom it names today)."""
        for kind, value, holder in (phone, number):
            if value and not holder:
                mac = self._mac(tenant, kind, value)
                _learn(self._keys.connection, mac=mac, tenant=tenant, person=person, kind=kind)
            elif holder and holder != person:
                _dispute(
                    self._keys.connection,
                    tenant=tenant, event_id=event_id, kept=person, other=holder, kind=kind, seen=now,
                )  # fmt: skip

    def _has_number(self, tenant: str, kind: str, person: str) -> bool:
        return _numbered(self._keys.connection, tenant=tenant, person=person, kind=kind).first() is not None

    def _find(self, tenant: str, kind: str, value: str) -> str:
        if not value:
            return ""
        row = _person_of(self._keys.connection, mac=self._mac(tenant, kind, value)).first()
        return "" if row is None else str(row[0])

    def _mac(self, tenant: str, kind: str, value: str) -> bytes:
        return hmac.digest(self._keys.index_secret, canonical_texts(tenant, kind, value), "sha256")
