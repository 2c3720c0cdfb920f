"""Bringing a PostgreSQL database to this version's tables: what its owner runs, before the application is started."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

from sqlalchemy import Connection, text

from ledger.errors import UnknownSchema
from ledger.postgres_engine import KEYS, RECORD, SETS, postgres_engine

HEAD = "0002"
"""The newest revision that this version knows."""
SCRIPTS = Path(__file__).parent / "migrations"
APPENDED = ("tenants", "facts", "verdicts", "fact_ids", "corrections")
CHANGED = (
    "counters", "engines", "api_keys", "leases", "active_set",
    "alert_cursors", "alerts", "alert_deliveries", "alert_calls",
    "erasure_cursors", "erasures", "inboxes", "letters",
)  # fmt: skip
"""Operational tables: the application inserts, updates and, but for counters and engines, deletes."""
KEPT = ("counters", "engines")


def migrate(url: str, role: str, keys_role: str = "") -> tuple[str, str]:
    """As the owner: make or upgrade schemas and tables, and grant ``role`` what the application needs, and ``keys_role``
    (else ``role``) the schema of the keys. Returns (revision before, "" for none; revision now). All or nothing.

    Raises ValueError for a role that owns or could own the tables, UnknownSchema for a database of a later version.
    """
    engine = postgres_engine(url, name="touchline migrate")
    try:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('touchline.migrate', 0))"))
            for one in {role, keys_role or role}:
                _refuse_owner(connection, one)
            for schema in (RECORD, SETS, KEYS):
                if connection.scalar(text("SELECT to_regnamespace(:name)"), {"name": schema}) is None:
                    connection.execute(text(f"CREATE SCHEMA {schema}"))
            before = revision(connection)
            _upgrade(connection)
            if connection.scalar(text(f"SELECT 1 FROM {RECORD}.about WHERE name = 'ledger_id'")) is None:
                made = {"id": str(uuid.uuid4())}
                connection.execute(text(f"INSERT INTO {RECORD}.about VALUES ('ledger_id', :id)"), made)
            _grant(connection, role, keys_role or role)
            return before, revision(connection)
    finally:
        engine.dispose()


def revision(connection: Connection) -> str:
    """The revision of the record's tables, "" where there are none. Raises UnknownSchema for a later one."""
    if connection.scalar(text(f"SELECT to_regclass('{RECORD}.alembic_version')")) is None:
        return ""
    found = connection.scalar(text(f"SELECT version_num FROM {RECORD}.alembic_version"))
    if found is not None and found > HEAD:
        raise UnknownSchema(f"its tables are of revision {found}, this version knows {HEAD}")
    return str(found or "")


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(SCRIPTS))
    command.upgrade(config, "head")


def _refuse_owner(connection: Connection, role: str) -> None:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_$]{0,62}", role):
        raise ValueError(f"{role!r} is no name of a role")
    query = (
        "SELECT pg_has_role(CAST(:role AS name), current_user, 'MEMBER') FROM pg_roles WHERE rolname = :role"
    )
    owns = connection.scalar(text(query), {"role": role})
    if owns is None:
        raise ValueError(f"there is no role {role}: CREATE ROLE {role} LOGIN PASSWORD …")
    if owns:
        raise ValueError(f"role {role} could act as the owner of the tables; take one that cannot")


def _grant(connection: Connection, role: str, keys_role: str) -> None:
    tables = {name: f"{RECORD}.{name}" for name in (*APPENDED, *CHANGED)}
    record = ", ".join(tables[name] for name in APPENDED)
    changed = ", ".join(tables[name] for name in CHANGED)
    deleted = ", ".join(tables[name] for name in CHANGED if name not in KEPT)
    for statement in (
        f'GRANT USAGE ON SCHEMA {RECORD} TO "{role}"',
        f'GRANT SELECT ON ALL TABLES IN SCHEMA {RECORD} TO "{role}"',
        f'GRANT INSERT ON {record}, {changed} TO "{role}"',
        f'GRANT UPDATE ON {changed} TO "{role}"',
        f'GRANT DELETE ON {deleted} TO "{role}"',
        f'GRANT EXECUTE ON FUNCTION {RECORD}.provide_ranges() TO "{role}"',
        f'GRANT USAGE, CREATE ON SCHEMA {SETS} TO "{role}"',
        f'GRANT USAGE, CREATE ON SCHEMA {KEYS} TO "{keys_role}"',
    ):
        connection.execute(text(statement))
