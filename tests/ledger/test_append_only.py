"""Append-only is the database's own law: triggers stop every way SQLite has to change or replace a row."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy import Connection

from ledger.lanes import VerdictDraft, decide, engine_state
from ledger.tables import RECORD
from ledger.tenants import Tenant
from schemas.identity import verdict_id
from tests.kit.places import ON_SQLITE
from tests.ledger.house import House, raw, sent

pytestmark = ON_SQLITE
TABLES = sorted(table.name for table in RECORD)
KEYS = {table.name: keys for table, keys in RECORD.items()}
CHANGES = (
    "UPDATE {t} SET {c} = {c}",
    "UPDATE OR IGNORE {t} SET {c} = {c}",
    "UPDATE OR REPLACE {t} SET {c} = {c}",
    "DELETE FROM {t}",
    "INSERT INTO {t} SELECT * FROM {t} LIMIT 1",
    "REPLACE INTO {t} SELECT * FROM {t} LIMIT 1",
    "INSERT OR REPLACE INTO {t} SELECT * FROM {t} LIMIT 1",
    "INSERT OR IGNORE INTO {t} SELECT * FROM {t} LIMIT 1",
    "INSERT INTO {t} SELECT * FROM {t} WHERE true LIMIT 1 ON CONFLICT DO UPDATE SET {c} = {c}",
    "INSERT INTO {t} SELECT * FROM {t} WHERE true LIMIT 1 ON CONFLICT DO NOTHING",
)


@pytest.fixture
def filled(home: House, tenant: Tenant) -> House:
    home.send(tenant, sent(1), sent(2, corrects_source_id="no-1"))
    body = {
        "event_id": verdict_id("row", "breached", 0),
        "type": "obligation.breached",
        "v": 1,
        "time": 1,
        "data": {},
    }

    def job(connection: Connection) -> None:
        expect = engine_state(connection, tenant)
        draft = VerdictDraft(event_id=str(body["event_id"]), after=1, body=body)
        decide(connection, home.clock, expect, decided=2, advanced=0, verdicts=[draft])

    home.writer.call(job)
    return home


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("table", TABLES)
def test_no_row_is_changed_or_replaced(filled: House, table: str, change: str) -> None:
    with filled.raw() as connection:
        before = connection.execute(f"SELECT * FROM {table}").fetchall()
        assert before
        column = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")][-1]
        with pytest.raises(sqlite3.IntegrityError, match=f"{table} is append-only"):
            connection.execute(change.format(t=table, c=column))
        assert connection.execute(f"SELECT * FROM {table}").fetchall() == before


def test_replacing_by_a_second_unique_key(filled: House) -> None:
    with filled.raw() as connection:
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute("REPLACE INTO tenants VALUES (7, '云栖', x'00')")
        assert connection.execute("SELECT number FROM tenants").fetchall() == [(1,)]


def test_every_table_is_strict(filled: House) -> None:
    for file in ("touchline.db", "keys.db"):
        with raw(filled.folder / file) as connection:
            rows = connection.execute("PRAGMA table_list").fetchall()
            loose = [row[1] for row in rows if row[2] == "table" and not row[5] and "sqlite_" not in row[1]]
            assert loose == []


def test_every_column_is_not_null(filled: House) -> None:
    with filled.raw() as connection:
        for table in TABLES:
            assert all(row[3] for row in connection.execute(f"PRAGMA table_info({table})")), table


def test_every_unique_key_is_guarded(filled: House) -> None:
    with filled.raw() as connection:
        for table in TABLES:
            unique = set()
            for index in connection.execute(f"PRAGMA index_list({table})"):
                if index[2]:
                    columns = connection.execute(f"PRAGMA index_info({index[1]})").fetchall()
                    unique.add(tuple(row[2] for row in columns))
            primary = [row for row in connection.execute(f"PRAGMA table_info({table})") if row[5]]
            unique.add(tuple(row[1] for row in sorted(primary, key=lambda row: int(row[5]))))
            assert unique == set(KEYS[table]), table


def test_the_writing_connection_keeps_full_durability(home: House, tenant: Tenant) -> None:
    def pragmas(connection: Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "trusted_schema")
        run = connection.exec_driver_sql
        return [run(f"PRAGMA {name}").scalar_one() for name in names]

    assert home.writer.call(pragmas) == ["wal", 2, 0]


def test_readers_cannot_write(home: House, tenant: Tenant) -> None:
    with home.database.read() as connection, pytest.raises(Exception, match="readonly"):
        connection.exec_driver_sql("UPDATE counters SET place = 9")
