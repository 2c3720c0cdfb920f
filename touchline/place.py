"""Where a ledger lives: a data folder (SQLite), or a PostgreSQL database that several processes share."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

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
    """What ``--data`` and ``--database`` say. The keys may live in a database of their own: TOUCHLINE_KEYS_DATABASE."""
    if not database:
        return data
    return Shared(database, os.environ.get("TOUCHLINE_KEYS_DATABASE", ""), data)


def folder_of(place: Place) -> Path:
    """Where the settings file would stand."""
    return place if isinstance(place, Path) else place.folder


def open_database(place: Place, *, create: bool = True, writing: bool = True) -> Database:
    """Raises the ledger's errors: NoLedger, UnknownSchema, Unreachable …"""
    if isinstance(place, Path):
        from ledger.database import Database

        return Database.open(place, create=create)
    from ledger.postgres import PostgresDatabase

    return PostgresDatabase.at(place.url, place.keys_url, writing=writing)
