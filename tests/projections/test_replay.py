"""Two times (invariant 15): known-at K is both lanes as they were, as-of T is recomputed from what happened by T."""

from __future__ import annotations

from typing import Any

from schemas.instants import HOUR, MINUTE, Instant, parse_instant
from schemas.policy_files import load_profile
from tests.kit.places import stored
from tests.kit.policies import with_more
from tests.kit.world import START, World, event

COMPLAINT = {"subject": "engineering", "category": "leak", "description": "主卧窗边渗水"}
INTAKE = "complaint.intake_return_visit"


def told(world: World) -> str:
    """A complaint at 08:00, recorded 09:00; the return visit of 10:00 is entered two days later, after the breach at 24 h; a
    wrong closing is entered on day three and taken back on day four. Returns the case."""
    case = world.keep(
        event("complaint.received", "a", START, ticket="T", data=COMPLAINT), START + HOUR
    ).case_id
    world.tick(START + 30 * HOUR)
    world.keep(
        event(
            "followup.complaint_intake_completed",
            "f",
            START + 2 * HOUR,
            ticket="T",
            actorref="qt-07",
            data={"reached": True},
        ),
        START + 48 * HOUR,
    )
    world.fold()
    world.keep(
        event("complaint.closed", "x", START + 50 * HOUR, ticket="T", data={"close_reason": "resolved"}),
        START + 72 * HOUR,
    )
    world.fold()
    world.keep(
        event("event.withdrawn", "w", START + 96 * HOUR, correctssourceid="x", data={"reason": "误关"}),
        START + 96 * HOUR,
    )
    world.tick(START + 97 * HOUR)
    return case


def at(world: World, case: str, **moment: Instant) -> dict[str, Any]:
    found = world.reading.histories.of(world.tenant, case, **moment)
    assert found is not None
    return found


def promise(history: dict[str, Any], key: str = INTAKE) -> dict[str, Any]:
    (found,) = [p for p in history["promises"] if p["obligation"] == key]
    return dict(found)


def test_what_we_knew_when(world: World) -> None:
    case = told(world)
    before = at(world, case, known_at=START + 20 * HOUR)
    assert [t["type"] for t in before["touchpoints"]] == ["complaint.received"]
    assert promise(before)["wall"] == "pending"

    breached = at(world, case, known_at=START + 31 * HOUR)
    assert promise(breached)["wall"] == "breached"
    assert {v["type"] for v in breached["verdicts"]} >= {"obligation.breached"}

    entered = at(world, case, known_at=START + 49 * HOUR)
    late = promise(entered)
    assert (late["state"], late["wall"], late["entered_by"]) == ("met", "late_entry", "qt-07")
    assert "retracted" in late["flags"]
    assert at(world, case, known_at=START + 80 * HOUR)["case"]["state"] == "closed"

    now = at(world, case)
    assert now["case"]["state"] == "open"
    closing = next(t for t in now["touchpoints"] if t["type"] == "complaint.closed")
    assert closing["state"] == "withdrawn"
    assert closing["changed_by"] in {t["event_id"] for t in now["touchpoints"]}


def test_nothing_is_known_before_it_was_recorded(world: World) -> None:
    case = told(world)
    early = at(world, case, known_at=START + MINUTE)
    assert early["touchpoints"] == []
    assert early["case"] is None
    assert early["promises"] == []


def test_what_is_recorded_at_an_instant_is_known_then(world: World) -> None:
    """Of both lanes: one microsecond before, it is not."""
    case = told(world)
    now = at(world, case)
    for lane in ("touchpoints", "verdicts"):
        for instant in {parse_instant(one["recorded"]) for one in now[lane]}:
            for known_at in (instant, instant - 1):
                known = {e["event_id"] for e in at(world, case, known_at=known_at)[lane]}
                assert known == {e["event_id"] for e in now[lane] if parse_instant(e["recorded"]) <= known_at}
    entered = START + 48 * HOUR
    assert [promise(at(world, case, known_at=t))["state"] for t in (entered - 1, entered)] == ["open", "met"]


def test_what_had_happened_as_we_know_now(world: World) -> None:
    case = told(world)
    seen = at(world, case, as_of=START + 30 * HOUR)
    assert (seen["mode"], seen["verdicts"]) == ("as_of", [])
    assert [t["type"] for t in seen["touchpoints"]] == [
        "complaint.received",
        "followup.complaint_intake_completed",
    ]
    assert promise(seen)["state"] == "met", "it had been done, though nobody had entered it"
    # The closing was withdrawn on day four: it never counts, whatever the withdrawal's own time.
    assert at(world, case, as_of=START + 60 * HOUR)["case"]["state"] == "open"
    assert (
        promise(at(world, case, as_of=START + 60 * HOUR), "complaint.respond_in_standard")["wall"]
        == "breached"
    )


def test_a_case_of_nobody(world: World) -> None:
    assert world.reading.histories.of(world.tenant, "0f8fad5b-d9cb-469f-a165-70867728950e") is None


def test_personal_text_is_in_clear_for_the_reader_and_sealed_in_the_ledger(world: World) -> None:
    case = told(world)
    opened = at(world, case)["touchpoints"][0]
    assert opened["data"]["description"] == "主卧窗边渗水"
    for name, held in stored(world.place):
        assert "主卧窗边渗水".encode() not in held, name


def test_why_it_is_due_then(world: World) -> None:
    told(world)
    world.keep(event("complaint.received", "b", START, ticket="U", data=COMPLAINT), world.clock.now())
    friday = START + 4 * 24 * HOUR
    world.keep(
        event("complaint.closed", "c", friday, ticket="U", data={"close_reason": "resolved"}),
        friday + HOUR,
    )
    world.fold()
    (due,) = [
        p
        for p in world.reading.promises.find(world.tenant)
        if p["obligation"] == "complaint.close_return_visit" and p["state"] == "open"
    ]
    why = world.reading.histories.explain(world.tenant, due["id"])
    assert why is not None
    assert why["promise"]["due"] == "2026-03-11T23:59:59.999999+08:00"
    assert [d["day"] for d in why["calendar"]["counted"]] == ["2026-03-09", "2026-03-10", "2026-03-11"]
    assert [d["day"] for d in why["calendar"]["skipped"]] == ["2026-03-07", "2026-03-08"]
    assert "3 个工作日" in why["sentence_zh"]
    assert "2026-03-11 24:00" in why["sentence_zh"]
    assert why["policy"]["key"] == "complaint.close_return_visit"
    assert why["trigger"]["type"] == "complaint.closed"


def test_an_event_is_told_once_in_each_role(world: World) -> None:
    """Two versions of a policy begin on other lists of types: what both name is filed for each."""
    policies = load_profile().published()["policy"]["policies"]
    respond = {**policies["complaint.respond_in_standard"], "on": {"event": "complaint.received"}}
    data = with_more("2", {"complaint.respond_in_standard": respond})
    world.keep(event("policy.published", "second", world.clock.now(), data=data), admin=True)
    case = world.keep(event("complaint.received", "b", START, ticket="U", data=COMPLAINT), START).case_id
    world.fold()
    found = world.reading.promises.find(world.tenant, case_id=case)
    for due in found:
        why = world.reading.histories.explain(world.tenant, due["id"])
        assert why is not None
        assert [(one["role"], one["type"]) for one in why["evidence"]] == [("T", "complaint.received")]
    assert "complaint.respond_in_standard" in {due["obligation"] for due in found}


def test_why_a_verdict_was_said(world: World) -> None:
    told(world)
    breach = next(
        v for v in world.verdicts() if v.type == "obligation.breached" and v.data["obligation_key"] == INTAKE
    )
    why = world.reading.histories.explain(world.tenant, breach.event_id)
    assert why is not None
    assert why["verdict"]["type"] == "obligation.breached"
    assert why["cut"]["after"] == breach.after
    assert why["causes"][0]["type"] == "complaint.received"
    retraction = next(v for v in world.verdicts() if v.type == "obligation.retracted")
    assert retraction.data["retracts"] == breach.event_id
    causes = world.reading.histories.explain(world.tenant, retraction.event_id)
    assert causes is not None
    assert causes["causes"][0]["type"] == "followup.complaint_intake_completed"


def test_today_agrees_with_what_was_said(world: World) -> None:
    told(world)
    assert world.reading.engine.recheck(world.tenant) == []
