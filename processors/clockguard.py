"""Is the wall clock to be trusted? It is compared with the machine's boot clock, which nobody sets (invariant 11)."""

from __future__ import annotations

from dataclasses import dataclass, field

from ledger.clock import Clock
from schemas.instants import SECOND, Instant

APART = 30 * SECOND
AGREED = 60 * SECOND


@dataclass(slots=True)
class ClockGuard:
    """Called between ticks. When the wall clock has moved against the boot clock by more than 30 s since the last look,
    no deadline is concluded until both have agreed for 60 s, or an operator has accepted the new time."""

    clock: Clock
    _gap: int = field(init=False)
    _doubted_since: int | None = None
    moved_by: int = 0

    def __post_init__(self) -> None:
        self._gap = self.clock.now() - self.clock.boot()

    def trusted(self) -> bool:
        """Look at both clocks; True when deadlines may be concluded."""
        now, boot = self.clock.now(), self.clock.boot()
        gap = now - boot
        if abs(gap - self._gap) > APART:
            self.moved_by = gap - self._gap
            self._doubted_since = boot
        self._gap = gap
        if self._doubted_since is not None and boot - self._doubted_since >= AGREED:
            self.accept()
        return self._doubted_since is None

    def accept(self) -> None:
        """An operator says that the clock is right (``touchline clock accept``)."""
        self._gap = (
            self.clock.now() - self.clock.boot()
        )  # as it is now, also where nobody has looked since it was set
        self._doubted_since = None
        self.moved_by = 0

    @property
    def doubted(self) -> bool:
        return self._doubted_since is not None


def behind(clock: Clock, last_recorded: Instant) -> bool:
    """Is the clock behind what was already recorded? ``up`` refuses to start then."""
    return clock.now() < last_recorded
