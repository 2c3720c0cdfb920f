"""What feeds the engines: an operational table of one row, which every engine's compare-and-set looks at.

Before deploying: stop the processes, for an older version does not look. After: nothing to do; the ledger feeds the engines
as before, until ``touchline feed use kafka``.
"""

from __future__ import annotations

revision = "0004"
down_revision = "0003"

POSTGRESQL = """
CREATE TABLE touchline.feed (
    one bigint NOT NULL PRIMARY KEY,
    name text COLLATE "C" NOT NULL
)
"""
SQLITE = """
CREATE TABLE feed (
    one INTEGER NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (one)
) STRICT
"""


def sqlite(store: str) -> tuple[str, ...]:
    return (SQLITE,) if store == "record" else ()


def upgrade() -> None:
    from alembic import op

    if op.get_context().opts["store"] == "record":
        op.execute(POSTGRESQL)


def downgrade() -> None:
    from alembic import op

    op.execute("DROP TABLE feed")
