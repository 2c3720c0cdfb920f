"""What every process on a shared database has that is no gateway: the record, its keys, the writer, and the bell by which it
hears of what others commit."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

from ledger.clock import Clock, guarded
from ledger.database import Database
from ledger.keys import KeyStore
from ledger.ledger import Ledger
from ledger.writer import Writer
from touchline.place import Shared, open_database


@dataclass(frozen=True, slots=True)
class Wing:
    """Made by ``opened``, taken down with the rooms that it was given."""

    database: Database
    writer: Writer
    ledger: Ledger
    clock: Clock


def opened(place: Shared, rooms: ExitStack) -> Wing:
    """Raises the ledger's errors: NotMigrated, Unreachable …"""
    database = open_database(place, create=False, mine=True)
    rooms.callback(database.close)
    keys = KeyStore.open(database)
    rooms.callback(keys.close)
    clock = guarded(database.clock)
    writer = Writer(database, keys, clock, patience=database.patience)
    rooms.callback(writer.close)
    if (bell := database.bell(writer.heard)) is not None:
        rooms.callback(bell.stop)
        writer.ring_by(bell.ring)
    return Wing(database, writer, Ledger(database, writer, keys, clock), clock)
