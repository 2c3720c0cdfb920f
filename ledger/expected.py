"""Optimistic concurrency for one case (事项): nothing may have been added to it since its reader saw it."""

from __future__ import annotations

from sqlalchemy import Connection

from ledger import feeds
from ledger.candidate import Expected, Problem
from ledger.tenants import Tenant

FAR = 2_000
"""Facts that are looked through under the lock; a read model further behind than that cannot be asked for a promise."""


def unmet(connection: Connection, tenant: Tenant, case: str, expected: Expected, head: int) -> Problem | None:
    """Why an event of this case may not be kept, if it may not. Under the lock of the tenant's counter: facts that the
    reader's model had not come to are looked at here."""
    newest = expected.newest
    if newest == expected.place:
        if head - expected.after > FAR:
            return Problem(
                status=503,
                code="not_folded",
                field="if-match",
                reason="what was added lately is not folded yet; send it again in a moment",
                reason_zh="最近的事件尚未处理完，请稍后重发",
            )
        for fact in feeds.facts_after(connection, tenant, expected.after, FAR):
            if fact.case_id == case:
                newest = fact.place
    if newest == expected.place:
        return None
    return Problem(
        status=412,
        code="case_changed",
        field="if-match",
        reason="something was added to this case meanwhile; read it again",
        reason_zh="该事项已有新的进展，请刷新后再提交",
        extra={"latest": str(newest)},
    )
