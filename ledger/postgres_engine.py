"""Connections to PostgreSQL: whose they are, how long they wait, and how a dead peer is noticed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import URL, Engine, NullPool, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from ledger.errors import BadUrl, NoDriver

RECORD, SETS, KEYS = "touchline", "touchline_sets", "touchline_keys"
"""Schemas: of the record and the operational tables, owned by another role; of the rebuildable sets, whose tables the
application makes; of the key store."""

CONNECTING = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
"""Seconds, the last in milliseconds: a peer that is gone without a word is noticed within 15 to 25 s."""

WRITING = """
SET lock_timeout = '5s'; SET statement_timeout = '30s'; SET idle_in_transaction_session_timeout = '15s';
SELECT set_config('synchronous_commit', 'on', false)
    WHERE current_setting('synchronous_commit') IN ('off', 'local', 'remote_write')
"""
"""A process that was stopped in the middle of a slice lets go of its locks after 15 s, whatever became of it."""
READING = """
SET lock_timeout = '5s'; SET statement_timeout = '60s'; SET idle_in_transaction_session_timeout = '5min';
SET default_transaction_isolation = 'repeatable read'; SET default_transaction_read_only = on;
SET plan_cache_mode = force_custom_plan
"""
"""What is read is planned for the tables as they are: a plan kept from empty ones reads them whole, and one for any tenant
looks at the parts of all. What is written goes by key, whose plan the schema tells (``ledger.hot.Among``)."""

PATIENCE = {"writer": 40.0, "reader": 75.0}
"""Seconds that one statement may be under way before the connection is given up (``ledger.postgres_watch``): longer than the
server lets it take."""
PING = 5.0


def url_of(text: str) -> URL:
    """A ``postgresql://`` (or ``postgres://``) URL for psycopg. Raises BadUrl, which never repeats it."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise BadUrl from None
    if url.drivername.partition("+")[0] not in ("postgresql", "postgres") or not url.database:
        raise BadUrl
    return url.set(drivername="postgresql+psycopg")


def shown(text: str) -> str:
    """For people: the URL without its password, and without its options, where one may stand too."""
    url = url_of(text).set(drivername="postgresql", query={})
    return url._replace(password=None).render_as_string(hide_password=True)


def postgres_engine(url: str, *, name: str, settings: str = "", path: str = "", **options: Any) -> Engine:
    """An engine whose connections bear ``name`` (its last word says how patient they are), see the schemas of ``path`` and
    have ``settings``.

    Parameters never appear in its errors: they may be personal data. Raises NoDriver without psycopg, BadUrl.
    """
    try:
        engine = create_engine(
            url_of(url),
            hide_parameters=True,
            connect_args={**CONNECTING, "application_name": name},
            **(options or {"poolclass": NullPool}),
        )
    except ModuleNotFoundError:
        raise NoDriver from None
    patience = PATIENCE.get(name.rpartition(" ")[2], float("inf"))

    @event.listens_for(engine, "do_connect")
    def _made(_: Any, __: Any, arguments: Any, more: Any) -> Any:
        from ledger.postgres_watch import watch

        return watch().connect(patience, *arguments, **more)

    ping = engine.dialect.do_ping

    def _ping(connection: Any) -> bool:
        """Before a connection of a pool is used: whether it still is one is answered soon or not at all."""
        with connection.hurried(PING):
            return ping(connection)

    setattr(engine.dialect, "do_ping", _ping)  # noqa: B010 - a method, which mypy holds to be fixed
    first = f"SET search_path = {path or 'pg_catalog'}; SET client_encoding = 'UTF8'; {settings}"

    @event.listens_for(engine, "connect")
    def _connect(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        given: Any = connection
        was, given.autocommit = given.autocommit, True
        given.execute(first, prepare=False)
        given.autocommit = was

    return engine
