"""A backup's folder, or any data folder at rest, as the source of a copy: read without writing a byte beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, select, text
from sqlalchemy.exc import DatabaseError

from ledger.errors import HalfCopy, KeyStoreForeign, KeyStoreLost, NoLedger, UnknownSchema
from ledger.folder import KEYS_FILE, RECORD_FILE
from ledger.key_tables import APPLICATION_ID as KEYS_ID
from ledger.key_tables import secrets
from ledger.revisions import known
from ledger.sqlite import APPLICATION_ID, HALF
from ledger.tables import about


class FileReader:
    """One SQLite file, read-only. Raises UnknownSchema, HalfCopy."""

    def __init__(self, path: Path, application_id: int) -> None:
        self._engine: Engine = create_engine(
            f"sqlite:///file:{path.absolute()}?mode=ro&uri=true", hide_parameters=True
        )
        try:
            with self.read() as connection:
                kind = connection.execute(text("PRAGMA application_id")).scalar_one()
                version = connection.execute(text("PRAGMA user_version")).scalar_one()
        except DatabaseError as error:
            self._engine.dispose()
            raise UnknownSchema(f"{path} cannot be read: {type(error.orig).__name__}") from None
        try:
            if kind == HALF:
                raise HalfCopy(str(path.parent))
            # Every revision so far reads alike: those after the first added tables only.
            known(version if kind == application_id else -1, str(path))
        except BaseException:
            self._engine.dispose()
            raise

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self._engine.connect() as connection, connection.begin():
            yield connection

    def close(self) -> None:
        self._engine.dispose()


class FolderSource:
    """Both files. Raises NoLedger, KeyStoreLost, KeyStoreForeign, UnknownSchema, HalfCopy."""

    def __init__(self, folder: Path) -> None:
        if not (folder / RECORD_FILE).exists():
            raise NoLedger(str(folder))
        if not (folder / KEYS_FILE).exists():
            raise KeyStoreLost(str(folder / KEYS_FILE))
        self.where = str(folder)
        self._record = FileReader(folder / RECORD_FILE, APPLICATION_ID)
        self.read = self._record.read
        try:
            self.keys = FileReader(folder / KEYS_FILE, KEYS_ID)
        except BaseException:
            self._record.close()
            raise
        with self.read() as connection:
            self.ledger_id = str(connection.scalar(select(about.c.value).where(about.c.name == "ledger_id")))
        with self.keys.read() as connection:
            held = connection.scalar(select(secrets.c.value).where(secrets.c.name == "ledger_id"))
        if held is None or held.decode() != self.ledger_id:
            self.close()
            raise KeyStoreForeign(str(folder / KEYS_FILE))

    def close(self) -> None:
        self._record.close()
        self.keys.close()
