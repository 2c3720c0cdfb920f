"""Inboxes and letters of the raw webhook: operational tables.

Before deploying: nothing. After: nothing to do. In a data folder they stand from 0003 on.
"""

from __future__ import annotations

revision = "0002"
down_revision = "0001"

POSTGRESQL = """
CREATE TABLE touchline.inboxes (
    source text COLLATE "C" NOT NULL PRIMARY KEY,
    tenant bigint NOT NULL,
    mapping text COLLATE "C" NOT NULL,
    file text COLLATE "C" NOT NULL,
    aliases text COLLATE "C" NOT NULL,
    verify text COLLATE "C" NOT NULL,
    place text COLLATE "C" NOT NULL,
    changed bigint NOT NULL
);
CREATE TABLE touchline.letters (
    tenant bigint NOT NULL,
    place bigint NOT NULL,
    id text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    delivery bytea NOT NULL,
    media text COLLATE "C" NOT NULL,
    size bigint NOT NULL,
    received bigint NOT NULL,
    state text COLLATE "C" NOT NULL,
    keyed bigint NOT NULL,
    sealed text COLLATE "C" NOT NULL,
    field text COLLATE "C" NOT NULL,
    reason text COLLATE "C" NOT NULL,
    reason_zh text COLLATE "C" NOT NULL,
    faults bigint NOT NULL,
    events bigint NOT NULL,
    decided bigint NOT NULL,
    "by" text COLLATE "C" NOT NULL,
    cause text COLLATE "C" NOT NULL,
    opened bigint NOT NULL,
    opened_by text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, place)
);
CREATE UNIQUE INDEX letters_id ON touchline.letters (tenant, id);
CREATE UNIQUE INDEX letters_delivery ON touchline.letters (tenant, source, delivery);
CREATE INDEX letters_state ON touchline.letters (state, tenant, place);
CREATE INDEX letters_keyed ON touchline.letters (keyed, state);
"""


def sqlite(store: str) -> tuple[str, ...]:
    return ()


def upgrade() -> None:
    from alembic import op

    if op.get_context().opts["store"] == "record":
        op.execute(POSTGRESQL)


def downgrade() -> None:
    raise NotImplementedError("a letter may be all there is of what was sent")
