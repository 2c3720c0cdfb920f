"""One touchpoint as a source system would send it, with the instant at which it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from schemas.canonical import Json
from schemas.instants import Instant, format_instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """``time`` is when it happened, ``sent`` when the source sends it; both instants in µs UTC, ``sent >= time``.

    ``attributes`` are CloudEvents attributes beside id, type and time, by their wire names ("houseid").
    """

    source: str
    source_id: str
    type: str
    time: Instant
    sent: Instant
    attributes: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, Json] = field(default_factory=dict)

    def cloudevent(self) -> dict[str, Json]:
        """The structured CloudEvent, as it would be posted."""
        return {
            "specversion": "1.0",
            "id": self.source_id,
            "type": self.type,
            "time": format_instant(self.time),
            **self.attributes,
            "data": dict(self.data),
        }

    def order(self) -> tuple[Instant, Instant, str, str]:
        """The order of sending."""
        return (self.sent, self.time, self.source, self.source_id)
