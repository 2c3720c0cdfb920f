"""Letters in SQL: kept, opened, decided. Only sealed text stands in them, and reasons without a word of it; what letters there
are is told by ``lists.py``."""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from ledger.ledger import Ledger
from ledger.ports import Locks
from ledger.seal import Erased, seal, unseal
from ledger.tenants import Tenant
from producers.inbox.letter import Content, Decision, Gone, Kept
from producers.inbox.tables import DEAD, DISCARDED, OPEN, WAITING, letters
from schemas.identity import named

NS_LETTER = uuid.UUID("6f1c8a52-8f0e-5d3b-9a41-2c7be5d0a120")
CLASS = "letter"
"""The retention class of their keys."""


class Letters:
    """Of all tenants of a ledger. Opened from any thread; what writes gives a future, done after the commit."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def keep(
        self,
        tenant: Tenant,
        source: str,
        own_id: str,
        essence: str,
        content: Content,
        decision: Decision | None = None,
    ) -> Future[Kept]:
        """Keep a delivery, durably. ``own_id``: the sender's, where there is one; else the content tells it apart. It waits to
        be mapped, unless the ``decision`` is made."""
        keys = self._ledger.keys
        told = b"id\0" + own_id.encode() if own_id else b"content\0" + content.text().encode()
        digest = hmac.digest(keys.token_key(tenant.name, source), told, "sha256")
        letter = named(NS_LETTER, digest + tenant.name.encode() + b"\0" + source.encode())
        text = content.text()

        def job(connection: Connection) -> Kept:
            c = letters.c
            known = connection.execute(
                select(c.id, c.place).where(
                    c.tenant == tenant.number, c.source == source, c.delivery == digest
                )
            ).first()
            if known is not None:
                return Kept(known[0], known[1], fresh=False)
            last = connection.scalar(select(func.max(c.place)).where(c.tenant == tenant.number))
            place = int(last or 0) + 1
            key = keys.sealing(tenant.name, letter, CLASS).key
            row: dict[str, Any] = dict.fromkeys(c.keys(), "")
            row |= dict.fromkeys(("faults", "events", "decided", "opened"), 0)
            row |= {
                "tenant": tenant.number,
                "place": place,
                "id": letter,
                "source": source,
                "delivery": digest,
                "media": essence,
                "size": len(content.body),
                "received": self._ledger.clock.now(),
                "state": WAITING,
                "keyed": 1,
                "sealed": seal(key, text, tenant.name, letter, CLASS, letter, CLASS),
            }
            if decision is not None:
                row |= {name: getattr(decision, name) for name in Decision.__slots__}
                row["decided"] = row["received"]
            connection.execute(insert(letters).values(row))
            return Kept(letter, place, fresh=True)

        return self._ledger.writer.submit(job, Locks.counter(tenant.number))

    def content(self, tenant: Tenant, letter: str) -> Content:
        """What was sent. Raises Gone, KeyMissing, Unsealable."""
        with self._ledger.database.read() as connection:
            sealed = connection.scalar(
                select(letters.c.sealed).where(letters.c.tenant == tenant.number, letters.c.id == letter)
            )
        if not sealed:
            raise Gone(letter)
        key = self._ledger.keys.key(tenant.name, letter, CLASS)
        if isinstance(key, Erased):
            raise Gone(letter)
        return Content.of(unseal(key, sealed, tenant.name, letter, CLASS, letter, CLASS))

    def decide(self, tenant: Tenant, place: int, was: str, decision: Decision, by: str = "") -> Future[bool]:
        """Unless it was decided meanwhile by somebody else, whose word then stands: False."""
        values: dict[str, Any] = {name: getattr(decision, name) for name in Decision.__slots__}
        values |= {"decided": self._ledger.clock.now(), "by": by}
        if decision.state not in OPEN:
            values["sealed"] = ""
        return self._ledger.writer.submit(
            partial(_change, tenant=tenant.number, place=place, was=was, values=values),
            Locks.counter(tenant.number),
        )

    def discard(self, tenant: Tenant, letter: str, cause: str, by: str) -> Future[bool]:
        """Destroy a dead letter's content, for good; False where it is not dead."""
        values = {
            "state": DISCARDED, "sealed": "", "cause": cause, "by": by, "decided": self._ledger.clock.now(),
        }  # fmt: skip
        return self._ledger.writer.submit(
            partial(_change, tenant=tenant.number, letter=letter, was=DEAD, values=values),
            Locks.counter(tenant.number),
        )

    def looked_at(self, tenant: Tenant, letter: str, by: str) -> Future[bool]:
        """Write down that somebody opens it; before they do."""
        values = {"opened": self._ledger.clock.now(), "opened_by": by}
        return self._ledger.writer.submit(
            partial(_change, tenant=tenant.number, letter=letter, was="", values=values),
            Locks.counter(tenant.number),
        )

    def tidy(self, tenants: Sequence[Tenant]) -> None:
        """Destroy the keys of letters that need none. After the letters themselves say so: a crash in between leaves a key
        that opens nothing, for the next time."""
        names = {tenant.number: tenant.name for tenant in tenants}
        c = letters.c
        shut = select(c.tenant, c.place, c.id).where(c.tenant.in_(names), c.keyed == 1, c.state.not_in(OPEN))

        def job(connection: Connection) -> int:
            found = connection.execute(shut.limit(64)).all()
            for number, place, letter in found:
                self._ledger.keys.destroy(names[number], letter)
                at = update(letters).where(c.tenant == number, c.place == place)
                connection.execute(at.values(keyed=0))
            return len(found)

        with self._ledger.database.read() as connection:
            if connection.execute(shut.limit(1)).first() is None:
                return  # as nearly always
        while self._ledger.writer.call(job) == 64:
            pass


def _change(
    connection: Connection,
    tenant: int,
    was: str,
    values: dict[str, Any],
    place: int = 0,
    letter: str = "",
) -> bool:
    """Writer job. ``was`` "": whatever its state."""
    c = letters.c
    statement = update(letters).where(c.tenant == tenant, c.id == letter if letter else c.place == place)
    if was:
        statement = statement.where(c.state == was)
    return bool(connection.execute(statement.values(**values)).rowcount)
