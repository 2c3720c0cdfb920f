"""What the writer's transaction knows of the key store, and what it is about to write there: both at once for many events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import BindParameter, Connection, and_, bindparam, literal_column, select, union_all

from ledger.dialects import insert_one, insert_where_new
from ledger.hot import Among, Hot, Row
from ledger.key_tables import blind_index, person_keys, persons, tombstones
from ledger.seal import Sealing

_TENANT: BindParameter[str] = bindparam("tenant")
_keys_of = Among(
    lambda keys: union_all(
        select(person_keys.c.person, person_keys.c.retention, person_keys.c.key).where(
            person_keys.c.tenant == _TENANT, person_keys.c.person.in_(keys)
        ),
        select(tombstones.c.person, literal_column("''"), literal_column("NULL")).where(
            tombstones.c.tenant == _TENANT, tombstones.c.person.in_(keys)
        ),
    )
)
"""Keys; and with None for one, the tombstones."""
_named = Among(
    lambda keys: (
        select(
            blind_index.c.mac,
            blind_index.c.person,
            person_keys.c.retention,
            person_keys.c.key,
            tombstones.c.erased,
        )
        .outerjoin_from(
            blind_index,
            person_keys,
            and_(person_keys.c.tenant == blind_index.c.tenant, person_keys.c.person == blind_index.c.person),
        )
        .outerjoin(
            tombstones,
            and_(tombstones.c.tenant == blind_index.c.tenant, tombstones.c.person == blind_index.c.person),
        )
        .where(blind_index.c.mac.in_(keys))
    ),
    bytes,
)
"""Whom entries name, a row for each of their keys, and whether they were erased."""
_PERSON = ("tenant", "person")
_add_person = Hot(insert_where_new(persons, tenant=bindparam("tenant"), person=bindparam("person")))
_KEY = ("tenant", "person", "retention", "key")
_add_key = Hot(insert_one(person_keys, _KEY))
_INDEXED = ("mac", "tenant", "person", "kind")
_learn = Hot(insert_one(blind_index, _INDEXED))


class KeyJob:
    """Read ahead once, written out once. It is emptied whenever what it read may have changed under it: when something is
    undone or destroyed, and before a transaction where somebody else may have written here since the last one."""

    MOST = 16_384
    """Persons, and entries of the blind index, that are known at once."""

    def __init__(self) -> None:
        self.keys: dict[tuple[str, str, str], Sealing] = {}
        """By tenant, person and class."""
        self._named: dict[bytes, str] = {}
        self._read: dict[tuple[str, str], bool] = {}
        """(tenant, person) whose keys are all in ``keys`` -> whether they were erased."""
        self._persons: list[Row] = []
        self._made: list[Row] = []
        self._learned: list[Row] = []

    @property
    def waiting(self) -> bool:
        """Whether there is anything to write out."""
        return bool(self._persons or self._made or self._learned)

    @property
    def full(self) -> bool:
        """Whether more is known than shall be kept at hand."""
        return max(len(self.keys), len(self._named), len(self._read)) > self.MOST

    def forget(self) -> None:
        """What is known and what was to be written."""
        for known in (self.keys, self._named, self._read, self._persons, self._made, self._learned):
            known.clear()

    # Reading ahead.

    def unnamed(self, macs: Iterable[bytes]) -> list[bytes]:
        """Those of the entries that were not read, each once."""
        return [mac for mac in dict.fromkeys(macs) if mac not in self._named]

    def name(
        self, connection: Connection, tenant: str, macs: Sequence[bytes]
    ) -> list[tuple[str, str, bytes]]:
        """Read whom these entries of the tenant's blind index name, and what ``read`` reads of those."""
        self._named.update(dict.fromkeys(macs, ""))
        rows = _named(connection, macs)
        for mac, person, _, _, erased in rows:
            self._named[mac] = person
            self._read[tenant, person] = erased is not None
        return [(row[1], row[2], row[3]) for row in rows if row[3] is not None and row[4] is None]

    def unread(self, tenant: str, people: Iterable[str]) -> list[str]:
        """Those of the persons who were not read, each once."""
        return [person for person in dict.fromkeys(people) if (tenant, person) not in self._read]

    def read(
        self, connection: Connection, tenant: str, people: Sequence[str]
    ) -> list[tuple[str, str, bytes]]:
        """Read whether these persons were erased; the keys (person, class, key) of those who were not are returned."""
        self._read.update({(tenant, person): False for person in people})
        rows = _keys_of(connection, people, tenant=tenant)
        self._read.update({(tenant, row[0]): True for row in rows if row[2] is None})
        return [(row[0], row[1], row[2]) for row in rows if not self._read[tenant, row[0]]]

    def named(self, mac: bytes) -> str | None:
        """Whom an entry names: "" for nobody, None where it was not read."""
        return self._named.get(mac)

    def erased(self, tenant: str, person: str) -> bool | None:
        """Whether they were erased; None where it was not read."""
        return self._read.get((tenant, person))

    # Writing.

    def add(self, tenant: str, person: str) -> None:
        """Register a person; knowing them is no error."""
        self._persons.append((tenant, person))

    def fresh(self, tenant: str, person: str) -> None:
        """Register a person who was just drawn: nothing can be known of them."""
        self._read[tenant, person] = False
        self._persons.append((tenant, person))

    def make(self, tenant: str, person: str, retention: str, key: bytes) -> None:
        self._made.append((tenant, person, retention, key))

    def learn(self, mac: bytes, tenant: str, person: str, kind: str) -> None:
        self._named[mac] = person
        self._learned.append((mac, tenant, person, kind))

    def write(self, connection: Connection) -> None:
        """Everything that waits, by table."""
        persons_, made, learned = self._persons, self._made, self._learned
        self._persons, self._made, self._learned = [], [], []
        _add_person.many(connection, _PERSON, persons_)
        _add_key.many(connection, _KEY, made)
        _learn.many(connection, _INDEXED, learned)
