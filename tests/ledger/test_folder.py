"""The data folder: one process owns it, the second is told who; what it does not know it leaves alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ledger.database import Database
from ledger.errors import FolderInUse, NoLedger, UnknownSchema
from ledger.folder import ServerInfo, read_server, remove_server, write_server
from ledger.lock import FolderLock
from tests.kit.places import ON_SQLITE
from tests.ledger.house import House, raw

HOLD = """
import sys
from pathlib import Path
from ledger.lock import FolderLock
with FolderLock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_one_process_owns_a_folder(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(FolderInUse) as caught, FolderLock(tmp_path):
            pass
        assert caught.value.pid == holder.pid
        assert caught.value.since.endswith("+08:00")
        holder.kill()
    with FolderLock(tmp_path), pytest.raises(FolderInUse, match=str(os.getpid())):
        FolderLock(tmp_path).acquire()
    with FolderLock(tmp_path / "made"):
        pass


def test_server_file(tmp_path: Path) -> None:
    assert read_server(tmp_path) is None
    info = ServerInfo(pid=7, url="http://127.0.0.1:8311", token="secret")
    write_server(tmp_path, info)
    write_server(tmp_path, info)
    assert read_server(tmp_path) == info
    assert os.stat(tmp_path / "server.json").st_mode & 0o777 == 0o600
    (tmp_path / "server.json").write_text("{")
    assert read_server(tmp_path) is None
    remove_server(tmp_path)
    remove_server(tmp_path)
    assert os.listdir(tmp_path) == []


def test_no_ledger_there(tmp_path: Path) -> None:
    with pytest.raises(NoLedger):
        Database.open(tmp_path / "none", create=False)
    assert not (tmp_path / "none").exists()


def test_a_schema_from_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "touchline.db").write_text("not a database at all, but long enough to look at " * 99)
    with pytest.raises(UnknownSchema):
        Database.open(tmp_path / "text")
    (tmp_path / "foreign").mkdir()
    with raw(tmp_path / "foreign" / "touchline.db") as connection:
        connection.execute("CREATE TABLE mine (a)")
    with pytest.raises(UnknownSchema):
        Database.open(tmp_path / "foreign")
    for file in ("touchline.db", "keys.db"):
        home = House.open(tmp_path / file)
        home.close()
        with raw(home.folder / file) as connection:
            connection.execute("PRAGMA user_version = 99")
        with pytest.raises(UnknownSchema, match="99"):
            House.open(home.folder)


def test_closing_leaves_two_files(tmp_path: Path) -> None:
    home = House.open(tmp_path)
    home.tenant()
    home.close()
    assert sorted(os.listdir(tmp_path)) == ["keys.db", "touchline.db"]


@ON_SQLITE
def test_nobody_else_reads_the_record(home: House) -> None:
    for name in ("touchline.db", "touchline.db-wal", "touchline.db-shm", "keys.db"):
        assert (home.folder / name).stat().st_mode & 0o077 == 0, name
