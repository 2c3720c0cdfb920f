"""Persons erased, and their letters with them: before the index goes by which they are known in these.

A dead letter that names them alone is discarded: first its text goes, then its key. One that names others too stays, with a
*bar* (``bars.py``). A letter that waits is mapped first: what it says is theirs then, and goes with their keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, func, select, update

from ledger.ports import Locks
from ledger.tenants import Tenant
from producers.erasure import SOURCE
from producers.inbox.bars import PREFIX, Bar, waited_for
from producers.inbox.letters import CLASS
from producers.inbox.lists import there
from producers.inbox.naming import PAGE, Found, Naming, Whom
from producers.inbox.tables import DEAD, DISCARDED, WAITING, letters

if TYPE_CHECKING:
    from ledger.ledger import Ledger
    from producers.inbox.inbox import Inboxes

ERASED: Final = "erased_with_person"
"""Why a letter was discarded."""
NAMES_ERASED: Final = "names_erased_person"
"""Of a letter that is dead still: what it says of somebody who was erased goes when it is replayed or discarded."""
_TOGETHER: Final = 256


class Forgetting:
    """Raises the ledger's errors; what was done stays done, and all of it may be done again."""

    def __init__(self, ledger: Ledger, inboxes: Inboxes) -> None:
        self._ledger = ledger
        self._inboxes = inboxes
        self._naming = Naming(ledger)

    def erase(self, tenant: Tenant, persons: Sequence[str]) -> None:
        """Each person's letters, then keys and index. Begun anew where a letter that names them came meanwhile."""
        left = list(persons)
        while left:
            if self._inboxes.lists.waiting(1):
                self._inboxes.settle()
            whom = self._naming.whom(tenant, left)
            upto, shared = self._cut(tenant, whom)
            self._inboxes.letters.tidy([tenant])
            with self._inboxes.still():  # a replay in hand would bring back what it has read
                while left and self._gone(tenant, left[0], whom, upto, shared):
                    del left[0]

    def left(self, tenant: Tenant) -> dict[str, list[str]]:
        """Person -> letters that stay, for each whose erasure waits for some; bars of letters that are gone are taken away."""
        found, gone = waited_for(self._ledger, tenant)
        if gone:
            self._inboxes.letters.tidy([tenant])
            self._ledger.writer.call(partial(self._unbar, gone=gone))
        return found

    def _unbar(self, _: Connection, gone: Sequence[str]) -> None:
        """Writer job."""
        for letter in gone:
            self._ledger.keys.keep_secret(PREFIX + letter, None)

    def sweep(self, tenant: Tenant) -> None:
        """Destroy keys of letters whose text is gone, which an older key store brought back: an older record may follow it."""
        last = ""
        while page := self._ledger.keys.of_class(tenant.name, CLASS, last, _TOGETHER):
            last = page[-1]
            with self._ledger.database.read() as connection:
                stale = set(page) - there(connection, tenant, page)
            if stale:
                self._ledger.writer.call(
                    partial(self._close, tenant=tenant, stale=sorted(stale)), Locks.counter(tenant.number)
                )

    def _close(self, connection: Connection, tenant: Tenant, stale: Sequence[str]) -> None:
        """Writer job. One that is just being kept stands by now, since its keeper held the same lock."""
        for letter in sorted(set(stale) - there(connection, tenant, stale)):
            self._ledger.keys.destroy(tenant.name, letter)

    def _cut(self, tenant: Tenant, whom: Whom) -> tuple[int, list[Found]]:
        """Discard and mark. Up to which place it was looked, -1 where one of theirs waits to be mapped; and which stay."""
        with self._ledger.database.read() as connection:
            last = select(func.max(letters.c.place)).where(letters.c.tenant == tenant.number)
            upto = int(connection.scalar(last) or 0)
        shared: list[Found] = []
        found = self._naming.letters(tenant, whom)
        while part := list(islice(found, _TOGETHER)):
            if any(one.state == WAITING for one in part):
                upto = -1
            gone = [one.letter for one in part if one.state == DEAD and one.alone]
            stay = [one for one in part if one.state == DEAD and not one.alone]
            job = partial(self._decided, tenant=tenant, gone=gone, stay=[one.letter for one in stay])
            self._ledger.writer.call(job, Locks.counter(tenant.number))
            shared += stay
        return upto, shared

    def _decided(
        self, connection: Connection, tenant: Tenant, gone: Sequence[str], stay: Sequence[str]
    ) -> None:
        """Writer job. What was replayed or discarded meanwhile is as somebody else has it."""
        dead = update(letters).where(letters.c.tenant == tenant.number, letters.c.state == DEAD)
        said = {"state": DISCARDED, "sealed": "", "cause": ERASED, "by": SOURCE}
        now = self._ledger.clock.now()
        connection.execute(dead.where(letters.c.id.in_(gone)).values(**said, decided=now))
        connection.execute(dead.where(letters.c.id.in_(stay)).values(cause=NAMES_ERASED))

    def _gone(self, tenant: Tenant, person: str, whom: Whom, upto: int, shared: Sequence[Found]) -> bool:
        job = partial(self._destroy, tenant=tenant, person=person, whom=whom, upto=upto, shared=shared)
        return self._ledger.writer.call(job, Locks.counter(tenant.number))

    def _destroy(
        self,
        connection: Connection,
        tenant: Tenant,
        person: str,
        whom: Whom,
        upto: int,
        shared: Sequence[Found],
    ) -> bool:
        """Writer job: keys, index and tombstone; and in the same transaction of the key store the bars. False, and nothing
        done, where a letter of theirs came after ``upto``, or they are known by more than when it was looked."""
        ledger, keys = self._ledger, self._ledger.keys
        entries = ledger.persons.entries(tenant.name, [person], keys.connection)
        came = self._naming.held(connection, tenant, upto, PAGE)
        if upto < 0 or len(came) == PAGE or not entries.keys() <= whom.entries.keys():
            return False
        opened = self._naming.opened(keys.connection, tenant, came)
        if any(self._naming.look(tenant, row.source, content, whom).named for row, content in opened):
            return False
        for one in shared:
            if person in one.persons:
                name = PREFIX + one.letter
                bar = Bar.of(keys.held_secret(name), tenant.name)
                keys.keep_secret(name, bar.with_(person, entries).stored())
        keys.erase(tenant.name, person, ledger.clock.now())
        return True
