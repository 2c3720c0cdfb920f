"""Where a ledger lives: a data folder (SQLite), or a PostgreSQL database that several processes share."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from touchline.secret_files import variable

if TYPE_CHECKING:
    from ledger.database import Database


@dataclass(frozen=True, slots=True)
class Shared:
    """``url`` and ``keys_url`` ("": the same) may hold passwords and never show. ``folder`` is where settings are read."""

    url: str = field(repr=False)
    keys_url: str = field(repr=False, default="")
    folder: Path = Path("data")


Place = Path | Shared


def place_of(data: Path, database: str) -> Place:
    """What ``--data`` and ``--database`` say. The keys may live in a database of their own: TOUCHLINE_KEYS_DATABASE, or
    TOUCHLINE_KEYS_DATABASE_FILE."""
    if not database:
        return data
    return Shared(database, variable("TOUCHLINE_KEYS_DATABASE"), data)


def folder_of(place: Place) -> Path:
    """Where the settings file would stand."""
    return place if isinstance(place, Path) else place.folder


def open_database(place: Place, *, create: bool = True, writing: bool = True, mine: bool = False) -> Database:
    """Raises the ledger's errors: NoLedger, UnknownSchema, Unreachable … ``mine``: the caller holds the folder's lock.
    A folder of an older revision is brought to this version's tables, and it is said."""
    if isinstance(place, Path):
        from ledger.database import Database

        opened = Database.open(place, create=create, mine=mine)
        if opened.before:
            from ledger.revisions import HEAD
            from touchline.options import say

            was = f"{opened.before:04d}"
            say(
                f"数据目录已从修订 {was} 升级到 {HEAD}；旧版本 Touchline 不再能打开它，旧备份仍可恢复。",
                f"The data folder was of revision {was} and is of {HEAD} now: an older Touchline opens it no more; "
                "a backup made before restores into this version.",
            )
        return opened
    from ledger.postgres import PostgresDatabase

    return PostgresDatabase.at(place.url, place.keys_url, writing=writing)
