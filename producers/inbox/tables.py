"""Operational tables of the raw webhook, beside the record."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Index, MetaData, Table

from ledger.columns import KEYED, binary, int64, text

metadata = MetaData()

inboxes = Table(
    "inboxes",
    metadata,
    text("source", key=True),  # of one tenant
    int64("tenant"),
    text("mapping"),  # YAML
    text("file"),  # what it was called, for its faults
    text("aliases"),  # YAML; "" = none
    text("verify"),  # token | hmac | standard-webhooks
    text("place"),  # of the token or signature: header:NAME | query:NAME
    int64("changed"),
    **KEYED,
)
"""Who may deliver, and how it is read. The secret stands in the key store."""
letters = Table(
    "letters",
    metadata,
    int64("tenant", key=True),
    int64("place", key=True),  # 1, 2, 3 … in order of receiving
    text("id"),
    text("source"),
    binary("delivery"),  # keyed digest of the sender's own id, else of the body: the same again is known
    text("media"),  # type/subtype as sent, "" where it was none
    int64("size"),
    int64("received"),
    text("state"),
    int64("keyed"),  # 1 = its key may still stand
    text("sealed"),  # "" once its key is to be destroyed
    text("field"),  # heading or path of the first fault
    text("reason"),  # without a word of the content
    text("reason_zh"),
    int64("faults"),
    int64("events"),  # touchpoints that came of it
    int64("decided"),
    text("by"),  # who replayed or discarded it
    text("cause"),  # code: why it was discarded
    int64("opened"),  # last looked at in clear, and by whom
    text("opened_by"),
    Index("letters_id", "tenant", "id", unique=True),
    Index("letters_delivery", "tenant", "source", "delivery", unique=True),
    Index("letters_state", "state", "tenant", "place"),
    Index("letters_keyed", "keyed", "state"),
    **KEYED,
)

WAITING: Final = "waiting"
MAPPED: Final = "mapped"
SKIPPED: Final = "skipped"
DEAD: Final = "dead"
REPLAYED: Final = "replayed"
DISCARDED: Final = "discarded"
STATES: Final = (WAITING, MAPPED, SKIPPED, DEAD, REPLAYED, DISCARDED)
OPEN: Final = (WAITING, DEAD)
"""Of which the content is still there."""
