"""Every room's operational tables stand from the start in a data folder too: those of 0.1.0 have them or not, by what was run.
On PostgreSQL no statistics are kept of keys and index entries: ANALYZE copies values into a table of the server's own.

Before deploying: on SQLite nothing, on PostgreSQL back up and stop the processes. After: nothing to do.
"""

from __future__ import annotations

revision = "0003"
down_revision = "0002"

SQLITE = """
CREATE TABLE IF NOT EXISTS alert_cursors (
    tenant INTEGER NOT NULL,
    verdict_place INTEGER NOT NULL,
    fact_place INTEGER NOT NULL,
    past_verdicts INTEGER NOT NULL,
    past_facts INTEGER NOT NULL,
    past_time INTEGER NOT NULL,
    PRIMARY KEY (tenant)
) WITHOUT ROWID, STRICT;
CREATE TABLE IF NOT EXISTS alerts (
    tenant INTEGER NOT NULL,
    place INTEGER NOT NULL,
    verdict_id TEXT NOT NULL,
    type TEXT NOT NULL,
    kind TEXT NOT NULL,
    obligation TEXT NOT NULL,
    "row" TEXT NOT NULL,
    zh TEXT NOT NULL,
    en TEXT NOT NULL,
    promise_id TEXT NOT NULL,
    case_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    house_id TEXT NOT NULL,
    due INTEGER NOT NULL,
    time INTEGER NOT NULL,
    recorded INTEGER NOT NULL,
    since INTEGER NOT NULL,
    born_late INTEGER NOT NULL,
    owes TEXT NOT NULL,
    "to" TEXT NOT NULL,
    silent TEXT NOT NULL,
    retracts TEXT NOT NULL,
    retracted_by TEXT NOT NULL,
    acknowledged_by TEXT NOT NULL,
    acknowledged_at INTEGER NOT NULL,
    acknowledged_event TEXT NOT NULL,
    PRIMARY KEY (tenant, place)
) WITHOUT ROWID, STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS alerts_verdict ON alerts (tenant, verdict_id);
CREATE INDEX IF NOT EXISTS alerts_promise ON alerts (tenant, promise_id, place);
CREATE TABLE IF NOT EXISTS alert_deliveries (
    tenant INTEGER NOT NULL,
    verdict_id TEXT NOT NULL,
    channel TEXT NOT NULL,
    place INTEGER NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    next_attempt INTEGER NOT NULL,
    maybe INTEGER NOT NULL,
    delivered_at INTEGER NOT NULL,
    last_error TEXT NOT NULL,
    PRIMARY KEY (tenant, verdict_id, channel)
) WITHOUT ROWID, STRICT;
CREATE INDEX IF NOT EXISTS alert_deliveries_due ON alert_deliveries (channel, state, next_attempt);
CREATE TABLE IF NOT EXISTS alert_calls (
    channel TEXT NOT NULL,
    at INTEGER NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (channel, at, number)
) WITHOUT ROWID, STRICT;
CREATE TABLE IF NOT EXISTS erasure_cursors (
    tenant INTEGER NOT NULL,
    place INTEGER NOT NULL,
    PRIMARY KEY (tenant)
) WITHOUT ROWID, STRICT;
CREATE TABLE IF NOT EXISTS erasures (
    tenant INTEGER NOT NULL,
    event_id TEXT NOT NULL,
    person TEXT NOT NULL,
    basis TEXT NOT NULL,
    executed INTEGER NOT NULL,
    PRIMARY KEY (tenant, event_id)
) WITHOUT ROWID, STRICT;
CREATE TABLE IF NOT EXISTS active_set (
    one INTEGER NOT NULL,
    name TEXT NOT NULL,
    fold_version TEXT NOT NULL,
    PRIMARY KEY (one)
) STRICT;
CREATE TABLE IF NOT EXISTS inboxes (
    source TEXT NOT NULL,
    tenant INTEGER NOT NULL,
    mapping TEXT NOT NULL,
    file TEXT NOT NULL,
    aliases TEXT NOT NULL,
    verify TEXT NOT NULL,
    place TEXT NOT NULL,
    changed INTEGER NOT NULL,
    PRIMARY KEY (source)
) WITHOUT ROWID, STRICT;
CREATE TABLE IF NOT EXISTS letters (
    tenant INTEGER NOT NULL,
    place INTEGER NOT NULL,
    id TEXT NOT NULL,
    source TEXT NOT NULL,
    delivery BLOB NOT NULL,
    media TEXT NOT NULL,
    size INTEGER NOT NULL,
    received INTEGER NOT NULL,
    state TEXT NOT NULL,
    keyed INTEGER NOT NULL,
    sealed TEXT NOT NULL,
    field TEXT NOT NULL,
    reason TEXT NOT NULL,
    reason_zh TEXT NOT NULL,
    faults INTEGER NOT NULL,
    events INTEGER NOT NULL,
    decided INTEGER NOT NULL,
    "by" TEXT NOT NULL,
    cause TEXT NOT NULL,
    opened INTEGER NOT NULL,
    opened_by TEXT NOT NULL,
    PRIMARY KEY (tenant, place)
) WITHOUT ROWID, STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS letters_id ON letters (tenant, id);
CREATE INDEX IF NOT EXISTS letters_keyed ON letters (keyed, state);
CREATE UNIQUE INDEX IF NOT EXISTS letters_delivery ON letters (tenant, source, delivery);
CREATE INDEX IF NOT EXISTS letters_state ON letters (state, tenant, place);
"""


SECRET = (("secrets", "value"), ("person_keys", "key"), ("blind_index", "mac"))


def sqlite(store: str) -> tuple[str, ...]:
    return (SQLITE,) if store == "record" else ()


def upgrade() -> None:
    from alembic import op

    if op.get_context().opts["store"] == "keys":
        for table, column in SECRET:
            op.execute(f"ALTER TABLE touchline_keys.{table} ALTER COLUMN {column} SET STATISTICS 0")


def downgrade() -> None:
    raise NotImplementedError("what people were told is never taken back")
