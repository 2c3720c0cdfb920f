"""The key store as it is read, from any thread on a snapshot of its own; and the questions, on any connection."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, bindparam, exists, or_, select

from ledger.errors import KeyMissing
from ledger.hot import Hot
from ledger.key_place import KeyPlace
from ledger.key_tables import blind_index, person_keys, persons, secrets, tombstones
from ledger.seal import ERASED, Erased
from schemas.instants import Instant

T = TypeVar("T")

_key = Hot(
    select(person_keys.c.key).where(
        person_keys.c.tenant == bindparam("tenant"),
        person_keys.c.person == bindparam("person"),
        person_keys.c.retention == bindparam("retention"),
    )
)
_tomb = Hot(
    select(tombstones.c.erased).where(
        tombstones.c.tenant == bindparam("tenant"), tombstones.c.person == bindparam("person")
    )
)
_known = Hot(
    select(persons.c.person).where(
        persons.c.tenant == bindparam("tenant"), persons.c.person == bindparam("person")
    )
)


def tombstone(connection: Connection, tenant: str, person: str) -> bool:
    """Whether they were erased."""
    return _tomb(connection, tenant=tenant, person=person).first() is not None


def given_out(connection: Connection, tenant: str, person: str) -> bool:
    """Whether this reference was ever given out and not erased."""
    return _known(connection, tenant=tenant, person=person).first() is not None


def stored_key(connection: Connection, tenant: str, person: str, retention: str) -> bytes | None:
    """Their key of that class; None where there is none."""
    row = _key(connection, tenant=tenant, person=person, retention=retention).first()
    return None if row is None else row[0]


def found_key(connection: Connection, tenant: str, person: str, retention: str) -> bytes | Erased:
    """The same, or ERASED. Raises KeyMissing: only a tombstone reads as erased."""
    if tombstone(connection, tenant, person):
        return ERASED
    key = stored_key(connection, tenant, person, retention)
    if key is None:
        raise KeyMissing(f"person {person}, class {retention}")
    return key


def stored_secret(connection: Connection, name: str) -> bytes | None:
    """Kept under a name; None where nothing is."""
    found = connection.scalar(select(secrets.c.value).where(secrets.c.name == name))
    return None if found is None else bytes(found)


class KeyReading:
    """See the module's docstring. Nothing is cached here."""

    def __init__(self, place: KeyPlace) -> None:
        self._place = place

    def secret(self, name: str) -> bytes | None:
        """Random bytes by name, see ``make_secret``."""
        with self._place.read() as connection:
            return stored_secret(connection, name)

    def secrets_under(self, prefix: str) -> dict[str, bytes]:
        """Every one whose name begins so."""
        with self._place.read() as connection:
            rows = connection.execute(
                select(secrets).where(secrets.c.name.startswith(prefix, autoescape=True))
            )
            return {str(name): bytes(value) for name, value in rows}

    def of_class(self, tenant: str, retention: str, after: str, limit: int) -> list[str]:
        """Whose keys of that class there are, behind a name."""
        c = person_keys.c
        query = select(c.person).where(c.tenant == tenant, c.retention == retention, c.person > after)
        with self._place.read() as connection:
            return list(connection.execute(query.order_by(c.person).limit(limit)).scalars())

    def key(self, tenant: str, person: str, retention: str) -> bytes | Erased:
        """The sealing key, or ERASED. Raises KeyMissing: only a tombstone reads as erased. Nothing is cached here."""
        with self._place.read() as connection:
            return found_key(connection, tenant, person, retention)

    def erased(self, tenant: str) -> dict[str, Instant]:
        """Every tombstone of the tenant: person -> instant."""
        with self._place.read() as connection:
            found = select(tombstones.c.person, tombstones.c.erased).where(tombstones.c.tenant == tenant)
            return dict(connection.execute(found.order_by(tombstones.c.person)).all())

    def revived(self, tenant: str) -> list[str]:
        """Persons with a tombstone of whom something stands all the same."""
        t = tombstones.c
        left = [
            exists().where(table.c.tenant == t.tenant, table.c.person == t.person)
            for table in (persons, person_keys, blind_index)
        ]
        with self._place.read() as connection:
            found = select(t.person).where(t.tenant == tenant, or_(*left)).order_by(t.person)
            return list(connection.execute(found).scalars())

    def knows(self, tenant: str, person: str) -> bool:
        """Whether this reference was ever given out and not erased."""
        return self.reading(lambda connection: given_out(connection, tenant, person))

    def reading(self, query: Callable[[Connection], T]) -> T:
        """Run a query of the persons' index on a snapshot."""
        with self._place.read() as connection:
            return query(connection)
