"""恢复处理: an event that a rule failed on is given to that rule again, by a fact that says who had it done."""

from __future__ import annotations

from ledger.candidate import Appended, Problem
from ledger.clock import Clock
from ledger.tenants import Tenant
from producers.erasure import SOURCE, WAIT
from producers.intake import Intake
from producers.persons import NotTaken
from schemas.instants import format_instant


def resume(
    intake: Intake, clock: Clock, tenant: Tenant, rule: str, event_id: str, verdict_id: str, by: str
) -> Appended | None:
    """``verdict_id``: of the verdict that parked it, so that asking twice resumes once; None where somebody else asked
    before. Raises NotTaken and the ledger's errors."""
    raw = {
        "specversion": "1.0",
        "id": f"resumed/{verdict_id}",
        "source": SOURCE,
        "type": "event.resumed",
        "time": format_instant(clock.now()),
        "data": {"rule": rule, "parked_event": event_id, **({"by": by} if by else {})},
    }
    outcome = intake.submit_one(tenant, SOURCE, raw, admin=True).result(WAIT)
    if isinstance(outcome, Appended):
        return outcome
    if isinstance(outcome, Problem) and outcome.code == "duplicate_conflict":
        return None
    raise NotTaken(outcome)
