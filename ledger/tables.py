"""The tables of touchline.db that the ledger owns: the record (append-only by triggers) and its operational rows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import DDL, MetaData, Table, UniqueConstraint, event

from ledger.columns import KEYED, STRICT, binary, int64, text

metadata = MetaData()

tenants = Table(
    "tenants",
    metadata,
    int64("number", key=True),
    text("name"),
    binary("hash"),
    UniqueConstraint("name"),
    **STRICT,
)
facts = Table(
    "facts",
    metadata,
    int64("tenant", key=True),
    int64("place", key=True),
    int64("recorded"),
    binary("body"),
    binary("hash"),
    **KEYED,
)
verdicts = Table(
    "verdicts",
    metadata,
    int64("tenant", key=True),
    int64("place", key=True),
    int64("recorded"),
    int64("after"),
    binary("body"),
    binary("hash"),
    **KEYED,
)
fact_ids = Table(
    "fact_ids",
    metadata,
    int64("tenant", key=True),
    binary("event_id", key=True),
    int64("place"),
    **KEYED,
)
corrections = Table(
    "corrections",
    metadata,
    int64("tenant", key=True),
    binary("target", key=True),
    int64("place"),
    binary("event_id"),
    **KEYED,
)

RECORD = {
    tenants: (("number",), ("name",)),
    facts: (("tenant", "place"),),
    verdicts: (("tenant", "place"),),
    fact_ids: (("tenant", "event_id"),),
    corrections: (("tenant", "target"),),
}
"""The record tables, each with its unique keys."""

about = Table("about", metadata, text("name", key=True), text("value"), **KEYED)
"""``ledger_id``: names this ledger to its key store and to whoever reads it through Kafka."""
counters = Table(
    "counters",
    metadata,
    int64("tenant", key=True),
    int64("place"),
    int64("recorded"),
    binary("hash"),
    int64("floor"),
    **STRICT,
)
"""Head of the fact lane: positions come from here, under the lock of the writing transaction. ``floor`` is the instant of
the last cut: time has come to there, and no later fact is recorded before it."""
engines = Table(
    "engines",
    metadata,
    int64("tenant", key=True),
    int64("decided"),
    int64("advanced"),
    int64("verdict_place"),
    int64("verdict_recorded"),
    binary("verdict_hash"),
    int64("epoch"),
    text("owner"),
    text("set_name"),
    text("fold_version"),
    **STRICT,
)
feed = Table("feed", metadata, int64("one", key=True), text("name"), **STRICT)
"""What feeds the engines of this database (``ledger.feeding``): at most one row, without it the ledger itself."""
api_keys = Table(
    "api_keys",
    metadata,
    binary("digest", key=True),
    int64("tenant"),
    text("source"),
    int64("write_only"),
    **KEYED,
)


_ddl: Any = DDL


def _guard(table: Table, keys: tuple[tuple[str, ...], ...]) -> None:
    """UPDATE, DELETE and the INSERT of an existing key abort. The last needs a trigger of its own:
    REPLACE INTO deletes the old row without firing any DELETE trigger. That one FAILs: a statement that may ABORT has SQLite
    copy every page aside that it changes, a third of what an insert costs; what is told apart is only whether earlier rows
    of the same statement stay, and those are new ones."""
    name = table.name
    stop = f"BEGIN SELECT RAISE(ABORT, '{name} is append-only'); END"
    fail = stop.replace("ABORT", "FAIL")
    taken = " OR ".join(
        f"EXISTS (SELECT 1 FROM {name} WHERE {' AND '.join(f'{c} = NEW.{c}' for c in key)})" for key in keys
    )
    for trigger in (
        f"CREATE TRIGGER {name}_no_update BEFORE UPDATE ON {name} {stop}",
        f"CREATE TRIGGER {name}_no_delete BEFORE DELETE ON {name} {stop}",
        f"CREATE TRIGGER {name}_no_replace BEFORE INSERT ON {name} WHEN {taken} {fail}",
    ):
        event.listen(table, "after_create", _ddl(trigger).execute_if(dialect="sqlite"))


for _table, _keys in RECORD.items():
    _guard(_table, _keys)
