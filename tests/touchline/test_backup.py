"""Backup and restore as an operator does them: with the server running, onto a fresh machine, and going on there."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from sqlalchemy import update

from alerts.tables import cursors
from ledger.clock import SimulatedClock
from ledger.database import Database
from ledger.errors import CursorAhead
from ledger.keys import KeyStore
from ledger.lanes import engine_state
from ledger.ledger import Ledger
from ledger.migrating import migrate
from ledger.postgres import PostgresDatabase
from ledger.timeline import timelines
from ledger.writer import Writer
from processors.engine import Engine
from projections.dump import dump
from projections.reading.reading import Reading
from projections.rebuild import Rebuild
from projections.store import open_store
from schemas.identity import verdict_id
from schemas.instants import HOUR, SECOND
from tests.alerts.support import NOON, SECRET, Inbox, conclude, inbox, ringing, verdict
from tests.kit.postgres import APPLICATION, Cluster, Place
from tests.kit.world import World, event
from tests.ledger import house as ledger_house
from tests.projections.test_rebuild import story
from tests.touchline.commands import ROOT, Shell, serving, until
from tests.touchline.test_person import PHONE, found, told
from tests.touchline.test_person import kept as letters
from touchline import moving
from touchline.archive import unpack
from touchline.exits import Exit
from touchline.house import House
from touchline.subscribing import group_of


def quiet(*_: object) -> None:
    pass


def folded(database: Database, world: World) -> tuple[list[str], list[str]]:
    """Fresh fold of a copied ledger -> (its canonical dump, the same after it went on by one complaint and 30 hours)."""
    clock = SimulatedClock(world.clock.now())
    keys = KeyStore.open(database)
    writer = Writer(database, keys, clock)
    ledger = Ledger(database, writer, keys, clock)
    try:
        Rebuild(ledger, world.rules).run()
        store = open_store(database, writer, world.rules)
        reading = Reading(database, ledger, world.rules, lambda: world.rules)
        with reading.snapshot() as (conn, tables):
            fresh = list(dump(conn, tables, world.tenant.number))
        _go_on(ledger, Engine.take_over(world.tenant, ledger, store, world.rules, "copy"), clock)
        with reading.snapshot() as (conn, tables):
            return fresh, list(dump(conn, tables, world.tenant.number))
    finally:
        writer.close()
        keys.close()


def _go_on(ledger: Ledger, engine: Engine, clock: SimulatedClock) -> None:
    from ledger import lanes
    from producers.candidates import candidate

    raw = event("complaint.received", "later", clock.now(), ticket="later", data={
        "subject": "engineering", "category": "leak", "description": "渗水"})  # fmt: skip
    ledger.append(engine.tenant, [candidate(raw, "crm", clock.now())]).result(60)
    clock.set(clock.now() + 30 * HOUR)
    cut = ledger.writer.call(lambda conn: lanes.cut(conn, clock, engine.tenant))
    while engine.step():
        pass
    while engine.tick(cut):
        pass


def test_a_copy_folds_to_the_same_on_both_databases(world: World, postgres: Place, tmp_path: Path) -> None:
    """Invariant 16: equality of fold over copies, and of what follows from there."""
    story(world)
    source = world.tables()
    migrate(postgres.owner, APPLICATION)
    moving.copy(str(tmp_path), postgres.owner, quiet)
    moving.copy(postgres.url, str(tmp_path / "back"), quiet)
    _go_on(world.ledger, world.engine, world.clock)
    later = world.tables()
    world.clock = SimulatedClock(world.clock.now() - 30 * HOUR)
    for database in (Database.open(tmp_path / "back"), PostgresDatabase.at(postgres.url)):
        fresh, gone_on = folded(database, world)
        database.close()
        assert fresh == source
        assert gone_on == later


@pytest.fixture
def box() -> Any:
    with inbox() as made:
        yield made


def _ids(box: Inbox) -> list[str]:
    return [call.headers["webhook-id"] for call in box.calls]


def said(number: int) -> dict[str, Any]:
    """A breach as an engine would say it."""
    row = f"row{number}"
    return {**verdict(number, due=NOON + SECOND), "row": row, "event_id": verdict_id(row, "breached", 1)}


def test_nobody_is_told_twice(box: Inbox, tmp_path: Path) -> None:
    """What was delivered before the backup does not ring after a restore; what waited then, and what comes, does. A copy
    tells nobody what is history."""
    hook = {"webhook_url": box.url, "webhook_secret": SECRET}
    clock = SimulatedClock(NOON)
    with ledger_house.house(tmp_path / "data", clock) as home:
        tenant = home.tenant("example-homes")
        with ringing(home, **hook) as alerts:
            alerts.step()
            conclude(home, tenant, said(1))
            alerts.step()
            conclude(home, tenant, said(2))
            alerts._follow()  # taken in, not sent
        begun = group_of(home.ledger, "crm")
        moving.backup(str(tmp_path / "data"), tmp_path / "backup", quiet)
        moving.copy(str(tmp_path / "data"), str(tmp_path / "copy"), quiet)
    assert _ids(box) == [said(1)["event_id"]]
    moving.restore(tmp_path / "backup", str(tmp_path / "fresh"), quiet)
    for name, rung in (("fresh", [2, 3]), ("copy", [3])):
        box.calls.clear()
        with ledger_house.house(tmp_path / name, clock) as home, ringing(home, **hook) as alerts:
            alerts.step()
            conclude(home, home.ledger.tenant("example-homes"), said(3))
            alerts.step()
            assert _ids(box) == [said(number)["event_id"] for number in rung]
            # Its subscriber begins at the beginning: the old group's offsets stand behind what was taken since.
            assert group_of(home.ledger, "crm") not in (begun, group_of(home.ledger, "other"))
    # Alerts that have read more than the ledger holds are not of one backup with it.
    with ledger_house.house(tmp_path / "fresh", clock) as home:
        home.writer.call(lambda conn: conn.execute(update(cursors).values(verdict_place=9)))
        with ringing(home, **hook) as alerts, pytest.raises(CursorAhead, match="read to verdict 9"):
            alerts.step()


def test_online_onto_a_fresh_machine(acme: Shell, events: Path, tmp_path: Path, capsys: Any) -> None:
    """Under load, as one file; restored, it verifies, folds, and goes on; older positions of the stream are refused."""
    assert acme("append", str(events)).code == 0
    archive = tmp_path / "kept.tar"
    with serving(acme.folder):
        ended = threading.Event()
        sent = threading.Thread(target=_pour, args=(acme.folder, ended))
        sent.start()
        said = acme("backup", str(archive), "--json")
        assert said.code == 0
        ended.set()
        sent.join()
        assert acme("verify").code == 0
    assert archive.stat().st_mode & 0o777 == 0o600
    assert acme("backup", str(archive)).code == Exit.USAGE
    fresh = Shell(tmp_path / "fresh", capsys)
    told = fresh("restore", str(archive), "--erased", str(acme.folder), "--json").json
    assert told["heads"] == said.json["heads"]
    assert told["ledger_id"] == said.json["ledger_id"] == said.json["timeline"] != told["timeline"]
    assert fresh("restore", str(archive)).code == Exit.USAGE
    assert fresh("verify").out.split() == told["heads"]
    assert fresh("append", str(events), "--json").code == 0  # all of it is known already
    assert len(fresh("promises", "--json").json) >= 6
    assert fresh("verify").out.split()[0] == told["heads"][0]
    with House.open(fresh.folder) as house:
        assert house.stale == ""
        with house.database.read() as conn:
            assert len(timelines(conn, house.database.ledger_id).later) == 1
            assert engine_state(conn, house.ledger.tenant("acme")).decided > 3
        key = house.admin.perform(
            "key.create", {"tenant": "acme", "source": "reader", "write_only": False}
        )["key"]  # fmt: skip
    with serving(fresh.folder) as server:
        assert fresh("append", str(_one(tmp_path)), "--source", "call-centre").code == 0
        head = {"Authorization": f"Bearer {key}"}
        ahead = f"{int(told['heads'][0].split('@')[1].split(':')[0]) + 1}.0"
        answer = httpx.get(f"{server.info.url}/stream", headers={**head, "Last-Event-ID": ahead})
        assert (answer.status_code, answer.json()["type"]) == (422, "urn:touchline:problem:other_timeline")


@pytest.mark.parametrize("shell", ["postgresql"], indirect=True)
def test_from_postgresql_and_into_it(
    shell: Shell, cluster: Cluster, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the keys in a database of their own, which is named once for every command; and who was erased since stays so."""
    apart, target = cluster.database(), cluster.ledger()
    with psycopg.connect(apart.admin, autocommit=True) as admin:
        admin.execute(f"GRANT CREATE ON DATABASE {admin.info.dbname} TO {APPLICATION}")
    (tmp_path / "keys").write_text(apart.tcp)
    monkeypatch.setenv("TOUCHLINE_KEYS_DATABASE_FILE", str(tmp_path / "keys"))
    assert shell("tenant", "add", "acme").code == 0
    (tmp_path / "told").write_text("".join(json.dumps(one) + "\n" for one in told()), encoding="utf-8")
    assert shell("append", str(tmp_path / "told"), "--source", "crm").code == 0
    (letter,) = letters(shell, f"{PHONE} …")
    kept = str(tmp_path / "kept.tar")
    said = shell("backup", kept, "--json")
    assert said.code == 0, said.err
    one = found(shell)
    assert shell("person", "erase", one, "--reason", "customer_request", "--yes").code == 0
    elsewhere = Shell(tmp_path / "elsewhere", capsys, target.tcp)
    refused = elsewhere("restore", kept)
    assert (refused.code, "owner" in refused.err) == (Exit.USAGE, True)
    elsewhere.url = target.owner
    restored = elsewhere("restore", kept, "--erased", shell.url, "--json").json
    assert (restored["heads"], restored["erased"]) == (
        said.json["heads"],
        2,
    )  # the note that names nobody too
    monkeypatch.delenv("TOUCHLINE_KEYS_DATABASE_FILE")
    elsewhere.url = target.tcp
    assert elsewhere("append", str(tmp_path / "told"), "--source", "crm").code == 0  # all of it is known
    assert elsewhere("person", "find", "--phone", PHONE).code == Exit.UNKNOWN
    assert elsewhere("person", "find", "--phone", "13600001111").code == 0
    assert len(elsewhere("promises", "--json").json) > 6
    stated = [fact["type"] for fact in elsewhere("tail", "--json").json]
    assert stated.count("privacy.erasure_executed") == 2
    (back,) = elsewhere("dead", "list", "--state", "all", "--json").json
    assert (back["id"], back["state"], back["cause"]) == (letter, "discarded", "erased_with_person")
    assert elsewhere("verify").code == 0
    for place in (apart, target):
        cluster.drop(place)


def test_a_ledger_is_copied_to_postgresql_and_back(
    acme: Shell, events: Path, postgres: Place, tmp_path: Path, capsys: Any
) -> None:
    assert acme("append", str(events)).code == 0
    heads, promises = acme("verify").out.split(), len(acme("promises", "--json").json)
    migrate(postgres.owner, APPLICATION)
    there, back = Shell(tmp_path / "there", capsys, postgres.tcp), Shell(tmp_path / "back", capsys)
    for source, target in ((str(acme.folder), postgres.owner), (postgres.tcp, str(back.folder))):
        done = acme.bare("ledger", "copy", source, target, "--json")
        assert (done.code, done.json["heads"]) == (0, heads), done.err
        assert acme.bare("ledger", "copy", source, target).code == Exit.USAGE, "something stands there"
        migrate(postgres.owner, APPLICATION)
    for shell in (there, back):
        assert shell("verify").out.split() == heads
        said = shell("append", str(events), "--source", "call-centre", "--json")
        assert [one["duplicate"] for one in said.json] == [True] * 3
        assert len(shell("promises", "--json").json) == promises > 0


def test_who_was_erased_since_stays_so_though_nothing_but_the_old_keys_is_left(
    acme: Shell, tmp_path: Path, capsys: Any
) -> None:
    (tmp_path / "told").write_text("".join(json.dumps(one) + "\n" for one in told()), encoding="utf-8")
    assert acme("append", str(tmp_path / "told"), "--source", "crm").code == 0
    kept = str(tmp_path / "kept")
    assert acme("backup", kept).code == 0
    assert acme("person", "erase", found(acme), "--reason", "customer_request", "--yes").code == 0
    for path in acme.folder.glob("touchline.db*"):
        path.unlink()
    fresh = Shell(tmp_path / "fresh", capsys)
    assert fresh("restore", kept, "--erased", str(acme.folder), "--json").json["erased"] == 2
    assert fresh("person", "find", "--phone", PHONE).code == Exit.UNKNOWN
    other = Shell(tmp_path / "other", capsys)
    assert other("tenant", "add", "acme").code == 0
    third = Shell(tmp_path / "third", capsys)
    assert third("restore", kept, "--erased", str(other.folder)).code == Exit.UNAVAILABLE, (
        "another ledger's keys"
    )
    assert not (third.folder / "touchline.db").exists()


def _one(folder: Path) -> Path:
    from schemas.catalogue import example

    path = folder / "one.ndjson"
    raw = example("complaint.received")
    raw["id"], raw["ticket"] = "after-restore", "T-after"
    path.write_text(json.dumps(raw) + "\n", encoding="utf-8")
    return path


def _pour(folder: Path, ended: threading.Event) -> None:
    """Appends through the running server until told to end."""
    from schemas.catalogue import example
    from touchline.desk import server_of

    counter = server_of(folder)
    assert counter is not None
    number = 0
    while not ended.is_set():
        raw = example("complaint.received")
        raw["id"], raw["ticket"] = f"poured-{number}", f"T-{number}"
        counter.perform("append", {"tenant": "", "source": "", "lines": [json.dumps(raw)]})
        number += 1


def test_words(acme: Shell, tmp_path: Path, capsys: Any) -> None:
    backup = tmp_path / "backup"
    said = acme("backup", str(backup))
    assert said.code == 0
    assert "内含个人信息的密钥，仅属主可读" in said.err
    assert backup.stat().st_mode & 0o777 == 0o700
    kept = Shell(backup, capsys)
    assert kept("verify").code == 0
    assert kept("tenant", "add", "beta").code == Exit.USAGE
    assert "touchline restore" in kept("backup", str(tmp_path / "again")).err
    assert acme("restore", str(tmp_path / "nowhere")).code == Exit.UNKNOWN
    (tmp_path / "bad.tar").write_bytes(b"no archive")
    other = Shell(tmp_path / "other", capsys)
    assert other("restore", str(tmp_path / "bad.tar")).code == Exit.USAGE
    assert other("restore", str(tmp_path / "missing.tar")).code == Exit.UNKNOWN
    assert not (tmp_path / "other" / "touchline.db").exists()
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


@pytest.mark.crash
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is what this is about")
def test_a_killed_backup_is_none(acme: Shell, events: Path, tmp_path: Path) -> None:
    """Under its name stands a whole backup or nothing, and the next run clears away what the killed one left."""
    acme("append", str(events))
    target = tmp_path / "kept.tar"
    words = [sys.executable, "-m", "touchline", "backup", str(target), "--data", str(acme.folder)]
    process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(
            lambda: bool(list(tmp_path.glob(".kept.tar.part-*"))) or process.poll() is not None,
            "the backup begins",
        )
    finally:
        process.kill()
        process.wait()
    left = list(tmp_path.glob(".kept.tar.part-*"))
    assert left or target.exists()
    if not target.exists():
        assert all(path.stat().st_mode & 0o077 == 0 for path in left)
        assert acme("backup", str(target)).code == 0
        assert list(tmp_path.glob(".kept.tar.part-*")) == []
    moving.restore(_unpacked(target, tmp_path), str(tmp_path / "fresh"), quiet)


def _unpacked(file: Path, folder: Path) -> Path:
    unpack(file, folder / "unpacked")
    return folder / "unpacked"
