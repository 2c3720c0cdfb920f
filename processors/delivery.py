"""Facts that somebody else brings: checked against the ledger's own chain before an engine sees one (invariant 12).

A transport may lose, double, reorder, forge or withhold; nothing of that changes more than speed. What lies in hand right
behind the decided place is chained from the ledger's hash there, and compared with the ledger's hash at its last place:
equal hashes mean equal bytes. Any difference, any hole, and a head that stays unread are read from the ledger.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from time import monotonic
from typing import NamedTuple

from sqlalchemy import Connection

from ledger.body import fact_event
from ledger.chain import FACTS, Chain
from ledger.ledger import Ledger
from ledger.tenants import Tenant
from schemas.event import Event
from schemas.instants import Instant

PATIENCE = 0.5
"""Seconds that a head may stand unread before it is read from the ledger."""
ROOM = 4096
ROOM_BYTES = 16 << 20
"""Records and bytes of one tenant that are kept in hand."""
FRAME = 256
"""Bytes that a record takes beside its body."""


class Record(NamedTuple):
    """One fact as a transport brings it: believed in nothing. A hash that it may bear proves nothing either."""

    place: int
    recorded: Instant
    body: bytes


class Counts(NamedTuple):
    """Facts that came by the transport, facts read from the ledger, batches that were not what the ledger has, records that
    were there already or had no room."""

    carried: int = 0
    read: int = 0
    refused: int = 0
    doubles: int = 0


class Delivery:
    """What is in hand of one tenant. ``put`` is the transport's, from any thread; ``facts`` the engine's; ``know`` whoever
    has looked at the head of the ledger."""

    def __init__(self, ledger: Ledger, tenant: Tenant, clock: Callable[[], float] = monotonic) -> None:
        self.tenant = tenant
        self._ledger = ledger
        self._clock = clock
        self._chain = Chain(FACTS, tenant.number, tenant.name.encode())
        self._change = threading.Condition()
        self._hand: dict[int, Record] = {}
        self._bytes = 0
        self._behind = 0
        """All up to here was given to the engine."""
        self._last: tuple[int, bytes] | None = None
        """(place, hash) of the last fact given, where it is known."""
        self._heads: list[tuple[int, float]] = []
        """Heads of the ledger that are not read, each with the time when it was first seen: the oldest, the newest."""
        self._closed = False
        self.counts = Counts()

    # -- the transport's side

    def put(self, records: Iterable[Record], patience: float = 0.0) -> int:
        """Take them in hand. Waits up to ``patience`` seconds for room; what finds none then is let go, and will be read
        from the ledger. Returns how many were kept."""
        kept, doubles = 0, 0
        end = monotonic() + patience
        with self._change:
            for record in records:
                if record.place <= self._behind or record.place in self._hand:
                    doubles += 1
                    continue
                while self.full and not self._closed and (left := end - monotonic()) > 0:
                    self._change.wait(left)
                if self.full or self._closed:
                    doubles += 1
                    continue
                self._hand[record.place] = record
                self._bytes += FRAME + len(record.body)
                kept += 1
            self._add(doubles=doubles)
        return kept

    @property
    def full(self) -> bool:
        """Whether there is no room for more."""
        return len(self._hand) >= ROOM or self._bytes >= ROOM_BYTES

    @property
    def crowded(self) -> bool:
        """Whether half of the room is taken."""
        return 2 * len(self._hand) >= ROOM or 2 * self._bytes >= ROOM_BYTES

    def close(self) -> None:
        """The tenant is somebody else's now: nobody waits for room any more."""
        with self._change:
            self._closed = True
            self._change.notify_all()

    # -- the engine's side

    def know(self, head: int) -> None:
        """The ledger has facts up to here."""
        with self._change:
            if head > self._behind and (not self._heads or head > self._heads[-1][0]):
                self._heads = [*self._heads[:1], (head, self._clock())]

    def wanted(self, decided: int) -> float:
        """Seconds until ``facts`` is worth a call; 0: now, infinity: there is nothing that we know of."""
        with self._change:
            self._forget(decided)
            if self._hand:
                return 0.0
            if not self._heads:
                return float("inf")
            return max(0.0, self._heads[0][1] + PATIENCE - self._clock())

    def facts(self, conn: Connection, after: int, most: int) -> list[Event]:
        """``processors.engine.Source``."""
        with self._change:
            self._forget(after)
            run = self._run(after, most)
            hole = min(self._hand) - after - 1 if self._hand and not run else 0
            overdue = bool(self._heads) and self._clock() - self._heads[0][1] >= PATIENCE
        if run:
            events = self._checked(conn, after, run)
            if events is None:
                self._add(refused=1)
                events = self._read(conn, after, min(len(run), most))
        elif hole or overdue:
            events = self._read(conn, after, min(hole, most) if hole else most)
        else:
            return []
        with self._change:
            if not events:  # the ledger has nothing behind that place: whatever lies in hand is not of it
                self._hand.clear()
                self._bytes = 0
                self._heads.clear()
            else:
                self._forget(events[-1].place)
            self._change.notify_all()
        return events

    # -- steps

    def _forget(self, behind: int) -> None:
        """All up to ``behind`` is read."""
        if behind > self._behind:
            for place in [place for place in self._hand if place <= behind]:
                self._bytes -= FRAME + len(self._hand.pop(place).body)
        self._behind = behind
        if self._heads and self._heads[0][0] <= behind:
            self._heads = [one for one in self._heads[1:] if one[0] > behind]

    def _run(self, after: int, most: int) -> list[Record]:
        """What lies in hand right behind ``after``, without a hole."""
        run: list[Record] = []
        while len(run) < most and (record := self._hand.get(after + 1 + len(run))) is not None:
            run.append(record)
        return run

    def _checked(self, conn: Connection, after: int, run: list[Record]) -> list[Event] | None:
        """The run as events; None where it is not what the ledger has there."""
        last = run[-1].place
        known = self._last[1] if self._last is not None and self._last[0] == after else None
        there = self._ledger.fact_hashes(conn, self.tenant, last if known else after, last)
        hashed = known or there.get(after)
        if hashed is None or last not in there:
            return None
        for record in run:
            hashed = self._chain.link(hashed, record.place, record.recorded, record.body)
        if hashed != there[last]:
            self._last = None
            return None
        self._last = (last, hashed)
        self._add(carried=len(run))
        return [fact_event(json.loads(r.body.decode()), r.body, r.place, r.recorded) for r in run]

    def _read(self, conn: Connection, after: int, most: int) -> list[Event]:
        events = self._ledger.facts(conn, self.tenant, after, most)
        self._add(read=len(events))
        return events

    def _add(self, carried: int = 0, read: int = 0, refused: int = 0, doubles: int = 0) -> None:
        with self._change:  # both sides count
            c = self.counts
            self.counts = Counts(c.carried + carried, c.read + read, c.refused + refused, c.doubles + doubles)
