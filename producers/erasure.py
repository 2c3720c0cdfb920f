"""Erasing a person (个人信息删除; domain.md appendix A.3, art. 47), finished whatever cut it.

``privacy.erasure_requested`` is appended; dead letters that name the person are discarded, while the index can tell; one
key-store transaction destroys keys and index and writes the tombstone; the key store's files are scrubbed;
``privacy.erasure_executed`` is appended, unless letters that name others too are left: then when they are gone. Each step is
done again where it may not have been, from what the facts and the key store say, so that a crash at any of them, or an older
copy of either file, ends the same: facts of both kinds, a tombstone, no key.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ledger.candidate import Problem
from ledger.clock import Clock
from ledger.ledger import Ledger
from ledger.tenants import Tenant
from producers.erasure_index import EXECUTED, REQUESTED, Erasure, follow, listed
from schemas.instants import Instant, format_instant

if TYPE_CHECKING:  # a command that reads looks for erasures, and takes nothing in
    from producers.inbox.forgetting import Forgetting
    from producers.intake import Intake

SOURCE = "touchline"
"""The source of what Touchline itself states; no key has it."""
RESTORED = "record_restored"
"""Basis of an execution that only the key store knew of: the record is older than it."""
SAFETY = 10.0
"""Seconds after which it looks again even if nobody woke it: another process may have left something undone."""
WAIT = 60.0
"""Seconds for one commit."""
PATIENCE = 5.0
"""Seconds for which a reader of the key store's file is waited for."""


class NotScrubbed(Exception):
    """A reader of the key store is in the way of its write-ahead log; it is tried again."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What ``settle`` found to do. ``erased``: persons whose keys were destroyed by it; ``again``: those of them who had been
    erased before, in a key store that a backup has replaced; ``executed``: facts appended; ``stated_again``: those of them
    that a restored record lacked."""

    erased: int = 0
    again: int = 0
    executed: int = 0
    stated_again: int = 0

    def __add__(self, more: Settled) -> Settled:
        return Settled(
            self.erased + more.erased,
            self.again + more.again,
            self.executed + more.executed,
            self.stated_again + more.stated_again,
        )


class Erasures:
    """``settle`` does on the caller's thread what is left to do; ``start`` has it done whenever a request was kept."""

    def __init__(
        self,
        ledger: Ledger,
        intake: Intake,
        clock: Clock,
        letters: Callable[[], Forgetting],
        *,
        patience: float = PATIENCE,
    ) -> None:
        """``letters`` is called when somebody is to be erased."""
        self._letters = letters
        self._patience = patience
        self._owing: set[int] = set()
        """Tenants with a tombstone that no fact asked for, and that waits for letters."""
        self._ledger = ledger
        self._intake = intake
        self._clock = clock
        self._one = threading.Lock()
        self._wake = threading.Event()
        self._pause = threading.Event()
        self._ending = False
        self._thread: threading.Thread | None = None

    def settle(self, *, all_of_it: bool = False) -> Settled:
        """Finish every request that is not executed. ``all_of_it`` (at the start): hold every erasure there ever was
        against the key store, and every tombstone against the record. Raises NotScrubbed and the ledger's errors; what
        was done stays done."""
        done = Settled()
        with self._one:
            for tenant in self._ledger.tenants():
                done += self._settle(tenant, all_of_it)
        return done

    def _settle(self, tenant: Tenant, all_of_it: bool) -> Settled:
        ledger = self._ledger
        all_of_it = all_of_it or tenant.number in self._owing
        follow(ledger, tenant)
        with ledger.database.read() as connection:
            known = listed(connection, tenant)
        waiting = [one for one in known if not one.executed]
        if not waiting and not all_of_it:
            return Settled()
        stones = ledger.erased(tenant)
        held = {one.person for one in (known if all_of_it else waiting)}
        open_ = sorted((held - stones.keys()) | set(ledger.keys.revived(tenant.name)))
        before = {one.person for one in known if one.executed}
        again = len(before.intersection(open_))
        if open_:
            self._letters().erase(tenant, open_)
        if open_ and (again or all_of_it):  # the key store may be an older one
            self._letters().sweep(tenant)
        unsaid = sorted(stones.keys() - {one.person for one in known}) if all_of_it else []
        if waiting or unsaid or open_:
            self._scrubbed()
        stones = ledger.erased(tenant)
        left = self._letters().left(tenant) if waiting or unsaid else {}
        stated = [one for one in waiting if one.person not in left]
        restored = [person for person in unsaid if person not in left]
        for one in stated:
            self._state(tenant, one, stones[one.person])
        for person in restored:
            self._state(tenant, Erasure("", person, RESTORED, 0), stones[person])
        if stated or restored:
            follow(ledger, tenant)
        (self._owing.discard if restored == unsaid else self._owing.add)(tenant.number)
        return Settled(
            erased=len(open_),
            again=again,
            executed=len(stated) + len(restored),
            stated_again=len(restored),
        )

    def _scrubbed(self) -> None:
        """Nothing is said to be destroyed while it stands in a file."""
        end = time.monotonic() + self._patience
        while not self._ledger.keys.scrubbed:
            self._ledger.writer.call(lambda _: None)  # each commit tries again
            if not self._ledger.keys.scrubbed:
                if self._ending or time.monotonic() > end:
                    raise NotScrubbed
                self._pause.wait(0.05)

    def _state(self, tenant: Tenant, one: Erasure, erased: Instant) -> None:
        """Append that it was done, at the instant of the tombstone; the id follows from what it answers, so that it is kept
        once whoever states it."""
        raw = {
            "specversion": "1.0",
            "id": f"erased/{one.event_id or one.person}",
            "source": SOURCE,
            "type": EXECUTED,
            "time": format_instant(erased),
            "data": {
                "subject_ref": one.person,
                **({"basis": one.basis} if one.basis else {}),
                **({"request": one.event_id} if one.event_id else {}),
            },
        }
        outcome = self._intake.submit_one(tenant, SOURCE, raw, system=True).result(WAIT)
        if (
            isinstance(outcome, Problem) and outcome.code != "duplicate_conflict"
        ):  # stated before, of an older tombstone
            raise RuntimeError(f"{EXECUTED} was refused: {outcome.field}: {outcome.reason}")

    # While serving.

    def start(self) -> None:
        """On a thread of its own, woken by each request that is kept."""
        self._intake.watch(REQUESTED, self.wake)
        self._thread = threading.Thread(target=self._run, name="erasure", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Something is there to be settled, or may be."""
        self._wake.set()

    def stop(self) -> None:
        """Finish what is in hand and end; what is left is done at the next start."""
        self._ending = True
        self._wake.set()
        self._pause.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        import structlog  # a command that writes needs it not

        log = structlog.get_logger("erasure")
        told = ""
        while not self._ending:
            self._wake.clear()
            try:
                done = self.settle()
                told = ""
                if done.erased or done.executed:
                    log.info("erased", persons=done.erased, stated=done.executed)
            except Exception as error:  # a full disk, a reader in the way: nothing is lost, it is done again
                if self._ending:
                    return
                if told != type(error).__name__:
                    told = type(error).__name__
                    log.error("erasure_held_up", error=told)
                self._wake.wait(1.0)
                continue
            self._wake.wait(SAFETY)
