"""The moment (时点) that is asked for: now, as known at an instant, or as of one (invariant 15)."""

from __future__ import annotations

from dataclasses import dataclass

from processors.rules.protocol import Evidence
from schemas.instants import Instant


@dataclass(frozen=True, slots=True)
class Moment:
    """The moment replayed to. At most one of the two is set."""

    as_of: Instant | None = None
    known_at: Instant | None = None

    @property
    def mode(self) -> str:
        return "as_of" if self.as_of is not None else "known_at" if self.known_at is not None else "now"

    def seen(self, entry: Evidence) -> bool:
        """Is this entry there at all, standing or not?"""
        if self.known_at is not None:
            return entry.recorded <= self.known_at
        return self.as_of is None or entry.time <= self.as_of

    def stands(self, entry: Evidence) -> bool:
        """Does this entry count at the moment?"""
        if not self.seen(entry):
            return False
        if self.known_at is not None:
            return entry.voided == 0 or entry.voided > self.known_at
        return entry.voided == 0
