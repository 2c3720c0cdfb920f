"""What became of the events of a tenant, counted."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Counts:
    """Of one tenant since the start of the process: received = kept + duplicates + refused + dead + skipped + failed + under
    way. Counted are events; of a delivery that gives no event, or none yet, the delivery."""

    received: int = 0
    kept: int = 0
    duplicates: int = 0
    refused: int = 0
    dead: int = 0
    """Could not be read, mapped or taken; kept as a dead letter, to be tried again after a fix."""
    skipped: int = 0
    """Left out, because the source's mapping says so."""
    failed: int = 0
    """Not decided: the ledger was busy, stopping, or could not write. The sender sends them again."""
    statuses: dict[int, int] = field(default_factory=dict)
    """``refused`` by the status of the answer."""

    def refuse(self, status: int, events: int = 1) -> None:
        self.refused += events
        self.statuses[status] = self.statuses.get(status, 0) + events
