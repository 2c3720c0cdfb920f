"""The key store: who is who, under which keys their text is sealed, and who was erased.

In a place of its own (``ledger.key_place``), so that the record can be kept for ever and the keys need not. It belongs to
one ledger and must be backed up with it, more often than it. Its changes are committed before the record's.
"""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Iterable

from sqlalchemy import Connection, bindparam, delete, insert, or_, select

from ledger.database import Database
from ledger.dialects import insert_where_new
from ledger.errors import KeyStoreForeign, PersonErased
from ledger.hot import Hot
from ledger.key_job import KeyJob
from ledger.key_place import KeyPlace
from ledger.key_reading import KeyReading, found_key, given_out, stored_key, stored_secret, tombstone
from ledger.key_tables import blind_index, conflicts, person_keys, persons, secrets, tombstones
from ledger.seal import Erased, Keyed, Sealing, fresh_key, mac_key
from schemas.canonical import canonical_bytes
from schemas.identity import named
from schemas.instants import Instant

_NS_PERSON = uuid.UUID("6f1c8a52-8f0e-5d3b-9a41-2c7be5d0a110")

_add_secret = Hot(insert_where_new(secrets, name=bindparam("name"), value=bindparam("value")))


def own_person(event_id: str) -> str:
    """The person of text that names nobody: computed from the event, so that a retry makes no second one."""
    return named(_NS_PERSON, event_id.encode())


class KeyStore(KeyReading):
    """Read from any thread (``KeyReading``); and, in the writer's jobs alone, a transaction (``KeyTransaction``)
    that begins when a job first needs it."""

    def __init__(self, place: KeyPlace, ledger_id: str) -> None:
        super().__init__(place)
        self._transaction = place.transaction()
        self._begun = False
        self._in_job = False
        self._looked = False
        """Whether this transaction knows that what the one before had read still stands."""
        self._job = KeyJob()
        self._scrub = not place.scrub()  # a crash may have left destroyed keys behind
        with place.read() as connection:
            held = dict(connection.execute(select(secrets.c.name, secrets.c.value)).all())
        if held["ledger_id"].decode() != ledger_id:
            raise KeyStoreForeign(place.where)
        self.index_secret = held["index"]
        self.index = Keyed(self.index_secret)
        """What makes the entries of the blind index."""
        self.ledger_mac = Keyed(mac_key(held["ledger"]))
        """The MAC key of what is about nobody."""

    @classmethod
    def open(cls, database: Database) -> KeyStore:
        """Open the key store beside the record, or make it for an empty one.

        Raises KeyStoreLost where a ledger that holds records has none, KeyStoreForeign where it is another ledger's.
        """
        place = database.key_place()
        try:
            return cls(place, database.ledger_id)
        except BaseException:
            place.close(checkpoint=False)
            raise

    # The writer's transaction.

    def savepoint(self) -> None:
        self._in_job = True
        if not self._looked:
            self._looked = True
            if self._place.changed():
                self._job.forget()
        if self._begun:
            self._transaction.savepoint()

    def release(self) -> None:
        self.write()
        if self._begun:
            self._transaction.release()
        self._in_job = False

    def undo(self) -> None:
        self._job.forget()
        if self._begun:
            self._transaction.undo()
        self._in_job = False

    def commit(self) -> None:
        self._looked = False
        if self._job.full:
            self._job.forget()
        if self._begun:
            self._transaction.commit()
            self._begun = False
        if self._scrub:
            self._scrub = not self._place.scrub()

    def rollback(self) -> None:
        self._job.forget()
        self._in_job = self._begun = self._looked = False
        self._transaction.rollback()

    @property
    def connection(self) -> Connection:
        """The writing connection, on which all stands that this job has written; in the writer's jobs only."""
        opened = self._opened()
        if self._job.waiting:
            self._job.write(opened)
        return opened

    def _opened(self) -> Connection:
        if not self._in_job:
            raise RuntimeError("the key store is written in the writer's jobs only")
        if not self._begun:
            self._transaction.begin()
            self._begun = True
            self._transaction.savepoint()
        return self._transaction.connection

    @property
    def _looking(self) -> Connection:
        """For questions alone: they need no transaction, whose beginning and end take longer."""
        if self._begun or self._job.waiting or not self._in_job:
            return self.connection
        return self._transaction.reading

    def write(self) -> None:
        """Write out what waits: at the end of a job, or when somebody reads (``connection``)."""
        if self._job.waiting:
            self._job.write(self._opened())

    def ahead(self, tenant: str, macs: Iterable[bytes], others: Iterable[str]) -> None:
        """Read at once what a batch will ask for: whom entries of the blind index name, and the keys of those and of other
        persons. Nothing that is asked for singly depends on it."""
        asked = [mac for mac in macs if mac]
        people = list(others)
        if unnamed := self._job.unnamed(asked):
            self._hold(tenant, self._job.name(self._looking, tenant, unnamed))
        people += [person for mac in asked if (person := self._job.named(mac))]
        if unread := self._job.unread(tenant, people):
            self._hold(tenant, self._job.read(self._looking, tenant, unread))

    def _hold(self, tenant: str, keys: Iterable[tuple[str, str, bytes]]) -> None:
        for person, retention, key in keys:
            if (named := (tenant, person, retention)) not in self._job.keys:
                self._job.keys[named] = Sealing.under(key)

    def named(self, tenant: str, mac: bytes) -> str:
        """Whom an entry of the blind index names; "" for nobody, and for no entry."""
        if not mac:
            return ""
        found = self._job.named(mac)
        if found is None:
            self._hold(tenant, self._job.name(self._looking, tenant, [mac]))
            found = self._job.named(mac) or ""
        return found

    def learn(self, mac: bytes, tenant: str, person: str, kind: str) -> None:
        """Enter a number or phone that named nobody."""
        self._job.learn(mac, tenant, person, kind)

    def new_person(self, tenant: str) -> str:
        """Draw and register a person."""
        person = str(uuid.uuid4())
        self._job.fresh(tenant, person)
        return person

    def add_person(self, tenant: str, person: str) -> None:
        """Register a person. Knowing them already is no error. Raises PersonErased."""
        if self._is_gone(tenant, person):
            raise PersonErased(person)
        self._job.add(tenant, person)

    def is_person(self, tenant: str, person: str) -> bool:
        """Whether this reference was ever given out and not erased."""
        return given_out(self._looking, tenant, person)

    def is_erased(self, tenant: str, person: str) -> bool:
        """Whether there is a tombstone; in the writer's jobs."""
        return tombstone(self._looking, tenant, person)

    def sealing(self, tenant: str, person: str, retention: str) -> Sealing:
        """Their key of that class, made where it is missing. Raises PersonErased."""
        known = self._job.keys.get((tenant, person, retention))
        if known is None:
            key = None
            if self._job.erased(tenant, person) is None:
                key = stored_key(self._looking, tenant, person, retention)
            if key is None:
                if self._is_gone(tenant, person):
                    raise PersonErased(person)
                key = fresh_key()
                self._job.make(tenant, person, retention, key)
            known = self._job.keys[tenant, person, retention] = Sealing.under(key)
        return known

    def comparing(self, tenant: str, person: str, retention: str) -> Keyed | Erased:
        """The MAC key of an event already kept; ERASED where its person is. Raises KeyMissing.
        Without a person it is the ledger's own."""
        if not person:
            return self.ledger_mac
        known = self._job.keys.get((tenant, person, retention))
        if known is not None:
            return known.mac
        key = found_key(self._looking, tenant, person, retention)
        return key if isinstance(key, Erased) else Keyed(mac_key(key))

    def token_key(self, tenant: str, source: str) -> bytes:
        """The key under which columns of a source are hashed where they may not stand as ids."""
        return hmac.digest(
            self.index_secret, canonical_bytes(["touchline", "source ids", 1, tenant, source]), "sha256"
        )

    def erase(self, tenant: str, person: str, at: Instant) -> bool:
        """Destroy the person's keys and every way to find them, and write the tombstone, in one transaction.

        False where they were erased before; what a restored copy brought back is destroyed all the same.
        """
        connection = self.connection
        self._job.forget()
        first = not tombstone(connection, tenant, person)
        for table in (person_keys, persons, blind_index):
            connection.execute(delete(table).where(table.c.tenant == tenant, table.c.person == person))
        named = or_(conflicts.c.kept == person, conflicts.c.other == person)
        connection.execute(delete(conflicts).where(conflicts.c.tenant == tenant, named))
        if first:
            connection.execute(insert(tombstones).values(tenant=tenant, person=person, erased=at))
        self._scrub = True
        return first

    def make_secret(self, name: str, value: bytes) -> None:
        """Keep random bytes that all processes of this ledger share, unless some stand under the name."""
        _add_secret(self.connection, name=name, value=value)

    def held_secret(self, name: str) -> bytes | None:
        """The same as ``secret``, in the writer's jobs."""
        return stored_secret(self.connection, name)

    def keep_secret(self, name: str, value: bytes | None) -> None:
        """Keep a secret under a name in place of the one before; None destroys it."""
        connection = self.connection
        connection.execute(delete(secrets).where(secrets.c.name == name))
        if value is not None:
            connection.execute(insert(secrets).values(name=name, value=value))
        self._scrub = True

    def destroy(self, tenant: str, person: str) -> None:
        """Destroy the keys of what names nobody (``sealing`` made them under a name of its own). Without a tombstone: whoever
        owns the sealed text says that it is gone, and no person was erased."""
        connection = self.connection
        self._job.forget()
        connection.execute(
            delete(person_keys).where(person_keys.c.tenant == tenant, person_keys.c.person == person)
        )
        self._scrub = True

    @property
    def scrubbed(self) -> bool:
        """Whether nothing of a destroyed key is left in the files. Where a reader was in the way, each commit tries again."""
        return not self._scrub

    def close(self, *, checkpoint: bool = True) -> None:
        """After the writer is closed. ``checkpoint`` as for the record's database."""
        self._transaction.close()
        self._place.close(checkpoint=checkpoint)

    def _is_gone(self, tenant: str, person: str) -> bool:
        known = self._job.erased(tenant, person)
        return tombstone(self._looking, tenant, person) if known is None else known
