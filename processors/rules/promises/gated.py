"""Gates (先后顺序): BY at or before the gate event; a breach bears the gate's instant (S18)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from processors.rules.promises.dating import Dated, warned_before
from processors.rules.promises.docket import known, parsed
from processors.rules.promises.openings import Opening
from processors.rules.promises.paths import instant
from processors.rules.promises.promise import BORN_LATE_GRACE
from processors.rules.promises.running import Matter, Running
from processors.rules.promises.settle import Found, settle
from processors.rules.protocol import Evidence
from processors.rules.workdays import NoCalendar
from schemas.instants import NEVER, Instant

if TYPE_CHECKING:
    from processors.rules.policies import Bound


def gated(matter: Matter, opening: Opening, bound: Bound) -> list[Running]:
    """One promise for the first gate event, or for each; one that is open while none has come."""
    gate = bound.terms.gate
    gates = matter.docket.of(gate) if gate is not None else []
    if not gates:
        return [Gated(matter, opening, bound, None, -NEVER, "")]
    if not bound.terms.each:
        return [Gated(matter, opening, bound, gates[0], -NEVER, "")]
    made: list[Running] = []
    since = -NEVER
    for entry in gates:
        made.append(Gated(matter, opening, bound, entry, since, entry.root))
        since = entry.time + 1
    return made


class Gated(Running):
    """``since``: BY counts from there on. Called after nothing but its keys, as an earlier trigger may arrive late."""

    def __init__(
        self,
        matter: Matter,
        opening: Opening,
        bound: Bound,
        gate: Evidence | None,
        since: Instant,
        root: str,
    ) -> None:
        self.gate, self.since, self._root = gate, since, root
        super().__init__(matter, opening, bound)

    def _begin(self) -> None:
        self.root = self._root
        if self.gate is not None:
            self.opened = min(self.opened, self.gate.time)

    def _date(self) -> Dated:
        if self.gate is None:
            return self._plan()
        if (entered := known(self.gate)) > self.gate.time:
            # the paper of a batch comes in any order: what the gate asks for may stand in its next line
            self.confirm = entered + BORN_LATE_GRACE
        length, at, unknown = self.terms.confirm, self.gate.time, False
        if length is not None:
            try:
                self.confirm = max(self.confirm, self.calendars.ask(lambda one: one.add(at, length)) + 1)
            except NoCalendar:  # nothing is said before a calendar tells how long to wait
                self.confirm, unknown = NEVER, True
        return Dated(self.gate.time, undated=unknown)

    def _plan(self) -> Dated:
        """Before the gate: warned ahead of the planned date, the last one by time; null withdraws it."""
        leaf = self.terms.date
        filed = self.docket.of(leaf) if leaf is not None else []
        planned = instant(parsed(filed[-1].value).get("v")) if filed else None
        if planned is None:
            return Dated()
        self.planned = planned
        return Dated(warns=warned_before(self.terms, self.opened, planned))

    def _discharged(self) -> Found | None:
        return settle(self.terms.by, self.docket, self.since, self.due)
