"""Letters that name somebody: those whose text is still there are opened, and what they say is asked of the blind index."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, Row, inspect, select

from ledger.errors import Unsealable
from ledger.key_reading import stored_key
from ledger.ledger import Ledger
from ledger.seal import unseal
from ledger.tenants import Tenant
from producers.inbox.letter import Content
from producers.inbox.letters import CLASS
from producers.inbox.tables import DEAD, OPEN, letters
from schemas.instants import format_instant

if TYPE_CHECKING:  # parsers of bodies are for who has letters
    from producers.inbox.whose import Look

PAGE: Final = 16
"""Letters in memory at once: each may be as long as a body may be."""


@dataclass(frozen=True, slots=True)
class Whom:
    """Persons, and all that the blind index knows them by."""

    persons: frozenset[str]
    entries: Mapping[bytes, str]
    """Entry -> person."""


@dataclass(frozen=True, slots=True)
class Found:
    """A letter that names some of them: ``persons``. ``alone``: and nobody else, as far as phones and numbers tell."""

    letter: str
    place: int
    source: str
    state: str
    received: str
    alone: bool
    persons: frozenset[str]

    @property
    def goes(self) -> bool:
        """Whether it is discarded when they are erased; a dead one that is not stays, one that waits is mapped first."""
        return self.alone and self.state == DEAD

    def plain(self) -> dict[str, Any]:
        """But for the persons, whom whoever asks has named."""
        return {name: getattr(self, name) for name in self.__slots__ if name != "persons"}


class Naming:
    """Over the letters of a ledger; reads alone."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def whom(self, tenant: Tenant, persons: Sequence[str]) -> Whom:
        """As the index has them now."""
        return Whom(frozenset(persons), self._ledger.persons.entries(tenant.name, persons))

    def given(self, tenant: Tenant, *, source: str = "", number: str = "", phone: str = "") -> Whom:
        """Whoever has this number or phone, known or not."""
        claims = self._ledger.persons.claims(tenant.name, source, number, phone)
        return Whom(frozenset(), {entry: "" for entry in claims if entry})

    def of(self, tenant: Tenant, person: str) -> list[Found]:
        """All that name a person."""
        return list(self.letters(tenant, self.whom(tenant, [person])))

    def letters(self, tenant: Tenant, whom: Whom) -> Iterator[Found]:
        """Those that name any of them, in order of receiving, page by page."""
        after = 0
        while page := self._page(tenant, after):
            after = page[-1].place
            for row, content in self._ledger.keys.reading(lambda keys: self.opened(keys, tenant, page)):
                look = self.look(tenant, row.source, content, whom)
                if look.named:
                    alone = look.sure and not look.others and not self._known(tenant, look, whom)
                    at = format_instant(row.received)
                    persons = frozenset(whom.entries[entry] for entry in look.entries & whom.entries.keys())
                    persons |= look.refs & whom.persons
                    yield Found(row.id, row.place, row.source, row.state, at, alone, persons)

    def _page(self, tenant: Tenant, after: int) -> list[Row[Any]]:
        with self._ledger.database.read() as connection:
            if not after and not inspect(connection).has_table(letters.name):
                return []  # a folder that no server of this version has opened yet
            return self.held(connection, tenant, after, PAGE)

    @staticmethod
    def held(connection: Connection, tenant: Tenant, after: int, limit: int) -> list[Row[Any]]:
        """Letters whose text is there, behind a place."""
        c = letters.c
        query = select(c.place, c.id, c.source, c.state, c.received, c.sealed).where(
            c.tenant == tenant.number, c.state.in_(OPEN), c.place > after
        )
        return list(connection.execute(query.order_by(c.place).limit(limit)))

    @staticmethod
    def opened(keys: Connection, tenant: Tenant, page: Sequence[Row[Any]]) -> list[tuple[Row[Any], Content]]:
        """But for those whose key is missing or another's: nobody opens them again."""
        found = []
        for row in page:
            key = stored_key(keys, tenant.name, row.id, CLASS)
            if key is not None:
                try:
                    text = unseal(key, row.sealed, tenant.name, row.id, CLASS, row.id, CLASS)
                except Unsealable:
                    continue
                found.append((row, Content.of(text)))
        return found

    def look(self, tenant: Tenant, source: str, content: Content, whom: Whom) -> Look:
        from producers.inbox.whose import Look

        persons = self._ledger.persons
        return Look(
            source,
            lambda kind, value: persons.entry(tenant.name, kind, value),
            whom.entries.keys(),
            whom.persons,
        ).through(content)

    def _known(self, tenant: Tenant, look: Look, whom: Whom) -> bool:
        """Whether it names somebody else who is known."""
        holders = self._ledger.persons.holders(tenant.name, sorted(look.entries - whom.entries.keys()))
        refs = (ref for ref in look.refs - whom.persons if self._ledger.keys.knows(tenant.name, ref))
        return bool(holders - whom.persons) or any(refs)
