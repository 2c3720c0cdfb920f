"""今日待办 as commands ask for it: what came of a visit, filed as the source that has a key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.candidate import Problem
from ledger.tenants import Tenant
from producers.today import MARKS, outcome
from projections.today import Asked
from schemas.canonical import Json
from touchline.exits import Exit, Refused
from touchline.tickets import only_case

if TYPE_CHECKING:
    from touchline.house import House

DEADLINE = 60.0
"""Seconds that it waits for its commit."""
RESULTS = ("visited", "satisfied", "unsatisfied", "unreached")


def done(
    house: House,
    tenant: Tenant,
    source: str,
    case: str,
    result: str,
    *,
    obligation: str = "",
    mark: int = 0,
    channel: str = "phone_out",
    by: str = "",
) -> Json:
    """File what came of the visit of a case that is due first and takes such a result; of ``obligation`` alone where it is
    named. ``case``: its id, or a source's own number of it. Raises Refused."""
    if result not in RESULTS or not 0 <= mark <= MARKS:
        raise Refused(Exit.USAGE, f"评分为 1 到 {MARKS}。", f"A mark is 1 to {MARKS}.")
    worklist = house.reading.worklist
    listed = worklist.find(tenant, Asked(case_id=case)) or worklist.find(tenant, Asked(ticket=case))
    only_case(case, [one["case_id"] for one in listed])
    found = [one for one in listed if obligation in ("", one["obligation"])]
    if not found:
        raise Refused(
            Exit.UNKNOWN,
            "该事项没有待回访的时限（touchline today 查看）。",
            f"Nothing of case {case} is to be visited; touchline today lists what is.",
        )
    judged = result in ("satisfied", "unsatisfied") or mark
    fitting = [
        one for one in found if (one["attempt"] if result == "unreached" else one["asks"] or not judged)
    ]
    if not fitting:
        raise Refused(
            Exit.USAGE,
            f"{found[0]['zh']}不问满意度，也可能不记未接通：请用 --visited。",
            f"{found[0]['en']} asks for no such answer: --visited.",
        )
    chosen = fitting[0]
    raw = outcome(
        chosen,
        house.clock.now(),
        reached=result != "unreached",
        satisfied={"satisfied": True, "unsatisfied": False}.get(result),
        mark=mark if result != "unreached" else 0,
        channel=channel,
        by=by,
    )
    (kept,) = house.intake.submit_many(tenant, source, [raw]).result(DEADLINE)
    told: dict[str, Any] = {
        "case_id": chosen["case_id"],
        "obligation": chosen["obligation"],
        "zh": chosen["zh"],
    }
    if not isinstance(kept, Problem):
        return {**told, "en": chosen["en"], "type": raw["type"], "place": kept.place, "again": kept.duplicate}
    if kept.status == 409:  # another outcome of this round is kept
        return {**told, "en": chosen["en"], "type": raw["type"], "place": None, "again": True}
    raise Refused(Exit.USAGE, f"{kept.field}：{kept.reason_zh}。", f"{kept.field}: {kept.reason}.")
