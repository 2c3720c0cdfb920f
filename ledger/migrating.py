"""Bringing a PostgreSQL database to this version's tables: what its owner runs, before the application is started. The key
store belongs to its own role, which does the same for it at the first start of a new version."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text

from ledger.errors import UnknownSchema
from ledger.postgres_engine import KEYS, RECORD, SETS, postgres_engine
from ledger.revisions import HEAD, SCRIPTS, Store

if TYPE_CHECKING:
    from alembic.config import Config

SCHEMAS: dict[Store, str] = {"record": RECORD, "keys": KEYS}
APPENDED = ("tenants", "facts", "verdicts", "fact_ids", "corrections")
CHANGED = (
    "counters", "engines", "feed", "api_keys", "leases", "active_set",
    "alert_cursors", "alerts", "alert_deliveries", "alert_calls",
    "erasure_cursors", "erasures", "inboxes", "letters", "relays", "relay_cursors",
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
            upgrade(connection, "record")
            if owner_of_keys(connection):  # a copy was made here, by this role
                upgrade_keys(connection)
            if connection.scalar(text(f"SELECT 1 FROM {RECORD}.about WHERE name = 'ledger_id'")) is None:
                made = {"id": str(uuid.uuid4())}
                connection.execute(text(f"INSERT INTO {RECORD}.about VALUES ('ledger_id', :id)"), made)
            _grant(connection, role, keys_role or role)
            return before, revision(connection)
    finally:
        engine.dispose()


def revision(connection: Connection, store: Store = "record") -> str:
    """The revision of a store's tables, "" where it does not say. Raises UnknownSchema for a later one."""
    schema = SCHEMAS[store]
    if connection.scalar(text(f"SELECT to_regclass('{schema}.alembic_version')")) is None:
        return ""
    found = connection.scalar(text(f"SELECT version_num FROM {schema}.alembic_version"))
    if found is not None and found > HEAD:
        raise UnknownSchema(f"the tables of {schema} are of revision {found}, this version knows {HEAD}")
    return str(found or "")


def upgrade(connection: Connection, store: Store) -> None:
    """Every revision that is missing, within the caller's transaction."""
    from alembic import command

    command.upgrade(_config(connection, store), "head")


def upgrade_keys(connection: Connection) -> None:
    """The same for a key store that may be of 0.1.0, which wrote down no revision."""
    from alembic import command

    if not revision(connection, "keys"):
        command.stamp(_config(connection, "keys"), "0001")
    upgrade(connection, "keys")


def _config(connection: Connection, store: Store) -> Config:
    from alembic.config import Config

    config = Config(attributes={"connection": connection, "store": store})
    config.set_main_option("script_location", str(SCRIPTS))
    return config


def owner_of_keys(connection: Connection) -> bool | None:
    """Whether this role may change the key store's tables; None where there are none."""
    query = "SELECT pg_has_role(relowner, 'MEMBER') FROM pg_class WHERE oid = to_regclass(:name)"
    found: bool | None = connection.scalar(text(query), {"name": f"{KEYS}.secrets"})
    return found


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
