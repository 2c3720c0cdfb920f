"""What an append refuses without a look at the persons and corrections that are kept: said by the ledger, and by a trial of an
import, which has no ledger before it."""

from __future__ import annotations

from ledger.body import has_sealed_shape
from ledger.candidate import Draft, Problem

RESERVED = Problem(
    status=422,
    code="reserved_shape",
    field="data",
    reason="an object of sealed, person and class is reserved",
    reason_zh="sealed、person、class 组成的对象为系统保留",
)


def case_needed(kind: str) -> Problem:
    """An event of that type came without a case."""
    return Problem(
        status=422,
        code="case_needed",
        field="caseid",
        reason=f"{kind} needs caseid or ticket",
        reason_zh="此类事件须提供 caseid 或 ticket",
    )


def conflict(event: str = "") -> Problem:
    """The id is kept with other content, as this event; "" where that is not known."""
    return Problem(
        status=409,
        code="duplicate_conflict",
        field="id",
        reason="this id was sent before with other content; nothing was changed. "
        "To change it send the whole event under a new id, with correctssourceid",
        reason_zh="此编号曾以不同内容上报，未作任何更改；要更正请用新编号重发整条事件，并带 correctssourceid",
        extra={"event_id": event} if event else {},
    )


def unfit(draft: Draft) -> Problem | None:
    """Why an event that corrects no other cannot be kept in any ledger; None where it may be."""
    if draft.case == "needs" and not (draft.case_id or draft.ticket):
        return case_needed(draft.type)
    return RESERVED if has_sealed_shape(draft.data) else None
