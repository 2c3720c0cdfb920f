"""The record opened for reading alone, beside a running server or without one: nothing is written, nothing is locked."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from ledger.folder import read_server
from ledger.keys import KeyStore
from ledger.ledger import Ledger
from ledger.tenants import Tenant
from ledger.writer import Writer
from producers.erasure_index import unapplied
from touchline.choosing import only_tenant
from touchline.place import Place, open_database

if TYPE_CHECKING:
    from projections.reading.reading import Reading


class Library:
    """What commands read from. Raises NoLedger, UnknownSchema, KeyStoreLost, KeyStoreForeign on opening."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._open(place)
        if unapplied(self.ledger):  # an older keys.db: erased again before anybody reads
            from touchline.house import House

            self.close()
            House.open(place, create=False).close()
            self._open(place)

    def _open(self, place: Place) -> None:
        self.database = open_database(place, create=False)
        self.keys = KeyStore.open(self.database)
        clock = self.database.clock
        self._idle = Writer(
            self.database, self.keys, clock
        )  # the ledger has one; nothing is ever given to it
        self.ledger = Ledger(self.database, self._idle, self.keys, clock)

    @cached_property
    def reading(self) -> Reading:
        """The read models; what judges is loaded only for who asks it."""
        from projections.reading.reading import Reading
        from touchline.rules import owners, rules

        return Reading(self.database, self.ledger, owners(), rules)

    def tenant(self, name: str) -> Tenant:
        """The tenant of that name, or the only one where none is given. Raises Refused, UnknownTenant."""
        return only_tenant(self.ledger, name)

    def close(self) -> None:
        """Take it down without keeping a server waiting that writes here."""
        alone = isinstance(self._place, Path) and read_server(self._place) is None
        self._idle.close()
        self.keys.close(checkpoint=alone)
        self.database.close(checkpoint=alone)

    def __enter__(self) -> Library:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
