"""处罚审批: what a person decided on a proposed penalty, as an event of the source that says so (domain.md 3.5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from schemas.instants import Instant, format_instant


class OutOfRange(ValueError):
    """The sum is outside of the range that the policy sets for the penalty as it is now."""

    def __init__(self, low: int, high: int) -> None:
        super().__init__(f"the sum is from {low} to {high} fen")
        self.low, self.high = low, high


def decision(
    penalty: Mapping[str, Any], now: Instant, *, by: str, amount_fen: int | None, **said: str | None
) -> dict[str, Any]:
    """The CloudEvent that confirms a penalty at ``amount_fen``, or waives it: None. ``by``: who decides; ``said``:
    ``bearer_ref`` (of a confirmed one), ``reason``, ``objection``, left out where empty. Raises OutOfRange."""
    data: dict[str, Any] = {"penalty_id": penalty["id"], "problem": penalty["problem"], "by": by}
    data |= {name: text for name, text in said.items() if text}
    if amount_fen is None:
        data.pop("bearer_ref", None)
    elif not penalty["min_fen"] <= amount_fen <= penalty["max_fen"]:
        raise OutOfRange(penalty["min_fen"], penalty["max_fen"])
    else:
        data["amount_fen"] = amount_fen
    return _event("penalty.waived" if amount_fen is None else "penalty.confirmed", now, data)


def undone(penalty: Mapping[str, Any], now: Instant) -> dict[str, Any]:
    """The CloudEvent that takes the decision on a penalty back: it is proposed again, or gone with its ground."""
    return _event("event.withdrawn", now, {}) | {"correctsid": penalty["decision"]}


def _event(kind: str, now: Instant, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"penalty-{uuid4()}",
        "type": kind,
        "time": format_instant(now),
        "data": data,
    }
