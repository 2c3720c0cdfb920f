"""The tables of keys.db. Tenants stand by name: a number is given only when the record's transaction commits."""

from __future__ import annotations

from sqlalchemy import Index, MetaData, Table

from ledger.columns import KEYED, binary, int64, text

APPLICATION_ID = 0x544C4B53  # "TLKS"

metadata = MetaData()

secrets = Table("secrets", metadata, text("name", key=True), binary("value"), **KEYED)
"""``ledger_id`` names the ledger it belongs to; ``ledger`` and ``index`` are 256 random bits each."""
persons = Table("persons", metadata, text("tenant", key=True), text("person", key=True), **KEYED)
person_keys = Table(
    "person_keys",
    metadata,
    text("tenant", key=True),
    text("person", key=True),
    text("retention", key=True),
    binary("key"),
    **KEYED,
)
tombstones = Table(
    "tombstones", metadata, text("tenant", key=True), text("person", key=True), int64("erased"), **KEYED
)
blind_index = Table(
    "blind_index",
    metadata,
    binary("mac", key=True),
    text("tenant"),
    text("person"),
    text("kind"),
    Index("blind_index_person", "tenant", "person"),
    **KEYED,
)
"""HMACs of customer numbers and phones; the clear value stands nowhere."""
conflicts = Table(
    "conflicts",
    metadata,
    text("tenant", key=True),
    text("event_id", key=True),
    text("kind", key=True),
    text("kept"),
    text("other"),
    int64("seen"),
    **KEYED,
)
"""Events whose number and phone named two persons."""
