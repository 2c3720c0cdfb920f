"""A PostgreSQL database as the target of a copy: one transaction, so that a cut copy leaves nothing. Its owner runs it, after
``touchline database migrate``; the application's role could not name the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, MetaData, Table, insert, text, update

from ledger.copying.plan import Plan, Row
from ledger.errors import NotMigrated, NotOwner, TargetTaken, UnknownSchema, unreachable
from ledger.migrating import revision, upgrade
from ledger.postgres_engine import KEYS, RECORD, SETS, postgres_engine, shown
from ledger.revisions import HEAD
from ledger.tables import about, counters, engines
from ledger.verifying.pages import Reads

_ROLES = text(
    "SELECT DISTINCT quote_ident(pg_get_userbyid(grantee)) FROM pg_namespace, aclexplode(nspacl)"
    " WHERE nspname = :schema AND privilege_type = 'CREATE' AND grantee <> nspowner AND grantee <> 0"
)


class PostgresTarget:
    """``ledger.copying.target.Target`` for a migrated database that holds no tenant and no keys."""

    def __init__(self, url: str) -> None:
        self.where = shown(url)
        self._engine = postgres_engine(url, name="touchline copy", path=f"{RECORD}, {SETS}")
        self._open: Connection | None = None

    @property
    def _connection(self) -> Connection:
        if self._open is None:
            raise RuntimeError("begin comes first")
        return self._open

    @property
    def reads(self) -> Reads:
        return self

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """The one transaction of the copy."""
        yield self._connection

    def begin(self, plan: Plan, tables: Sequence[MetaData]) -> None:
        with unreachable(self.where):
            self._open = self._engine.connect()
        connection = self._open
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('touchline.migrate', 0))"))
        found = revision(connection)
        if not found:
            raise NotMigrated(self.where)
        if found != HEAD:
            raise UnknownSchema(
                f"its tables are of revision {found}, this version needs {HEAD}: touchline database migrate"
            )
        owns = f"SELECT pg_has_role(relowner, 'MEMBER') FROM pg_class WHERE oid = '{RECORD}.about'::regclass"
        if not connection.scalar(text(owns)):
            raise NotOwner(self.where)
        if connection.scalar(text(f"SELECT count(*) FROM {RECORD}.tenants")):
            raise TargetTaken(f"{self.where} holds tenants")
        if connection.scalar(text(f"SELECT to_regclass('{KEYS}.secrets')")) is not None:
            raise TargetTaken(f"{self.where} holds a key store")
        for table in (table for one in tables for table in one.sorted_tables):
            connection.execute(table.delete())  # without a tenant it speaks of nobody
        self._make_keys(connection)
        self._make_ranges(connection, plan)

    @staticmethod
    def _make_keys(connection: Connection) -> None:
        upgrade(connection, "keys")
        connection.execute(text(f"SET LOCAL search_path = {RECORD}, {SETS}"))
        for role in connection.scalars(_ROLES, {"schema": KEYS}).all():
            grant = f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {KEYS} TO {role}"
            connection.execute(text(grant))

    def _make_ranges(self, connection: Connection, plan: Plan) -> None:
        """Every part of the lanes that the rows will need: the heads walk up to where they belong, range by range."""
        self._copy(RECORD, counters, plan.counters)
        self._copy(RECORD, engines, plan.engines)
        size = int(connection.scalar(text(f"SELECT value FROM {RECORD}.about WHERE name = 'range'")) or 0)
        for tenant, (fact, verdict) in plan.heads.items():
            for place in range(0, max(fact, verdict) + 1, size):
                heads = {"tenant": tenant, "fact": min(place, fact), "verdict": min(place, verdict)}
                connection.execute(text("UPDATE counters SET place = :fact WHERE tenant = :tenant"), heads)
                connection.execute(
                    text("UPDATE engines SET verdict_place = :verdict WHERE tenant = :tenant"), heads
                )
                connection.execute(text(f"SELECT {RECORD}.provide_ranges()"))

    def rows(self, table: Table, rows: Sequence[Row]) -> None:
        """By COPY, which the append-only triggers see as they see any INSERT."""
        if table in (counters, engines):
            for row in rows:  # they stand already, wherever the ranges left them
                values = dict(zip(table.c.keys(), row, strict=True))
                self._connection.execute(update(table).where(table.c.tenant == row[0]).values(**values))
            return
        self._copy(RECORD, table, rows)

    def keys(self, table: Table, rows: Sequence[Row]) -> None:
        self._copy(KEYS, table, rows)

    def _copy(self, schema: str, table: Table, rows: Sequence[Row]) -> None:
        columns = ", ".join(f'"{name}"' for name in table.columns.keys())  # noqa: SIM118
        raw: Any = self._connection.connection.driver_connection
        with (
            raw.cursor() as cursor,
            cursor.copy(f'COPY {schema}."{table.name}" ({columns}) FROM STDIN') as stream,
        ):
            for row in rows:
                stream.write_row(row)

    def finish(self, about_rows: Mapping[str, str]) -> None:
        connection = self._connection
        for name, value in about_rows.items():
            done = connection.execute(update(about).where(about.c.name == name).values(value=value))
            if not done.rowcount:
                connection.execute(insert(about).values(name=name, value=value))
        connection.commit()
        self.abandon()

    def abandon(self) -> None:
        if self._open is not None:
            self._open.rollback()
            self._open.close()
            self._open = None
        self._engine.dispose()
