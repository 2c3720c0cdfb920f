"""The key store, keys.db: who is who, under which keys their text is sealed, and who was erased.

A file of its own, so that the record can be kept for ever and the keys need not: 0600, overwritten on deletion.
It belongs to one ledger and must be backed up with it, more often than it. Its changes are committed before the record's.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Connection, Engine, bindparam, delete, func, insert, or_, select
from sqlalchemy.dialects.sqlite import insert as upsert

from ledger.database import Database, SqliteTransaction, sqlite_engine
from ledger.errors import KeyMissing, KeyStoreForeign, KeyStoreLost, PersonErased, UnknownSchema
from ledger.folder import KEYS_FILE, private_file
from ledger.hot import Hot
from ledger.key_tables import (
    APPLICATION_ID,
    SCHEMA_VERSION,
    blind_index,
    conflicts,
    metadata,
    person_keys,
    persons,
    secrets,
    tombstones,
)
from ledger.seal import ERASED, Erased, fresh_key, mac_key
from ledger.tables import counters
from schemas.identity import named
from schemas.instants import Instant

T = TypeVar("T")
_NS_PERSON = uuid.UUID("6f1c8a52-8f0e-5d3b-9a41-2c7be5d0a110")

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
_add_person = Hot(
    upsert(persons).values(tenant=bindparam("tenant"), person=bindparam("person")).on_conflict_do_nothing()
)
_add_key = Hot(
    insert(person_keys).values(
        tenant=bindparam("tenant"),
        person=bindparam("person"),
        retention=bindparam("retention"),
        key=bindparam("key"),
    )
)


def own_person(event_id: str) -> str:
    """The person of text that names nobody: computed from the event, so that a retry makes no second one."""
    return named(_NS_PERSON, event_id.encode())


class KeyStore:
    """Two faces: reading, from any thread; and, in the writer's jobs alone, a transaction (``KeyTransaction``)
    that begins when a job first needs it."""

    def __init__(self, database: Database, writing: Engine, reading: Engine) -> None:
        self._writing = writing
        self._reading = reading
        self._transaction = SqliteTransaction(writing)
        self._begun = False
        self._in_job = False
        self._cache: dict[tuple[str, str, str], tuple[bytes, bytes]] = {}
        self._scrub = False
        with self._read() as connection:
            held = dict(connection.execute(select(secrets.c.name, secrets.c.value)).all())
        if held["ledger_id"].decode() != database.ledger_id:
            raise KeyStoreForeign(str(database.folder / KEYS_FILE))
        self.index_secret = held["index"]
        self._ledger_secret = held["ledger"]
        self._ledger_mac = mac_key(self._ledger_secret)

    @classmethod
    def open(cls, database: Database) -> KeyStore:
        """Open the key store beside the record, or make it for an empty one.

        Raises KeyStoreLost where a ledger that holds records has none, KeyStoreForeign where it is another ledger's.
        """
        path = database.folder / KEYS_FILE
        if not path.exists():
            with database.read() as connection:
                if connection.execute(select(func.count()).select_from(counters)).scalar_one():
                    raise KeyStoreLost(str(path))
        private_file(path)
        pragmas = ("journal_mode=WAL", "secure_delete=ON")
        writing = sqlite_engine(path, writing=True, pragmas=pragmas)
        reading = sqlite_engine(path, writing=False)
        try:
            cls._prepare(writing, database)
            opened = cls(database, writing, reading)
            opened._checkpoint()  # a crash may have left destroyed keys in the write-ahead log
            return opened
        except BaseException:
            writing.dispose()
            reading.dispose()
            raise

    @staticmethod
    def _prepare(writing: Engine, database: Database) -> None:
        with writing.begin() as connection:
            kind = connection.exec_driver_sql("PRAGMA application_id").scalar_one()
            version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
            if (kind, version) == (APPLICATION_ID, SCHEMA_VERSION):
                return
            if kind or version:
                raise UnknownSchema(f"{database.folder / KEYS_FILE} has schema version {version}")
            metadata.create_all(connection)
            for name, value in (
                ("ledger_id", database.ledger_id.encode()),
                ("ledger", os.urandom(32)),
                ("index", os.urandom(32)),
            ):
                connection.execute(insert(secrets).values(name=name, value=value))
            connection.exec_driver_sql(f"PRAGMA application_id={APPLICATION_ID}")
            connection.exec_driver_sql(f"PRAGMA user_version={SCHEMA_VERSION}")

    # The writer's transaction.

    def savepoint(self) -> None:
        self._in_job = True
        if self._begun:
            self._transaction.savepoint()

    def release(self) -> None:
        if self._begun:
            self._transaction.release()
        self._in_job = False

    def undo(self) -> None:
        self._cache.clear()
        if self._begun:
            self._transaction.undo()
        self._in_job = False

    def commit(self) -> None:
        self._cache.clear()
        if self._begun:
            self._transaction.commit()
            self._begun = False
        if self._scrub:
            self._scrub = not self._checkpoint()

    def rollback(self) -> None:
        self._cache.clear()
        self._in_job = self._begun = False
        self._transaction.rollback()

    @property
    def connection(self) -> Connection:
        """The writing connection; in the writer's jobs only."""
        if not self._in_job:
            raise RuntimeError("the key store is written in the writer's jobs only")
        if not self._begun:
            self._transaction.begin()
            self._begun = True
            self._transaction.savepoint()
        return self._transaction.connection

    def add_person(self, tenant: str, person: str) -> None:
        """Register a person. Knowing them already is no error. Raises PersonErased."""
        if self._tombstone(self.connection, tenant, person):
            raise PersonErased(person)
        _add_person(self.connection, tenant=tenant, person=person)

    def is_person(self, tenant: str, person: str) -> bool:
        """Whether this reference was ever given out and not erased."""
        return _known(self.connection, tenant=tenant, person=person).first() is not None

    def sealing(self, tenant: str, person: str, retention: str) -> tuple[bytes, bytes]:
        """(sealing key, MAC key), made where missing. Raises PersonErased."""
        known = self._cache.get((tenant, person, retention))
        if known is None:
            row = _key(self.connection, tenant=tenant, person=person, retention=retention).first()
            key: bytes = fresh_key() if row is None else row[0]
            if row is None:
                if self._tombstone(self.connection, tenant, person):
                    raise PersonErased(person)
                _add_key(self.connection, tenant=tenant, person=person, retention=retention, key=key)
            known = self._cache[(tenant, person, retention)] = (key, mac_key(key))
        return known

    def comparing(self, tenant: str, person: str, retention: str) -> bytes | Erased:
        """The MAC key of an event already kept; ERASED where its person is. Raises KeyMissing.
        Without a person it is the ledger's own."""
        if not person:
            return self._ledger_mac
        known = self._cache.get((tenant, person, retention))
        if known is not None:
            return known[1]
        key = self._find(self.connection, tenant, person, retention)
        return key if isinstance(key, Erased) else mac_key(key)

    def erase(self, tenant: str, person: str, at: Instant) -> bool:
        """Destroy the person's keys and every way to find them, and write the tombstone, in one transaction.

        False where they were erased before; what a restored copy brought back is destroyed all the same.
        """
        self._cache.clear()
        connection = self.connection
        first = not self._tombstone(connection, tenant, person)
        for table in (person_keys, persons, blind_index):
            connection.execute(delete(table).where(table.c.tenant == tenant, table.c.person == person))
        named = or_(conflicts.c.kept == person, conflicts.c.other == person)
        connection.execute(delete(conflicts).where(conflicts.c.tenant == tenant, named))
        if first:
            connection.execute(insert(tombstones).values(tenant=tenant, person=person, erased=at))
        self._scrub = True
        return first

    # Reading, from any thread.

    def key(self, tenant: str, person: str, retention: str) -> bytes | Erased:
        """The sealing key, or ERASED. Raises KeyMissing: only a tombstone reads as erased. Nothing is cached here."""
        with self._read() as connection:
            return self._find(connection, tenant, person, retention)

    def erased(self, tenant: str) -> dict[str, Instant]:
        """Every tombstone of the tenant: person -> instant."""
        with self._read() as connection:
            found = select(tombstones.c.person, tombstones.c.erased).where(tombstones.c.tenant == tenant)
            return dict(connection.execute(found.order_by(tombstones.c.person)).all())

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with self._reading.connect() as connection, connection.begin():
            yield connection

    def reading(self, query: Callable[[Connection], T]) -> T:
        """Run a query of the persons' index on a snapshot."""
        with self._read() as connection:
            return query(connection)

    def close(self, *, checkpoint: bool = True) -> None:
        """After the writer is closed. ``checkpoint`` as for the record's database."""
        self._transaction.close()
        self._reading.dispose()
        if checkpoint:
            self._checkpoint()
        self._writing.dispose()

    def _find(self, connection: Connection, tenant: str, person: str, retention: str) -> bytes | Erased:
        if self._tombstone(connection, tenant, person):
            return ERASED
        row = _key(connection, tenant=tenant, person=person, retention=retention).first()
        if row is None:
            raise KeyMissing(f"person {person}, class {retention}")
        found: bytes = row[0]
        return found

    @staticmethod
    def _tombstone(connection: Connection, tenant: str, person: str) -> bool:
        return _tomb(connection, tenant=tenant, person=person).first() is not None

    def _checkpoint(self) -> bool:
        """Empty the write-ahead log, where destroyed keys still stand; False where a reader is in the way."""
        with self._writing.connect() as connection:
            cursor = connection.connection.cursor()
            busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()[0][0]
            cursor.close()
            return not busy
