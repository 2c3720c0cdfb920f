"""A real PostgreSQL for tests: the machine's own binaries, started for this test process, a fresh database for each test.

In a test, ask for the fixture ``postgres`` (tests/conftest.py), a ``Place``: an empty database of its own with the
three roles of production. ``place.url`` is the application's, ``place.owner`` owns the tables, ``place.admin`` is the
superuser's; ``place.tcp`` is the application's over 127.0.0.1 (for proxies that cut connections). The cluster is
started when the first test asks, once per process, as user postgres or nobody where we are root, and listens on a
socket in a private folder. Databases are copies of a template where one was made (``Cluster.database``).

What is claimed about durability needs ``Cluster(durable=True)``: the shared one runs with fsync off. ``kill`` and
``start`` are for crash tests, on a cluster of their own.

The fixture ``place`` is what a contract suite runs over: a folder for SQLite, then a ``Place`` whose tables are made;
``tests.kit.places.opened`` opens either.

``TOUCHLINE_TEST_DATABASE=postgresql://superuser@host/postgres`` uses a running server instead (crash tests are
skipped then). Without either, tests that ask are skipped with one loud line, and with CI=true they fail.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
import pytest

from ledger.migrating import migrate
from tests.kit.memory import memory

MISSING = "POSTGRESQL IS MISSING: what is claimed of it was NOT tested (apt-get install postgresql)"
OWNER, APPLICATION = "touchline_owner", "touchline_app"
OURS = "made by the tests of touchline"


def binaries() -> Path | None:
    """The folder of initdb and postgres, the newest version where there are several."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: float(p.parent.parent.name)
    )
    if found:
        return found[-1].parent
    there = shutil.which("initdb")
    return Path(there).resolve().parent if there else None


@dataclass(frozen=True, slots=True)
class Place:
    """One database. Each but ``data`` is a ``postgresql://`` URL."""

    url: str
    owner: str
    admin: str
    tcp: str
    data: Path | None = None
    """The server's own folder, where it is ours."""

    def stored(self) -> Iterator[tuple[str, bytes]]:
        """(name, bytes) of everything that the server has on its disk: all databases, the write-ahead log too."""
        if self.data is None:
            pytest.skip("the disk of a given PostgreSQL is not ours to read")
        with psycopg.connect(self.admin, autocommit=True) as connection:
            connection.execute("CHECKPOINT")
        for folder, _, names in os.walk(self.data):
            for name in names:
                try:
                    yield name, Path(folder, name).read_bytes()
                except FileNotFoundError:  # the server tidies up
                    continue


class Cluster:
    """A server of our own in a folder of its own; ``close`` ends it and removes the folder."""

    def __init__(self, *, durable: bool = False) -> None:
        where = binaries()
        if where is None:
            raise FileNotFoundError(MISSING)
        self._bin = where
        self.folder = Path(tempfile.mkdtemp(prefix="tl-pg-", dir=None if durable else memory()))
        self._durable = durable
        self._user = _other_user()
        if self._user is not None:
            os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
        self.port = _free_port()
        self._password = secrets.token_hex(8)
        self._server: subprocess.Popen[bytes] | None = None
        self._made = 0
        self._templates: dict[str, str] = {}
        options = ("--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C")
        self._run("initdb", *options, "-D", "data")
        hba = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
        (self.folder / "data" / "pg_hba.conf").write_text(hba, encoding="ascii")
        self.start()
        with self.admin() as connection:
            for role in (OWNER, APPLICATION):
                connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{self._password}'")

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._bin / program, *arguments], cwd=self.folder, check=True, capture_output=True, **self._as()
        )

    def _as(self) -> dict[str, Any]:
        if self._user is None:
            return {}
        return {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}

    def start(self) -> None:
        """Start the server (again) and wait until it answers."""
        options = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(self.folder),
            "fsync": "on" if self._durable else "off",
            "full_page_writes": "on" if self._durable else "off",
            "shared_buffers": "32MB",
            "max_connections": "100",
            "autovacuum": "off",
            "recovery_init_sync_method": "syncfs",
            "log_min_messages": "warning",
        }
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                [self._bin / "postgres", "-D", "data", *settings],
                cwd=self.folder,
                stdout=log,
                stderr=log,
                **self._as(),
            )
        end = time.monotonic() + 60
        while True:
            try:
                self.admin().close()
                return
            except psycopg.OperationalError:
                if self._server.poll() is not None or time.monotonic() > end:
                    raise RuntimeError((self.folder / "log").read_text(errors="replace")[-2000:]) from None
                time.sleep(0.02)

    def kill(self) -> None:
        """End it as a power cut would: every process of it at once, nothing written any more."""
        assert self._server is not None
        children = Path(f"/proc/{self._server.pid}/task/{self._server.pid}/children").read_text().split()
        os.kill(self._server.pid, signal.SIGKILL)
        for child in children:
            try:
                os.kill(int(child), signal.SIGKILL)
            except ProcessLookupError:
                continue
        self._server.wait(60)
        (self.folder / "data" / "postmaster.pid").unlink(missing_ok=True)

    def ended(self, within: float = 5.0) -> bool:
        """Whether the server ends by itself (a panic) within so many seconds."""
        assert self._server is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._server.wait(within)
        return self._server.poll() is not None

    def admin(self, database: str = "postgres") -> psycopg.Connection[Any]:
        """The superuser's connection, autocommit."""
        return psycopg.connect(self._url("postgres", database), autocommit=True)

    def database(self, key: str = "", prepare: Callable[[Place], None] | None = None) -> Place:
        """A fresh database. With ``key``: a copy of what ``prepare`` made once under that key, which is far quicker."""
        template = "template1"
        if key:
            if key not in self._templates:
                made = self.database()
                if prepare is not None:
                    prepare(made)
                self._templates[key] = urlsplit(made.url).path.removeprefix("/")
            template = self._templates[key]
        self._made += 1
        name = f"t{os.getpid()}_{self._made}"
        strategy = "wal_log" if self._durable else "file_copy"  # which costs half where no disk is waited for
        with self.admin() as connection:
            connection.execute(
                f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE {template} STRATEGY {strategy}"
            )
        return Place(
            url=self._url(APPLICATION, name),
            owner=self._url(OWNER, name),
            admin=self._url("postgres", name),
            tcp=f"postgresql://{APPLICATION}:{self._password}@127.0.0.1:{self.port}/{name}",
            data=self.folder / "data",
        )

    def twin(self, place: Place) -> Place:
        """A copy of a database as it stands, as a backup of the whole server would bring it back. Nobody may be connected."""
        name = urlsplit(place.url).path.removeprefix("/")
        with self.admin() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = %s", (name,)
            )
        self._templates[name] = name
        try:
            return self.database(name)
        finally:
            del self._templates[name]

    def ledger(self) -> Place:
        """A fresh database with this version's tables, as its owner makes them, and no ledger in it yet."""
        return self.database("ledger", migrated)

    def drop(self, place: Place) -> None:
        """Remove a database; who is still connected is thrown out."""
        name = urlsplit(place.url).path.removeprefix("/")
        with self.admin() as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _url(self, role: str, database: str) -> str:
        return f"postgresql://{role}@/{database}?host={quote(str(self.folder), safe='')}&port={self.port}"

    def close(self) -> None:
        if self._server is not None and self._server.poll() is None:
            self._server.send_signal(signal.SIGQUIT)  # immediate: nothing in it is kept
            self._server.wait(60)
        shutil.rmtree(self.folder, ignore_errors=True)


class Given(Cluster):
    """The server that ``TOUCHLINE_TEST_DATABASE`` names, with a superuser's URL. It can be neither killed nor started."""

    def __init__(self, url: str) -> None:
        self._given = urlsplit(url)
        self._password = hashlib.sha256(url.encode()).hexdigest()[:16]  # that of every test process
        self._durable = True  # as far as we know
        self._made = 0
        self._templates = {}
        self.folder, self.port = Path(), 0
        with self.admin() as connection, connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('touchline.tests', 0))")
            for role in (OWNER, APPLICATION):
                said = "SELECT shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = %s"
                found = connection.execute(said, (role,)).fetchone()
                if found is None:
                    connection.execute(f"CREATE ROLE {role} LOGIN")
                    connection.execute(f"COMMENT ON ROLE {role} IS '{OURS}'")
                elif found[0] != OURS:
                    pytest.fail(f"this PostgreSQL has a role {role} that no test made: take another server")
                connection.execute(f"ALTER ROLE {role} PASSWORD '{self._password}'")

    def admin(self, database: str = "postgres") -> psycopg.Connection[Any]:
        return psycopg.connect(urlunsplit(self._given._replace(path=f"/{database}")), autocommit=True)

    def _url(self, role: str, database: str) -> str:
        if role == "postgres":
            return urlunsplit(self._given._replace(path=f"/{database}"))
        host = self._given.netloc.rpartition("@")[2]
        netloc = f"{role}:{self._password}@{host}"
        return urlunsplit(self._given._replace(netloc=netloc, path=f"/{database}"))

    def database(self, key: str = "", prepare: Callable[[Place], None] | None = None) -> Place:
        made = super().database(key, prepare)
        return Place(url=made.url, owner=made.owner, admin=made.admin, tcp=made.url)

    def start(self) -> None:
        pytest.skip("a given PostgreSQL is not started by tests")

    def kill(self) -> None:
        pytest.skip("a given PostgreSQL is not killed by tests")

    def close(self) -> None:
        with self.admin() as connection:
            for name in self._templates.values():
                connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def shared() -> Cluster:
    """The cluster of this test process. Skips, or fails with CI=true, where there is no PostgreSQL."""
    if given := os.environ.get("TOUCHLINE_TEST_DATABASE"):
        return Given(given)
    needed()
    return Cluster()


def migrated(place: Place) -> None:
    """What the owner runs before the application is started."""
    migrate(place.owner, APPLICATION)


def needed() -> None:
    """Skip, or fail with CI=true, where there is no PostgreSQL."""
    if binaries() is None:
        if os.environ.get("CI") == "true":
            pytest.fail(MISSING)
        pytest.skip(MISSING)


def _other_user() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("root without a user postgres or nobody to run PostgreSQL as")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
