"""已回访、未接通: what was done about a visit on the list of today, as an event of the source that says so.

The id follows from the promise and from how many visits and attempts stood in its case when the list was read: a double
click, and a second person at the same list, send the same id, which is kept once (design: sent twice is kept once).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

from schemas.instants import Instant, format_instant

_SPACE = UUID("5b6f1c0e-8f0a-5a34-9c7e-2d6e1f2a7c11")
MARKS = 5
"""整体评价: one whole mark out of so many."""


def source_id(promise_id: str, round: int) -> str:
    """The source's own id of the outcome of this round of a visit."""
    return f"today-{uuid5(_SPACE, f'{promise_id}|{round}')}"


def outcome(
    item: Mapping[str, Any],
    now: Instant,
    *,
    reached: bool,
    satisfied: bool | None = None,
    mark: int = 0,
    round: int | None = None,
    channel: str = "phone_out",
    by: str = "",
) -> dict[str, Any]:
    """The CloudEvent for an item of the worklist. ``satisfied`` None: not asked, or no answer; ``mark`` 0: none given, else
    1 to 5; ``by``: who called. Raises ValueError where the visit does not ask, or cannot be filed as missed."""
    data: dict[str, Any] = {}
    if not reached:
        if not item["attempt"]:
            raise ValueError("an attempt at this visit cannot be filed")
        data = {"followup_kind": item["attempt"], "outcome": "unreachable"}
    elif item["asks"]:
        if satisfied is not None:
            data["satisfied"] = satisfied
        if mark:
            data["scores"] = [{"component": "overall", "points": mark, "out_of": MARKS}]
    elif satisfied is not None or mark:
        raise ValueError("this visit does not ask whether the customer is satisfied")
    elif item["visit"] == "followup.complaint_intake_completed":
        data = {"reached": True}
    made = {
        "specversion": "1.0",
        "id": source_id(item["id"], item["round"] if round is None else round),
        "type": item["visit"] if reached else "followup.attempted",
        "time": format_instant(now),
        "caseid": item["case_id"],
        "houseid": item["house_id"],
        "projectid": item["project_id"],
        "ownertype": item["owner_type"],
        "channel": channel,
        "actorrole": next(iter(item["owes"]), ""),
        "actorref": by,
        "data": data,
    }
    return {name: value for name, value in made.items() if value != ""}
