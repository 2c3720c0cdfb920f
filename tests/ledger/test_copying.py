"""A copy is the same bytes, whole or not at all, whatever it goes from and to and whatever kills it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from ledger.copying.copy import Copied, Copying
from ledger.copying.folder_source import FolderSource
from ledger.copying.plan import Row
from ledger.copying.postgres_target import PostgresTarget
from ledger.copying.sqlite_target import FolderTarget
from ledger.copying.target import Target
from ledger.database import Database
from ledger.errors import (
    CopyDiffers,
    HalfCopy,
    KeyStoreForeign,
    KeyStoreLost,
    NoLedger,
    NotOwner,
    PersonErased,
    TargetTaken,
    UnknownSchema,
)
from ledger.key_tables import metadata as key_metadata
from ledger.key_tables import tombstones
from ledger.keys import KeyStore
from ledger.lanes import VerdictDraft, decide, engine_state
from ledger.ledger import Ledger
from ledger.migrating import migrate
from ledger.postgres import PostgresDatabase
from ledger.seal import Erased
from ledger.tables import RECORD, api_keys, counters, engines
from ledger.tenants import Tenant
from ledger.timeline import backup_of, timelines
from ledger.verify import verify
from ledger.writer import Writer
from schemas.identity import verdict_id
from tests.kit.places import Where
from tests.kit.postgres import APPLICATION, Place
from tests.ledger.house import START, House, house, raw, sent

ROOT = Path(__file__).parents[2]
STEPS = (
    "begin",
    "rows",
    "rows 3",
    "rows 7",
    "keys",
    "keys 4",
    "before the keys' mark",
    "before the record's mark",
)


def _decide(home: House, tenant: Tenant, connection: Connection) -> None:
    named = verdict_id("row", "breached", 1)
    body = {
        "event_id": named, "type": "obligation.breached", "v": 1, "time": START, "data": {}, "row": "row",
        "kind": "breached", "generation": 1,
    }  # fmt: skip
    draft = VerdictDraft(event_id=named, after=2, body=body)
    decide(connection, home.clock, engine_state(connection, tenant), decided=5, advanced=0, verdicts=[draft])


def fill(home: House) -> None:
    """Two tenants, persons, corrections, verdicts."""
    for name in ("甲", "乙"):
        tenant = home.tenant(name)
        for number in range(8):
            corrects = f"no-{number - 2}" if number == 5 else ""
            home.keep(
                tenant,
                sent(
                    number, corrects_source_id=corrects, customer={"phone": f"1380000{number}"},
                    data={"description": f"渗水 {number}"}, personal=("description",),
                ),
            )  # fmt: skip
        home.writer.call(partial(_decide, home, tenant))


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("copying") / "source"
    with house(folder) as home:
        fill(home)
    return folder


@pytest.fixture
def source(pristine: Path, tmp_path: Path) -> Iterator[FolderSource]:
    shutil.copytree(pristine, tmp_path / "source")
    opened = FolderSource(tmp_path / "source")
    yield opened
    opened.close()


def copied(source: FolderSource, target: Target, by: str = "copy", erased: Sequence[Row] = ()) -> Copied:
    return Copying(source=source, keys=source.keys, target=target, by=by, now=START, erased=erased).run()


def content(connection: Connection) -> dict[str, list[Row]]:
    """Every stored row of the record."""
    tables = {table.name: select(table).order_by(*table.primary_key.columns) for table in RECORD}
    return {name: [tuple(row) for row in connection.execute(query)] for name, query in tables.items()}


def secrets_of(connection: Connection) -> dict[str, list[Row]]:
    tables = {t.name: select(t).order_by(*t.primary_key.columns) for t in key_metadata.sorted_tables}
    return {name: [tuple(row) for row in connection.execute(query)] for name, query in tables.items()}


def test_a_copy_is_the_same_bytes_and_goes_on(source: FolderSource, tmp_path: Path) -> None:
    done = copied(source, FolderTarget(tmp_path / "copy"))
    assert (done.rows, done.erased) == (18, 0)
    with FolderSource(tmp_path / "copy").read() as there, source.read() as here:
        assert content(there) == content(here)
        assert [tuple(row) for row in there.execute(select(counters))] == [
            tuple(row) for row in here.execute(select(counters))
        ]
        (was, now) = (conn.execute(select(engines)).mappings().all() for conn in (here, there))
        for one, other in zip(was, now, strict=True):
            assert {
                **one,
                "epoch": one["epoch"] + 1,
                "owner": "",
                "set_name": "a",
                "fold_version": "",
            } == dict(other)
    for file in ("touchline.db", "keys.db"):
        assert (tmp_path / "copy" / file).stat().st_mode & 0o077 == 0
    with house(tmp_path / "copy") as home:
        assert home.database.ledger_id == source.ledger_id
        tenant = home.ledger.tenant("甲")
        fact = home.facts(tenant)[3]
        assert home.ledger.unseal(tenant, fact, "description") == "渗水 3"
        again = sent(
            3, corrects_source_id="", customer={"phone": "13800003"},
            data={"description": "渗水 3"}, personal=("description",),
        )  # fmt: skip
        assert home.keep(tenant, again).duplicate
        assert home.keep(tenant, sent("new")).place == 9
        assert home.verify().ok


def test_timelines(source: FolderSource, tmp_path: Path) -> None:
    """A backup is of the life it was made of; a copy and a restore are lives of their own, which know where they left."""
    copied(source, FolderTarget(tmp_path / "backup"), by="backup")
    kept = FolderSource(tmp_path / "backup")
    with kept.read() as connection:
        assert backup_of(connection) == "2026-11-22T10:00:00+08:00"
        assert timelines(connection, kept.ledger_id).mark == ""
    for name in ("one", "two"):
        copied(kept, FolderTarget(tmp_path / name), by="restore")
    kept.close()
    lives = []
    for name in ("one", "two"):
        opened = FolderSource(tmp_path / name)
        with opened.read() as connection:
            lives.append(timelines(connection, opened.ledger_id))
            assert backup_of(connection) == ""
        opened.close()
    one, two = lives
    assert one.ledger_id == two.ledger_id
    assert len({one.current, two.current, one.ledger_id}) == 3
    assert one.shares("", 1, 8, 1)
    assert not one.shares("", 1, 9, 1)  # seen in the life before, after the backup was made
    assert not one.shares("", 1, 8, 2)
    assert one.shares(one.mark, 1, 99, 99)
    assert not one.shares(two.mark, 1, 1, 0)
    assert not one.shares("", 7, 1, 0)
    again = one.began("copy", START, {1: (20, 3)})
    assert again.shares(one.mark, 1, 20, 3)
    assert not again.shares(one.mark, 1, 21, 3)
    assert not again.shares("", 1, 9, 1)


def test_a_target_must_be_empty(source: FolderSource, tmp_path: Path) -> None:
    for name, file in (("a", "touchline.db"), ("b", "keys.db"), ("c", "notes.txt")):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).write_text("mine")
        with pytest.raises(TargetTaken):
            copied(source, FolderTarget(tmp_path / name))
        assert (tmp_path / name / file).read_text() == "mine"
    with house(tmp_path / "alive"), pytest.raises(TargetTaken):
        copied(source, FolderTarget(tmp_path / "alive"))
    copied(source, FolderTarget(tmp_path / "copy"))
    with pytest.raises(TargetTaken):
        copied(source, FolderTarget(tmp_path / "copy"))
    assert verify(Database.open(tmp_path / "copy")).ok


def test_a_damaged_source_is_not_copied(source: FolderSource, tmp_path: Path) -> None:
    with raw(tmp_path / "source" / "touchline.db") as connection:
        connection.execute("DROP TRIGGER facts_no_update")
        connection.execute("UPDATE facts SET recorded = recorded + 1 WHERE tenant = 2 AND place = 4")
    with pytest.raises(CopyDiffers, match="乙/facts@4"):
        copied(source, FolderTarget(tmp_path / "copy"))
    assert not (tmp_path / "copy").exists()


def test_a_source_must_be_whole(pristine: Path, tmp_path: Path) -> None:
    shutil.copytree(pristine, tmp_path / "source")
    (tmp_path / "source" / "keys.db").rename(tmp_path / "keys.db")
    with pytest.raises(KeyStoreLost):
        FolderSource(tmp_path / "source")
    with house(tmp_path / "other"):
        pass
    shutil.copy(tmp_path / "other" / "keys.db", tmp_path / "source")
    with pytest.raises(KeyStoreForeign):
        FolderSource(tmp_path / "source")
    (tmp_path / "source" / "keys.db").write_bytes(b"no database" * 999)
    with pytest.raises(UnknownSchema):
        FolderSource(tmp_path / "source")
    with pytest.raises(NoLedger):
        FolderSource(tmp_path / "nowhere")


def test_who_was_erased_since_stays_erased(source: FolderSource, tmp_path: Path) -> None:
    with house(tmp_path / "source") as home:
        tenant = home.ledger.tenant("甲")
        fact = home.facts(tenant)[3]
        person = fact.customer_ref
        copied(source, FolderTarget(tmp_path / "backup"), by="backup")
        key = home.keys.key("甲", person, "service")
        assert isinstance(key, bytes)
        assert home.ledger.erase(tenant, person).result(60)
        with home.keys._place.read() as connection:
            stones = [tuple(row) for row in connection.execute(select(tombstones))]
    kept = FolderSource(tmp_path / "backup")
    done = copied(kept, FolderTarget(tmp_path / "restored"), by="restore", erased=stones)
    kept.close()
    assert done.erased == 1
    assert key in (tmp_path / "backup" / "keys.db").read_bytes()
    assert key not in (tmp_path / "restored" / "keys.db").read_bytes()
    with house(tmp_path / "restored") as home:
        assert isinstance(home.ledger.unseal(tenant, fact, "description"), Erased)
        assert home.ledger.erased(tenant).keys() == {person}
        assert home.ledger.customer(tenant, phone="13800003") is None
        with pytest.raises(PersonErased):
            home.writer.call(lambda _: home.keys.add_person("甲", person))
        assert home.ledger.unseal(tenant, home.facts(tenant)[2], "description") == "渗水 2"


def test_what_comes_in_meanwhile(place: Where, tmp_path: Path) -> None:
    """Facts, persons and tenants that come while a copy is made belong to the next one; keys cover all that is in this one,
    but for who was erased meanwhile."""
    with house(place) as home:
        fill(home)
        more = iter(range(100, 1000))
        gone = home.facts(home.ledger.tenant("甲"))[2]

        def come(*_: object) -> None:
            number = next(more)
            if number == 100:
                assert home.ledger.erase(home.ledger.tenant("甲"), gone.customer_ref).result(60)
            home.keep(
                home.ledger.tenant("甲"),
                sent(number, customer={"phone": f"1390000{number}"}, data={"description": "后来"}, personal=("description",)),
            )  # fmt: skip
            home.tenant(f"t{number}")

        stored = home.database.key_place()
        done = Copying(
            source=home.database, keys=stored, target=FolderTarget(tmp_path / "backup"), by="backup", now=START,
            progress=come,
        ).run()  # fmt: skip
        stored.close(checkpoint=False)
        assert next(more) > 103
        assert [head.place for head in done.heads] == [8, 1, 8, 1]
    kept = FolderSource(tmp_path / "backup")
    copied(kept, FolderTarget(tmp_path / "restored"), by="restore")
    kept.close()
    with house(tmp_path / "restored") as home:
        assert [tenant.name for tenant in home.ledger.tenants()] == ["甲", "乙"]
        for tenant in home.ledger.tenants():
            for number, fact in enumerate(home.facts(tenant)):
                text = home.ledger.unseal(tenant, fact, "description")
                assert (
                    isinstance(text, Erased) if fact.event_id == gone.event_id else text == f"渗水 {number}"
                )


CHILD = """
import os, signal, sys
from pathlib import Path
from ledger.copying import sqlite_target
from ledger.copying.copy import Copying
from ledger.copying.folder_source import FolderSource

step, _, nth = sys.argv[3].partition(" ")
left = int(nth or 1) if nth.isdigit() or not nth else 0

def die():
    os.kill(os.getpid(), signal.SIGKILL)

class Cut(sqlite_target.FolderTarget):
    def rows(self, table, rows):
        self.passed("rows"); super().rows(table, rows)
    def keys(self, table, rows):
        self.passed("keys"); super().keys(table, rows)
    def begin(self, plan, tables):
        super().begin(plan, tables); self.passed("begin")
    def mark(self, engine, value):
        if step == "before" and sys.argv[3].endswith("keys' mark" if engine is self._keys else "record's mark"):
            die()
        super().mark(engine, value)
    def passed(self, name):
        global left
        if name == step:
            left -= 1
            if not left:
                die()

source = FolderSource(Path(sys.argv[1]))
Copying(source=source, keys=source.keys, target=Cut(Path(sys.argv[2])), by="restore", now=1).run()
"""


@pytest.mark.crash
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is what this is about")
@pytest.mark.parametrize("step", STEPS)
def test_killed(source: FolderSource, tmp_path: Path, step: str) -> None:
    """Nothing that a killed copy leaves opens as a ledger, and running it again ends well."""
    target = tmp_path / "target"
    words = [sys.executable, "-c", CHILD, str(tmp_path / "source"), str(target), step]
    killed = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    for create in (True, False):
        with pytest.raises(HalfCopy):
            Database.open(target, create=create)
    with pytest.raises((HalfCopy, KeyStoreLost)):
        FolderSource(target)
    copied(source, FolderTarget(target), by="restore")
    assert sorted(os.listdir(target)) == ["keys.db", "lock", "touchline.db"]
    with house(target) as home:
        assert home.verify().ok
        assert home.ledger.unseal(Tenant(1, "甲"), home.facts(Tenant(1, "甲"))[3], "description") == "渗水 3"


@pytest.fixture
def migrated(postgres: Place) -> Place:
    migrate(postgres.owner, APPLICATION)
    return postgres


def test_to_postgresql_and_back(source: FolderSource, migrated: Place, tmp_path: Path) -> None:
    with pytest.raises(NotOwner):
        copied(source, PostgresTarget(migrated.url))
    done = copied(source, PostgresTarget(migrated.owner))
    with pytest.raises(TargetTaken):
        copied(source, PostgresTarget(migrated.owner))
    database = PostgresDatabase.at(migrated.url)
    keys = KeyStore.open(database)
    writer = Writer(database, keys, database.clock)
    ledger = Ledger(database, writer, keys, database.clock)
    try:
        assert database.ledger_id == source.ledger_id
        assert verify(database).heads == done.heads
        with database.read() as there, source.read() as here:
            assert content(there) == content(here)
            assert there.exec_driver_sql("SELECT count(*) FROM facts_rest").scalar_one() == 0
        place = database.key_place()
        with place.read() as there, source.keys.read() as here:
            assert secrets_of(there) == secrets_of(here)
        tenant = ledger.tenant("甲")
        with database.read() as connection:
            fact = ledger.facts(connection, tenant, 3, 1)[0]
        assert ledger.unseal(tenant, fact, "description") == "渗水 3"
        (outcome,) = ledger.append(tenant, [sent("new", customer={"phone": "13800003"})]).result(60)
        assert getattr(outcome, "place", outcome) == 9
        assert ledger.erase(tenant, fact.customer_ref).result(60)
        back = Copying(
            source=database, keys=place, target=FolderTarget(tmp_path / "back"), by="backup", now=START
        ).run()
        place.close()
        assert [head.place for head in back.heads] == [9, 1, 8, 1]
    finally:
        writer.close()
        keys.close()
        database.close()
    kept = FolderSource(tmp_path / "back")
    with kept.read() as connection:
        assert [one.by for one in timelines(connection, kept.ledger_id).later] == ["copy"]
        assert connection.execute(select(api_keys)).all() == []
    with kept.keys.read() as connection:
        assert len(connection.execute(select(tombstones)).all()) == 1
    kept.close()


def test_a_cut_copy_leaves_nothing_in_postgresql(source: FolderSource, migrated: Place) -> None:
    def die(what: str, *_: int) -> None:
        if what == "keys":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Copying(
            source=source, keys=source.keys, target=PostgresTarget(migrated.owner), by="copy", now=START, progress=die
        ).run()  # fmt: skip
    database = PostgresDatabase.at(migrated.url)
    with database.read() as connection:
        assert content(connection) == {table.name: [] for table in RECORD}
    assert database.ledger_id != source.ledger_id
    database.close()
    copied(source, PostgresTarget(migrated.owner))
