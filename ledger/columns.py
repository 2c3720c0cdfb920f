"""The only column types of the house: int64, text, bytes, each not null (design: equality is of fold over one ledger).

Ratios are two integers, instants are int64 microseconds UTC, JSON is canonical text or its bytes.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Text

Int64 = BigInteger().with_variant(Integer(), "sqlite")
"""INTEGER on SQLite (64 bits; STRICT tables know no BIGINT), bigint on PostgreSQL."""
String = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that sorts by its bytes everywhere."""
Bytes = LargeBinary()


def int64(name: str, *, key: bool = False) -> Column[int]:
    """A column of 64-bit integers, not null."""
    return Column(name, Int64, primary_key=key, nullable=False, autoincrement=False)


def text(name: str, *, key: bool = False) -> Column[str]:
    """A column of text, not null."""
    return Column(name, String, primary_key=key, nullable=False)


def binary(name: str, *, key: bool = False) -> Column[bytes]:
    """A column of bytes, not null."""
    return Column(name, Bytes, primary_key=key, nullable=False)


KEYED: dict[str, Any] = {"sqlite_strict": True, "sqlite_with_rowid": False}
"""Table options where the primary key is the order: ``Table(..., **KEYED)``."""
STRICT: dict[str, Any] = {"sqlite_strict": True}
"""Table options elsewhere."""
