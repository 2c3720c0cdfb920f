"""A disk that is full: whoever posts is told so in plain words (503), nothing acknowledged is lost, reading goes on, and when
there is room again everything goes on by itself. PostgreSQL panics where its write-ahead log finds no room: whoever keeps it
running starts it again, and us nobody."""

from __future__ import annotations

import os
import resource
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from tests.kit.callers import calling, examine, going_on, held_up, served
from tests.kit.postgres import Cluster, migrated, needed
from touchline.place import Shared


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[bool]:
    """A file system of that size at the folder, where this process may mount one; else False."""
    folder.mkdir(parents=True, exist_ok=True)
    words = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", str(folder)]
    mounted = os.geteuid() == 0 and subprocess.run(words, check=False, capture_output=True).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(file: Path) -> None:
    """Until nothing goes on the disk any more."""
    with file.open("wb", buffering=0) as ballast:
        for size in (1 << 20, 1 << 12, 1):
            with suppress(OSError):
                while True:
                    os.write(ballast.fileno(), bytes(size))


@contextmanager
def bounded_files(most: int) -> Iterator[None]:
    """No file of this process may grow beyond; what is beyond already stands still."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def full(mounted: bool, folder: Path) -> Iterator[str]:
    """While it lasts the disk takes nothing; the words in which that is told."""
    if not mounted:  # a limit of this process, which SQLite hears of as another error
        with bounded_files(4096):
            yield "the disk"
        return
    fill(folder / "ballast")
    try:
        yield "the disk is full"
    finally:
        (folder / "ballast").unlink()


@pytest.mark.parametrize("size", ["128m", ""], ids=["mounted where that is allowed", "limited files"])
def test_sqlite_on_a_full_disk(tmp_path: Path, size: str) -> None:
    with (
        small_disk(tmp_path, size) if size else _no_disk() as mounted,
        served(tmp_path / "data") as (site, key),
        calling(site, key) as callers,
    ):
        for _ in range(2):
            going_on(callers)
            with full(mounted, tmp_path) as words:
                held_up(callers)
                with site.client(key) as reader:
                    assert reader.get("/cases").status_code == 200
                told = {caller.held_up[-1] for caller in callers}
                assert all(words in one for one in told), told
        going_on(callers)
        for caller in callers:
            caller.done = True
        for caller in callers:
            caller.join(60)
        examine(site, callers)


@contextmanager
def _no_disk() -> Iterator[bool]:
    yield False


@pytest.mark.crash
def test_postgresql_on_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needed()
    with (
        tempfile.TemporaryDirectory(
            prefix="tl-disk-"
        ) as folder,  # pytest's own is closed to the server's user
        small_disk(disk := Path(folder), "512m") as mounted,
    ):
        if not mounted:
            pytest.skip("a file system for PostgreSQL to fill may not be mounted here")
        disk.chmod(0o755)
        monkeypatch.setattr(tempfile, "tempdir", str(disk))
        own = Cluster(durable=True)
        monkeypatch.setattr(tempfile, "tempdir", None)
        try:
            place = own.database("ledger", migrated)
            with served(Shared(place.url, folder=tmp_path / "settings")) as (site, key):
                with calling(site, key) as callers:
                    going_on(callers)
                    fill(disk / "ballast")
                    with suppress(psycopg.Error), own.admin() as admin:
                        admin.execute("SELECT pg_switch_wal()")  # the next write needs a new file
                    held_up(callers)
                    (disk / "ballast").unlink()
                    if own.ended():
                        own.start()
                    going_on(callers)
                examine(site, callers)
        finally:
            own.close()
