"""The assignment: the tenants that a worker runs, those that its transport gave it and those that nobody has.

``give``, ``take``, ``partitions``, ``of`` and ``held`` are called from any thread, the rest from the worker's own. A partition
goes by its tenant's number.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic

from ledger.errors import NotKept, Stopped
from ledger.lanes import Cut
from ledger.leases import RENEW, Leases
from ledger.ledger import Ledger
from ledger.tenants import Tenant
from processors.delivery import Delivery
from processors.engine import Engine
from schemas.instants import Instant

ORPHANED = 10.0
"""Seconds without a change of our assignment after which tenants that nobody holds are run here."""


@dataclass(slots=True)
class Held:
    """One assigned tenant. ``epoch``: that which we raised; None before."""

    delivery: Delivery
    engine: Engine | None = None
    epoch: int | None = None
    due: Instant = 0
    """The next instant at which a row has more to say; 0: not asked yet."""
    asked: float = float("-inf")
    """When it was asked (monotonic seconds)."""
    cut: Cut | None = None
    """Taken, and not folded up to yet."""
    revoked: bool = False
    fenced: float = 0.0
    """When we were fenced (monotonic seconds); 0: we were not."""
    head: int = 0
    decided: int = 0
    moved: float = 0.0
    """When the decided place last moved, or had reached the head (monotonic seconds)."""

    def age(self) -> float:
        """Seconds for which the decided place has stood still though there is more to decide."""
        return monotonic() - self.moved if self.head > self.decided else 0.0


class Assignment:
    """See the module's docstring. Without ``leases`` nothing is run that was not given."""

    def __init__(self, ledger: Ledger, leases: Leases | None) -> None:
        self._ledger = ledger
        self._leases = leases
        self._leased = 0.0
        self._lock = threading.Lock()
        self._given: dict[int, Held | None] = {}
        """None: no such tenant is known yet."""
        self._adopted: dict[int, Held] = {}
        """Tenants that nobody has."""
        self._changed = monotonic()

    def give(self, partitions: Iterable[int]) -> None:
        """These are ours from now on, beside those that are already."""
        with self._lock:
            for number in partitions:
                self._given.setdefault(number, None)
            self._changed = monotonic()

    def take(self, partitions: Iterable[int]) -> None:
        """These are not ours any more; what is in hand of them is dropped."""
        with self._lock:
            gone = [self._given.pop(number, None) for number in partitions]
            self._changed = monotonic()
        for held in gone:
            if held is not None:
                held.revoked = True
                held.delivery.close()

    def partitions(self) -> frozenset[int]:
        """Those that were given."""
        with self._lock:
            return frozenset(self._given)

    def of(self, partition: int) -> Held | None:
        """The tenant of a partition that was given; None where it was not, is not known yet or is run by another process."""
        with self._lock:
            held = self._given.get(partition)
        return None if held is None or held.fenced else held

    def held(self) -> dict[int, Held]:
        """The tenants that are run here: those given that are known, and those that nobody has."""
        with self._lock:
            given = {number: held for number, held in self._given.items() if held is not None}
            return {**self._adopted, **given}

    def meet(self, tenants: Collection[int]) -> None:
        """Run what was given, where the ledger knows by now whose it is."""
        with self._lock:
            met = [number for number, held in self._given.items() if held is None and number in tenants]
        if not met:
            return
        known = self._known()
        if self._leases is not None:  # before the epoch is raised: who is fenced by that finds the lease gone
            self._leases.claim(met, given=True)
        for number in met:
            held = self._adopted.pop(number, None) or self._made(known[number])
            with self._lock:
                if number in self._given:  # nobody else sets it
                    self._given[number] = held

    def lease(self, tenants: Iterable[int]) -> None:
        """Say that what was given is run, and run what nobody has: while the topic is gone, before it has a partition for a
        new tenant, while no broker answers. Who is given such a tenant takes it over as any other."""
        if self._leases is None or monotonic() - self._leased < RENEW:
            return
        self._leased = monotonic()
        with self._lock:
            given = {n for n, held in self._given.items() if held is not None and not held.fenced}
            others = [n for n in tenants if n not in self._given]
            settled = monotonic() - self._changed > ORPHANED
        self._leases.claim(sorted(given), given=True)
        mine = self._leases.claim(others if settled else [n for n in others if n in self._adopted])
        known = self._known() if mine - set(self._adopted) else {}
        with self._lock:
            self._adopted = {n: self._adopted.get(n) or self._made(known[n]) for n in sorted(mine)}

    def let_go(self, held: Held) -> None:
        """Another process runs it."""
        number = held.delivery.tenant.number
        with self._lock:
            if self._adopted.get(number) is held:
                del self._adopted[number]
                self._changed = monotonic()
        held.engine, held.fenced = None, monotonic()
        held.delivery.close()

    def release(self) -> None:
        """Leave everything to others."""
        if self._leases is not None:
            with suppress(NotKept, Stopped):  # leases end by themselves
                self._leases.release()

    def _known(self) -> dict[int, Tenant]:
        return {tenant.number: tenant for tenant in self._ledger.tenants()}

    def _made(self, tenant: Tenant) -> Held:
        return Held(Delivery(self._ledger, tenant), moved=monotonic())
