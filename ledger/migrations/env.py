"""Run by Alembic on the PostgreSQL connection that ``ledger.migrating`` hands over, within its transaction."""

from __future__ import annotations

from alembic import context

_given = context.config.attributes
_store = _given["store"]
context.configure(
    connection=_given["connection"],
    version_table_schema={"record": "touchline", "keys": "touchline_keys"}[_store],
    store=_store,
)
context.run_migrations()
