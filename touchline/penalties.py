"""处罚审批 as commands ask for it: what was decided on a penalty, filed as the source that is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.candidate import Problem
from ledger.tenants import Tenant
from producers.penalties import OutOfRange, decision, undone
from schemas.canonical import Json
from schemas.fields import yuan
from touchline.exits import Exit, Refused

if TYPE_CHECKING:
    from touchline.house import House

DEADLINE = 60.0
"""Seconds that it waits for its commit."""


def decide(
    house: House, tenant: Tenant, source: str, penalty: str, result: str, *, fen: int, by: str, **said: str
) -> Json:
    """``result``: ``confirm`` at ``fen``, ``waive``, or ``undo`` the decision that stands. Answers type, place and the
    penalty's name. Raises Refused."""
    found = house.reading.penalties.get(tenant, penalty)
    if found is None:
        raise Refused(
            Exit.UNKNOWN,
            f"没有这个处罚：{penalty}（touchline penalties list 查看）。",
            f"There is no penalty {penalty}; touchline penalties list shows them.",
        )
    fitting = found["decision"] if result == "undo" else found["state"] not in ("waiting", "unfounded")
    if not fitting:
        raise Refused(
            Exit.USAGE,
            "尚无审批可撤回。" if result == "undo" else "责任未定或依据已撤回，不能审批。",
            "Nothing was decided yet."
            if result == "undo"
            else "Its cause is not determined, or its ground is gone.",
        )
    now = house.clock.now()
    try:
        raw = (
            undone(found, now)
            if result == "undo"
            else decision(found, now, by=by, amount_fen=fen if result == "confirm" else None, **said)
        )
    except OutOfRange as error:
        low, high = yuan(error.low), yuan(error.high)
        raise Refused(
            Exit.USAGE, f"金额须在 {low} 至 {high} 之间。", f"The sum is from {low} to {high}."
        ) from None
    (kept,) = house.intake.submit_many(tenant, source, [raw], approver=True).result(DEADLINE)
    if isinstance(kept, Problem):
        raise Refused(Exit.USAGE, f"{kept.field}：{kept.reason_zh}。", f"{kept.field}: {kept.reason}.")
    return {"id": penalty, "type": raw["type"], "place": kept.place, "zh": found["zh"], "en": found["en"]}
