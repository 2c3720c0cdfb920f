"""Run by Alembic on the connection that ``ledger.migrating`` hands over, within its transaction."""

from __future__ import annotations

from alembic import context

_connection = context.config.attributes["connection"]
context.configure(
    connection=_connection,
    version_table_schema="touchline" if _connection.dialect.name == "postgresql" else None,
)
context.run_migrations()
