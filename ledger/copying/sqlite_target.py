"""A data folder as the target of a copy. Both files bear another application id until they are whole, by which every
Touchline refuses them, and by which a later copy knows that it may clear them away."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, MetaData, Table, insert

from ledger import key_tables
from ledger.copying.plan import Plan, Row
from ledger.errors import TargetTaken
from ledger.folder import KEYS_FILE, LOCK_FILE, RECORD_FILE, private_file
from ledger.hot import Hot
from ledger.lock import FolderLock
from ledger.revisions import VERSION
from ledger.sqlite import APPLICATION_ID, HALF
from ledger.sqlite_engine import sqlite_engine
from ledger.tables import about, metadata
from ledger.verifying.pages import Reads

_STEMS = (RECORD_FILE, KEYS_FILE)
_BESIDE = ("", "-wal", "-shm", ".new")


class FolderTarget:
    """``ledger.copying.target.Target`` for a folder that is empty, missing, or holds a copy that was cut off."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.where = str(folder)
        self._lock = FolderLock(folder)
        self._record: Engine | None = None
        self._keys: Engine | None = None
        self._reading: Engine | None = None
        self._made = not folder.exists()
        self._hot: dict[str, Hot] = {}

    @property
    def reads(self) -> Reads:
        return self

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """What stands in the record by now."""
        with self._there(self._reading).connect() as connection, connection.begin():
            yield connection

    def begin(self, plan: Plan, tables: Sequence[MetaData]) -> None:
        self._lock.acquire()
        self._clear()
        self._record = self._new(RECORD_FILE, (metadata, *tables))
        self._reading = sqlite_engine(self.folder / RECORD_FILE, writing=False)
        self._keys = self._new(KEYS_FILE, (key_tables.metadata,))

    def _clear(self) -> None:
        """Take away a half copy. Raises TargetTaken for anything else."""
        half = any(_half(self.folder / stem) for stem in _STEMS)
        leftovers = {stem + end for stem in _STEMS for end in _BESIDE} if half else set()
        leftovers |= {stem + ".new" + end for stem in _STEMS for end in ("", "-wal", "-shm", "-journal")}
        whole = [
            name
            for name in _STEMS
            if half and (self.folder / name).exists() and not _half(self.folder / name)
        ]
        others = {path.name for path in self.folder.iterdir()} - leftovers - {LOCK_FILE}
        if others or RECORD_FILE in whole:
            raise TargetTaken(f"{self.folder}: {', '.join(sorted(others or set(whole)))}")
        for name in sorted(leftovers):  # the record's own file goes last: it says that this is a half copy
            if name != RECORD_FILE:
                (self.folder / name).unlink(missing_ok=True)
        (self.folder / RECORD_FILE).unlink(missing_ok=True)

    def _new(self, name: str, tables: Sequence[MetaData]) -> Engine:
        """A file that never stood under its name without its mark. Its tables are what the newest revision leaves (a test)."""
        path, fresh = self.folder / name, self.folder / (name + ".new")
        private_file(fresh)
        with contextlib.closing(sqlite3.connect(fresh)) as connection:
            connection.execute("PRAGMA page_size=8192")
            connection.execute(f"PRAGMA application_id={HALF}")
            connection.execute(f"PRAGMA user_version={VERSION}")
        os.replace(fresh, path)
        _sync(self.folder)
        engine = sqlite_engine(path, writing=True, pragmas=("journal_mode=WAL", "cache_size=-32768"))
        with engine.begin() as connection:
            for one in tables:
                one.create_all(connection)
        return engine

    def rows(self, table: Table, rows: Sequence[Row]) -> None:
        self._insert(self._there(self._record), table, rows)

    def keys(self, table: Table, rows: Sequence[Row]) -> None:
        self._insert(self._there(self._keys), table, rows)

    def _insert(self, engine: Engine, table: Table, rows: Sequence[Row]) -> None:
        hot = self._hot.get(table.name)
        if hot is None:
            hot = self._hot[table.name] = Hot(insert(table))
        with engine.connect() as connection:
            # What is lost with the power is lost before the mark is gone: the log is synced before it is.
            connection.connection.driver_connection.execute("PRAGMA synchronous=NORMAL")  # type: ignore[union-attr]
            with connection.begin():
                hot.many(connection, tuple(table.c.keys()), rows)

    def finish(self, about_rows: Mapping[str, str]) -> None:
        """The keys first; the record's mark is the last thing that changes."""
        record, keys = self._there(self._record), self._there(self._keys)
        with record.begin() as connection:
            for name, value in about_rows.items():
                connection.execute(insert(about).values(name=name, value=value))
        self._there(self._reading).dispose()
        self.mark(keys, key_tables.APPLICATION_ID)
        self.mark(record, APPLICATION_ID)
        _sync(self.folder)
        self._lock.release()

    def mark(self, engine: Engine, application_id: int) -> None:
        """What was written is on the disk; then the file is what it says."""
        with engine.connect() as connection:
            raw = connection.connection.driver_connection
            assert raw is not None
            for act in ("synchronous=FULL", "wal_checkpoint(TRUNCATE)", f"application_id={application_id}"):
                raw.execute(f"PRAGMA {act}").fetchall()
            raw.execute(
                "PRAGMA journal_mode=DELETE"
            ).fetchall()  # one file each, good on a read-only medium too
        engine.dispose()

    def abandon(self) -> None:
        for engine in (self._reading, self._record, self._keys):
            if engine is not None:
                engine.dispose()
        if self._record is not None:
            with contextlib.suppress(TargetTaken):
                self._clear()
        self._lock.release()
        if self._made:
            with contextlib.suppress(OSError):
                (self.folder / LOCK_FILE).unlink(missing_ok=True)
                self.folder.rmdir()

    @staticmethod
    def _there(engine: Engine | None) -> Engine:
        if engine is None:
            raise RuntimeError("begin comes first")
        return engine


def _half(path: Path) -> bool:
    """Whether the file is one of a copy that was cut off. SQLite is asked, for the mark may have changed in its log only."""
    if not path.exists():
        return False
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(path)) as connection:
        return bool(connection.execute("PRAGMA application_id").fetchone()[0] == HALF)
    return False


def _sync(folder: Path) -> None:
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
