"""The demo's sources at work: a thread that sends what the timetable says, as call centre and property desk would."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import structlog

from ledger.candidate import Problem
from ledger.errors import LedgerError
from ledger.tenants import Tenant
from producers.simulator.live import Timetable
from producers.simulator.touch import Touch
from schemas.instants import MINUTE, Instant
from touchline.house import House

log = structlog.get_logger("demo")
CATCH_UP = 15 * MINUTE
"""After a stop the sources send again what they had in the last quarter of an hour; what was kept is kept once."""
LOOK = 0.4
"""Seconds between two looks at the clock."""


class Live:
    """``seeded`` is where the seven days end: what their cases still bring is sent when its time comes."""

    def __init__(
        self,
        house: House,
        tenant: Tenant,
        seeded: Instant,
        first: Instant,
        seed: int,
        rest: Sequence[Touch],
    ) -> None:
        self._house = house
        self._tenant = tenant
        self._timetable = Timetable(tenant=tenant.name, seed=seed, first=first)
        self._rest = [touch for touch in rest if touch.sent > seeded]
        self._rest_from = seeded
        self._live_from = max(first - 1, house.clock.now() - CATCH_UP)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="demo", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                self.step(self._house.clock.now())
            except (
                LedgerError
            ) as error:  # the house is closing, or its disk is full: nothing is lost, it is sent again
                log.warning("demo_not_sent", reason=str(error))
            self._ending.wait(LOOK)

    def step(self, now: Instant) -> int:
        """Send everything whose time has come; how many."""
        due = [touch for touch in self._rest if self._rest_from < touch.sent <= now]
        due += self._timetable.between(self._live_from, now)
        for touch in sorted(due, key=Touch.order):
            answer = self._house.intake.submit_many(self._tenant, touch.source, [touch.cloudevent()])
            (outcome,) = answer.result()
            if isinstance(outcome, Problem):
                log.warning("demo_refused", type=touch.type, field=outcome.field, reason=outcome.reason)
        self._rest_from = self._live_from = now
        return len(due)
