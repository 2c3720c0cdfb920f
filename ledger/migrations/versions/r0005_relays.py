"""Which process publishes a tenant to Kafka, and how far: operational tables, of shared databases alone.

Before deploying: nothing. After: nothing to do.
"""

from __future__ import annotations

revision = "0005"
down_revision = "0004"

POSTGRESQL = """
CREATE TABLE touchline.relays (
    tenant bigint NOT NULL PRIMARY KEY,
    epoch bigint NOT NULL,
    owner text COLLATE "C" NOT NULL,
    until bigint NOT NULL
) WITH (fillfactor = 40);
CREATE TABLE touchline.relay_cursors (
    tenant bigint NOT NULL,
    lane text COLLATE "C" NOT NULL,
    topic text COLLATE "C" NOT NULL,
    topic_id text COLLATE "C" NOT NULL,
    place bigint NOT NULL,
    PRIMARY KEY (tenant, lane)
) WITH (fillfactor = 40);
"""


def sqlite(store: str) -> tuple[str, ...]:
    return ()


def upgrade() -> None:
    from alembic import op

    if op.get_context().opts["store"] == "record":
        op.execute(POSTGRESQL)


def downgrade() -> None:
    raise NotImplementedError("what was published stays published")
