"""Operational tables of erasure, beside the record: how far the fact lane was searched, and what was found."""

from __future__ import annotations

from sqlalchemy import MetaData, Table

from ledger.columns import KEYED, int64, text

metadata = MetaData()

cursors = Table("erasure_cursors", metadata, int64("tenant", key=True), int64("place"), **KEYED)
"""Up to this fact place every ``privacy.erasure_…`` stands in ``erasures``. Without a row: 0."""
erasures = Table(
    "erasures",
    metadata,
    int64("tenant", key=True),
    text("event_id", key=True),
    text("person"),
    text("basis"),
    int64("executed"),
    **KEYED,
)
"""One row for each request, by its event id, and for each execution that names none. ``executed``: place of the fact that says
so; 0 = not said yet."""
