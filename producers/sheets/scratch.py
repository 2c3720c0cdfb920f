"""A database without a name (草稿), for what is remembered of a file while it is read: SQLite spills it to disk, so memory does
not grow with the file, and it is gone with the process."""

from __future__ import annotations

import sqlite3


def scratch(cache_kib: int) -> sqlite3.Connection:
    """Empty; for one thread. ``cache_kib``: how much of it stays in memory."""
    made = sqlite3.connect("", isolation_level=None)
    for pragma in (f"cache_size = -{cache_kib}", "journal_mode = OFF", "synchronous = OFF"):
        made.execute(f"PRAGMA {pragma}")
    return made
