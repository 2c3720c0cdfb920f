"""S25: the share of a coverage is done of ripe; what is unripe or was not reached stands apart."""

from __future__ import annotations

from projections.coverage import Share, duties, shares
from projections.explain_due import why
from schemas.event import Event
from tests.processors.desk import Desk, at
from tests.processors.test_worked import BEFORE_ALL, calendar_of, profile

FILE = {"policies": {"repair.return_visit_coverage": "grammar"}}


def told() -> Desk:
    desk = Desk()
    desk.publish(profile(FILE), BEFORE_ALL)
    desk.publish_calendar(calendar_of({}), BEFORE_ALL)
    for n in range(4):
        desk.place("repair.closed", at(f"2026-03-{10 + n} 10:00"), f"r{n}", case_id=f"c{n}", project_id="p1")
    for n in range(2):
        desk.place("followup.repair_first_completed", at(f"2026-03-{12 + n} 10:00"), f"v{n}", case_id=f"c{n}")
    for day in (20, 21, 22):
        desk.place(
            "followup.attempted",
            at(f"2026-03-{day} 10:00"),
            f"a{day}",
            case_id="c2",
            followup_kind="repair_first",
        )
    desk.place("repair.closed", at("2026-03-31 20:00"), "r9", case_id="c9", project_id="p1")
    desk.place("repair.closed", at("2026-04-01 09:00"), "r10", case_id="c10", project_id="p2")
    return desk


def test_share_of_a_month() -> None:
    rows = told().promises()
    found = shares(((r.period, r.keys, r.state, r.due) for r in rows), ("case",), at("2026-04-01 10:00"))
    assert found == [
        Share("2026-03", {"project": "p1"}, done=2, ripe=3, unreached=1, unripe=1),
        Share("2026-04", {"project": "p2"}, unripe=1),
    ]
    later = shares(((r.period, r.keys, r.state, r.due) for r in rows), ("case",), at("2026-04-05 00:00"))
    assert [(s.done, s.ripe, s.unripe) for s in later] == [(2, 4, 0), (0, 1, 0)]


def test_members_say_nothing_themselves() -> None:
    desk = told()
    assert [desk.marks(row) for row in desk.promises()] == [[]] * 6


def test_why_says_a_limit_as_people_do() -> None:
    desk = Desk()
    keys = ("complaint.register", "complaint.close_return_visit", "complaint.intake_return_visit")
    desk.publish(profile({"policies": dict.fromkeys(keys, "shipped")}), BEFORE_ALL)
    desk.publish_calendar(calendar_of({}), BEFORE_ALL)
    desk.place("complaint.received", at("2026-03-02 10:00"), "a", case_id="k")
    desk.place("complaint.closed", at("2026-03-04 10:00"), "b", case_id="k", close_reason="resolved")
    reasons = {
        row.obligation: why(row, desk.seen_by(row.scope), "complaint.received", desk.book)
        for row in desk.promises()
    }
    told = [(reasons[key]["sentence_zh"], reasons[key]["sentence_en"]) for key in keys]
    for (zh, en), (limit_zh, limit_en) in zip(
        told,
        (("限 当个工作日；", "limit the same working day;"), ("限 3 个工作日；", "limit 3 working days;"),
         ("限 24 小时；", "limit 24 hours;")),
        strict=True,
    ):  # fmt: skip
        assert limit_zh in zh
        assert limit_en in en


def test_why_a_gate_a_period_and_a_pause() -> None:
    desk = Desk()
    keys = ("repair.explain_plan_first", "property.site_quality_daily", "complaint.handle_in_standard")
    desk.publish(profile({"policies": dict.fromkeys(keys, "shipped")}), BEFORE_ALL)
    desk.publish_calendar(calendar_of({}), BEFORE_ALL)
    desk.place("repair.started", at("2026-03-02 10:00"), "a", case_id="c")
    desk.place("project.delivered", at("2026-03-02 10:00"), "b", project_id="p")
    desk.place("complaint.received", at("2026-03-02 10:00"), "d", case_id="k")
    desk.place("case.wait_started", at("2026-03-03 10:00"), "e", case_id="k", party="contractor")
    desk.place("case.wait_ended", at("2026-03-04 11:30"), "f", case_id="k", party="contractor")
    told: dict[str, tuple[str, str]] = {}
    for row in desk.promises():
        reason = why(row, desk.seen_by(row.scope), "repair.started", desk.book)
        told.setdefault(row.obligation, (reason["sentence_zh"], reason["sentence_en"]))
    assert "须在后一件事之前或同时" in told[keys[0]][0]
    assert "所属期 2026-03-03" in told[keys[1]][0]
    assert "施工单位用去 25 小时 30 分" in told[keys[2]][0]
    assert "Contractor took 25 h 30 min" in told[keys[2]][1]


def test_a_share_is_told_as_it_was_last_published() -> None:
    def event(place: int, zh: str) -> Event:
        share = {"zh": zh, "due": {"coverage": "month", "member": {"case": None}}}
        policies = {
            "own.share": share,
            "own.limit": {"zh": "时限", "due": {"after": "1d"}},
            "own.none": {"zh": "无"},
        }
        data = {"policy": {"policies": policies}}
        return Event(
            type="policy.published", version=1, event_id=f"p{place}", time=place, recorded=place, place=place,
            after=place, data=data,
        )  # fmt: skip

    found = duties({7: event(7, "新名"), 3: event(3, "旧名")})
    assert [(key, policy["zh"]) for key, policy in found.items()] == [("own.share", "新名")]
