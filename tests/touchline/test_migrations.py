"""One history makes, on both databases, what the rooms' own tables say; a folder of an older revision is brought there whole,
or stays as it was."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection, MetaData, Table, create_engine, inspect, select, text

from ledger.database import Database
from ledger.errors import FolderInUse, UnknownSchema
from ledger.folder import KEYS_FILE, RECORD_FILE
from ledger.key_tables import metadata as keys
from ledger.keys import KeyStore
from ledger.lock import FolderLock
from ledger.migrating import APPENDED, CHANGED, migrate
from ledger.postgres import PostgresDatabase
from ledger.postgres_engine import KEYS, RECORD, SETS, postgres_engine
from ledger.revisions import HEAD, REVISIONS, SCRIPTS, VERSION
from ledger.tables import metadata as record
from producers.inbox.tables import letters
from tests.kit.postgres import APPLICATION, Cluster, Place
from tests.touchline.commands import ROOT, Shell
from touchline.exits import Exit
from touchline.portable import ROOMS

RELEASED = ROOT / "tests" / "data" / "release-0.1.0"
"""What 0.1.0 left of: a tenant, and ``events example complaint.received`` appended."""
ALL = (record, *ROOMS)
SHARED = {"leases", "relays", "relay_cursors"}
"""Of shared databases alone."""


def tables_of(of: Iterable[MetaData]) -> dict[str, Table]:
    return {table.name: table for one in of for table in one.tables.values()}


def same(connection: Connection, schema: str, wanted: dict[str, Table]) -> None:
    """Columns, their order and types, keys and indexes."""
    found, dialect = inspect(connection), connection.dialect
    for name, table in wanted.items():
        columns = [
            (c["name"], str(c["type"]).split(" COLLATE")[0], c["nullable"])
            for c in found.get_columns(name, schema)
        ]
        assert columns == [
            (c.name, c.type.compile(dialect).split(" COLLATE")[0], False) for c in table.columns
        ]
        key = found.get_pk_constraint(name, schema)["constrained_columns"]
        assert key == [c.name for c in table.primary_key.columns]
        indexes = {
            (i["name"], tuple(i["column_names"]), i["unique"]) for i in found.get_indexes(name, schema)
        }
        named = {(str(i.name), tuple(c.name for c in i.columns), bool(i.unique)) for i in table.indexes}
        assert {i for i in indexes if not str(i[0]).endswith("_key")} == named


def test_the_migrated_tables_of_postgresql_are_those_of_the_rooms(cluster: Cluster) -> None:
    place = cluster.ledger()
    database = PostgresDatabase.at(place.url)
    wanted = tables_of(ALL)
    with database.read() as connection:
        made = set(inspect(connection).get_table_names(RECORD))
        parts = {name for name in made if name.startswith(("facts_", "verdicts_", "fact_ids_"))}
        assert made - parts == {*wanted, *SHARED, "alembic_version"}
        same(connection, RECORD, wanted)
    KeyStore.open(database).close()
    place_of_keys = database.key_place()
    with place_of_keys.read() as connection:
        assert set(inspect(connection).get_table_names(KEYS)) == {*keys.tables, "alembic_version"}
        same(connection, KEYS, tables_of([keys]))
    place_of_keys.close()
    database.close()
    cluster.drop(place)
    assert {*APPENDED, *CHANGED, "about"} == {*wanted, *SHARED}  # each has its grants


def test_both_databases_go_through_the_same_revisions_in_the_same_order() -> None:
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(SCRIPTS))
    assert scripts.get_heads() == [HEAD]
    walked = [(script.revision, Path(script.path).stem) for script in scripts.walk_revisions()]
    assert [(f"{n:04d}", name) for n, name in enumerate(REVISIONS, 1)] == walked[::-1]


def test_a_database_of_an_earlier_revision_is_brought_up(postgres: Place) -> None:
    """With what stands in it; the application's role may use what is new."""
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"store": "record"})
    config.set_main_option("script_location", str(SCRIPTS))
    engine = postgres_engine(postgres.owner, name="test")
    with engine.begin() as connection:
        for schema in (RECORD, SETS, KEYS):
            connection.execute(text(f"CREATE SCHEMA {schema}"))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    engine.dispose()
    assert migrate(postgres.owner, APPLICATION) == ("0001", HEAD)
    database = PostgresDatabase.at(postgres.url)
    with database.read() as connection:
        assert connection.execute(select(letters)).all() == []
    database.close()


def test_keys_of_0_1_0_on_postgresql_are_brought_here_by_their_own_role(cluster: Cluster) -> None:
    place = cluster.ledger()
    database = PostgresDatabase.at(place.url)
    store = KeyStore.open(database)
    secret = store.index_secret
    store.close()
    with psycopg.connect(place.admin, autocommit=True) as admin:
        admin.execute(f"DROP TABLE {KEYS}.alembic_version")  # it wrote down no revision
    store = KeyStore.open(database)
    assert store.index_secret == secret
    store.close()
    with psycopg.connect(place.admin, autocommit=True) as admin:
        assert admin.execute(f"SELECT version_num FROM {KEYS}.alembic_version").fetchall() == [(HEAD,)]
        admin.execute(f"UPDATE {KEYS}.alembic_version SET version_num = '9999'")
    with pytest.raises(UnknownSchema, match="9999"):
        KeyStore.open(database)
    database.close()
    cluster.drop(place)


# SQLite.


def schema(path: Path) -> dict[str, str]:
    """Every table, index and trigger as it was said, but for spaces and quotes."""
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL").fetchall()
    return {name: re.sub(r'[\s"]+', "", sql) for name, sql in found}


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def made(folder: Path) -> Path:
    database = Database.open(folder)
    KeyStore.open(database).close()
    database.close()
    return folder


def test_the_migrated_files_are_those_of_the_rooms(tmp_path: Path) -> None:
    folder = made(tmp_path / "data")
    for file, metadatas in ((RECORD_FILE, ALL), (KEYS_FILE, (keys,))):
        engine = create_engine(f"sqlite:///{tmp_path / file}")
        for metadata in metadatas:
            metadata.create_all(engine)
        engine.dispose()
        assert schema(folder / file) == schema(tmp_path / file)
        assert version(folder / file) == VERSION


def test_a_backup_s_files_are_those_of_the_migrations(acme: Shell, tmp_path: Path) -> None:
    assert acme("backup", str(tmp_path / "kept")).code == 0
    folder = made(tmp_path / "data2")
    for file in (RECORD_FILE, KEYS_FILE):
        assert schema(tmp_path / "kept" / file) == schema(folder / file)
        assert version(tmp_path / "kept" / file) == VERSION


@pytest.fixture
def released(tmp_path: Path) -> Path:
    """A data folder as 0.1.0 left it."""
    folder = tmp_path / "data"
    folder.mkdir()
    for file in (RECORD_FILE, KEYS_FILE):
        with closing(sqlite3.connect(folder / file)) as connection:
            connection.executescript((RELEASED / file).with_suffix(".sql").read_text(encoding="utf-8"))
    return folder


def test_a_folder_of_0_1_0_opens(released: Path, shell: Shell) -> None:
    assert "alerts" not in schema(released / RECORD_FILE)
    said = shell("verify")  # a command that only reads
    assert said.code == 0
    assert HEAD in said.err
    assert "0001" in said.err
    again = shell("rebuild")  # its rules were other ones
    assert again.code in (Exit.DONE, Exit.NOT_SO)  # what differs between them is listed
    assert HEAD not in again.err
    assert len(shell("promises", "--json").json) == 4
    fresh = made(released.parent / "fresh")
    for file in (RECORD_FILE, KEYS_FILE):
        there = schema(released / file)
        assert {name: there.get(name) for name in schema(fresh / file)} == schema(fresh / file)
        assert version(released / file) == VERSION


def test_a_backup_of_0_1_0_is_restored(
    released: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(sqlite3.connect(released / RECORD_FILE)) as connection:
        connection.execute("INSERT INTO about VALUES ('backup', '2026-03-03T00:00:00Z')")
        connection.commit()
    kept = {file: (released / file).read_bytes() for file in (RECORD_FILE, KEYS_FILE)}
    again = Shell(tmp_path / "again", capsys)
    assert again("restore", str(released)).code == 0
    assert {file: (released / file).read_bytes() for file in kept} == kept
    assert again("verify").code == 0
    assert version(again.folder / RECORD_FILE) == VERSION


def test_nobody_s_tables_are_changed_under_them(released: Path, shell: Shell) -> None:
    with FolderLock(released):  # a server of 0.1.0
        with pytest.raises(FolderInUse):
            Database.open(released)
        assert version(released / RECORD_FILE) == 1
        assert shell("promises").code == Exit.UNAVAILABLE
    Database.open(released).close()
    assert version(released / RECORD_FILE) == VERSION


def test_a_later_revision_is_refused(released: Path, shell: Shell) -> None:
    for file in (KEYS_FILE, RECORD_FILE):
        with closing(sqlite3.connect(released / file)) as connection:
            connection.execute(f"PRAGMA user_version = {VERSION + 1}")
        said = shell("promises")
        assert said.code == Exit.UNAVAILABLE
        assert f"{file} has schema version {VERSION + 1}" in said.err


CUT = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import Connection
from ledger import sqlite
from ledger.database import Database
from ledger.keys import KeyStore
left = int(sys.argv[2])
execute = Connection._execute_context
def counted(self, *given, **more):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return execute(self, *given, **more)
Connection._execute_context = counted
database = Database.open(Path(sys.argv[1]))
KeyStore.open(database).close()
database.close()
"""


@pytest.mark.crash
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is what this is about")
def test_killed_in_the_middle_it_is_the_old_revision_or_the_new_one(released: Path, tmp_path: Path) -> None:
    old = {file: schema(released / file) for file in (RECORD_FILE, KEYS_FILE)}
    new: dict[str, dict[str, str]] = {}
    seen = set()
    for left in (999, 5, 17, 22):
        folder = tmp_path / str(left)
        folder.mkdir()
        for file in old:
            (folder / file).write_bytes((released / file).read_bytes())
        ended = subprocess.run(
            [sys.executable, "-c", CUT, str(folder), str(left)],
            cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert ended.returncode == (0 if left == 999 else -signal.SIGKILL), ended.stderr
        for file, before in old.items():
            there = schema(folder / file)
            assert there == (before if version(folder / file) == 1 else new.setdefault(file, there))
        seen.add((version(folder / RECORD_FILE), version(folder / KEYS_FILE)))
        made(folder)
        assert version(folder / RECORD_FILE) == version(folder / KEYS_FILE) == VERSION
    assert seen == {(1, 1), (VERSION, 1), (VERSION, VERSION)}
    assert "alerts" in new[RECORD_FILE]
