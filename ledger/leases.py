"""Which process runs a tenant's engine where several share a database. Only courtesy: what keeps effects single is the epoch
in the engine row (``ledger.lanes``), and a process that was stopped and thinks it still holds a lease is fenced by that."""

from __future__ import annotations

import os
import secrets
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from time import monotonic

from sqlalchemy import Connection, text

from ledger.errors import HeldElsewhere, NotKept, Stopped
from ledger.ports import Locks
from ledger.writer import Writer

TTL = 5
"""Seconds after which a process that has said nothing is taken for dead."""
RENEW = 1.5
REBUILD = 0
"""Stands in the place of a tenant for the right to rebuild the tables."""
ALERTS = -1
"""Stands in the place of a tenant for the right to send alerts."""
NOTHING = Locks()

_FREE_ONLY = (
    " WHERE leases.owner = excluded.owner OR leases.until < extract(epoch FROM clock_timestamp()) * 1000000"
)
_HOLD = text(
    "INSERT INTO leases (tenant, owner, until)"
    f" SELECT tenant, :owner, (extract(epoch FROM clock_timestamp()) + {TTL}) * 1000000"
    " FROM unnest(CAST(:tenants AS bigint[])) AS wanted (tenant) ORDER BY tenant"
    " ON CONFLICT (tenant) DO UPDATE SET owner = excluded.owner, until = excluded.until"
    f"{_FREE_ONLY} RETURNING tenant"
)
_CLAIM = text(_HOLD.text.replace(_FREE_ONLY, ""))
_FREE = text("DELETE FROM leases WHERE owner = :owner AND tenant = :tenant")
_RELEASE = text("DELETE FROM leases WHERE owner = :owner")


class Leases:
    """Of one process, whose name is new at each start: a process that comes back waits for its own old leases to end."""

    def __init__(self, writer: Writer, owner: str = "") -> None:
        self.owner = owner or f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self._writer = writer
        self._held: frozenset[int] = frozenset()
        self._asked: tuple[int, ...] = ()
        self._when = float("-inf")

    def held(self, tenants: Sequence[int]) -> frozenset[int]:
        """Those of the tenants that are ours to run now; renewed where it is time, and free ones taken."""
        if tuple(tenants) != self._asked or monotonic() - self._when > RENEW:
            asked = monotonic()
            wanted = sorted(tenants)

            def job(connection: Connection) -> frozenset[int]:
                return frozenset(
                    connection.execute(_HOLD, {"owner": self.owner, "tenants": wanted}).scalars()
                )

            self._held = self._writer.call(job, NOTHING)
            self._asked, self._when = tuple(tenants), asked
        return self._held

    def claim(self, tenants: Sequence[int], *, given: bool = False) -> frozenset[int]:
        """Those of the tenants that are free, or ours, now. ``given``: it is not for us to decide whose they are, and they were
        given to us: then all of them are, whoever held them."""
        if not tenants:
            return frozenset()
        told = {"owner": self.owner, "tenants": sorted(tenants)}
        statement = _CLAIM if given else _HOLD
        mine = self._writer.call(lambda conn: frozenset(conn.execute(statement, told).scalars()), NOTHING)
        self._held |= mine
        return mine

    def doubt(self) -> None:
        """We were fenced, so somebody else thinks that it is theirs: ask anew before anything is taken over again. (The clock
        by which we renew stands still while a machine sleeps.)"""
        self._when = float("-inf")

    def renew(self) -> None:
        """What is held, where it is time."""
        if self._asked:
            self.held(self._asked)

    @contextmanager
    def all_of(self, tenants: Sequence[int]) -> Iterator[None]:
        """Hold these and the right to rebuild, renewing them, for as long as it lasts. Raises HeldElsewhere."""
        wanted = (REBUILD, *tenants)
        if self.held(wanted) != frozenset(wanted):
            raise HeldElsewhere
        done = threading.Event()

        def keep() -> None:
            while not done.wait(RENEW):
                with suppress(NotKept, Stopped):  # tried again; too late, the epoch says so
                    self._when = float("-inf")
                    self.held(wanted)

        thread = threading.Thread(target=keep, name="leases", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
            self._writer.call(
                lambda connection: connection.execute(_FREE, {"owner": self.owner, "tenant": REBUILD}),
                NOTHING,
            )

    def release(self) -> None:
        """Let the others have them at once."""
        if self._held:
            self._held, self._when = frozenset(), float("-inf")
            self._writer.call(lambda connection: connection.execute(_RELEASE, {"owner": self.owner}), NOTHING)


class Turn:
    """Something that one of several processes does at a time: ``mine`` says whether that is this one, and keeps it so. May be
    asked from several threads."""

    def __init__(self, writer: Writer, what: int) -> None:
        self._what = what
        self._leases = Leases(writer)

    def mine(self) -> bool:
        """Raises NotKept, Stopped where the database cannot be asked: then it is nobody's."""
        return self._what in self._leases.held((self._what,))

    def over(self) -> None:
        """Let another have it at once."""
        with suppress(NotKept, Stopped):  # it ends by itself
            self._leases.release()
