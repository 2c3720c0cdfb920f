"""Backups, restores and copies as the commands do them: places named by a folder or a URL, opened and closed again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import inspect, select

from ledger.clock import SystemClock
from ledger.copying.copy import Copied, Copying, Progress
from ledger.copying.folder_source import FileReader, FolderSource
from ledger.copying.plan import Row
from ledger.copying.sqlite_target import FolderTarget
from ledger.copying.target import Target
from ledger.database import Database
from ledger.errors import KeyStoreForeign, KeyStoreLost
from ledger.folder import KEYS_FILE, read_server
from ledger.key_place import KeyPlace
from ledger.key_tables import APPLICATION_ID, secrets, tombstones
from ledger.timeline import BACKUP, refuse_a_backup
from producers.inbox.tables import OPEN, letters
from touchline.portable import NOT_FOLDED, ROOMS, told

Live = tuple[Database, KeyPlace]


def is_url(place: str) -> bool:
    """postgresql://… rather than a folder."""
    return "://" in place


@contextmanager
def live(place: str, keys_url: str = "") -> Iterator[Live]:
    """A ledger that may be running meanwhile. Raises the ledger's errors; IsBackup for a backup."""
    if is_url(place):
        from ledger.postgres import PostgresDatabase

        database: Database = PostgresDatabase.at(place, keys_url, writing=False)
        alone = True
    else:
        database = Database.open(Path(place), create=False)
        alone = read_server(Path(place)) is None
    try:
        refuse_a_backup(database)
        keys = database.key_place()
        try:
            yield database, keys
        finally:
            keys.close(checkpoint=alone)
    finally:
        database.close(checkpoint=alone)


def target_of(place: str) -> Target:
    """A folder, or a PostgreSQL database as its owner."""
    if is_url(place):
        from ledger.copying.postgres_target import PostgresTarget

        return PostgresTarget(place)
    return FolderTarget(Path(place))


def copy(source: str, target: str, progress: Progress, keys_url: str = "") -> Copied:
    """A second ledger that goes on by itself, on a timeline of its own. Deliveries stay behind: what the source told or will
    tell is its own to tell."""
    with live(source, keys_url) as (database, keys):
        return Copying(
            source=database, keys=keys, target=target_of(target), by="copy", now=SystemClock().now(),
            rooms=ROOMS, fixed=(NOT_FOLDED,), portable=(), progress=progress,
        ).run()  # fmt: skip


def backup(source: str, folder: Path, progress: Progress, keys_url: str = "") -> Copied:
    """A folder that a restore reads, whatever the source runs on, with what people were told."""
    with live(source, keys_url) as (database, keys):
        return Copying(
            source=database, keys=keys, target=FolderTarget(folder), by=BACKUP, now=SystemClock().now(),
            rooms=ROOMS, fixed=(NOT_FOLDED,), portable=told(), progress=progress,
        ).run()  # fmt: skip


def restore(folder: Path, target: str, progress: Progress, newer: str = "", keys_url: str = "") -> Copied:
    """A ledger again, on a new timeline. ``newer``: where the same ledger was, whose tombstones are applied; with its
    ``keys_url``, if that is a database."""
    source = FolderSource(folder)
    try:
        return Copying(
            source=source, keys=source.keys, target=target_of(target), by="restore", now=SystemClock().now(),
            rooms=ROOMS, fixed=(NOT_FOLDED,), portable=told(), progress=progress,
            erased=erased_in(newer, source.ledger_id, keys_url) if newer else (), indexed=_letters(source),
        ).run()  # fmt: skip
    finally:
        source.close()


def _letters(source: FolderSource) -> bool:
    """Whether letters whose text is there are among what is restored; the first house on it looks whom they name."""
    with source.read() as connection:
        held = select(letters.c.place).where(letters.c.state.in_(OPEN)).limit(1)
        return inspect(connection).has_table(letters.name) and connection.execute(held).first() is not None


def erased_in(place: str, ledger_id: str, keys_url: str = "") -> list[Row]:
    """Who was erased by a newer key store of the same ledger; of a folder the record may be lost. Raises KeyStoreLost,
    KeyStoreForeign."""
    if is_url(place):
        with live(place, keys_url) as (_, stored):
            return _tombstones(stored, ledger_id, stored.where)
    path = Path(place) / KEYS_FILE
    if not path.exists():
        raise KeyStoreLost(str(path))
    keys = FileReader(path, APPLICATION_ID)
    try:
        return _tombstones(keys, ledger_id, str(path))
    finally:
        keys.close()


def _tombstones(keys: KeyPlace | FileReader, ledger_id: str, where: str) -> list[Row]:
    with keys.read() as connection:
        held = connection.scalar(select(secrets.c.value).where(secrets.c.name == "ledger_id"))
        if held is None or held.decode() != ledger_id:
            raise KeyStoreForeign(where)
        return [tuple(row) for row in connection.execute(select(tombstones))]
