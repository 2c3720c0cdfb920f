"""Complaints (投诉) of the estate: taken in, passed on, handled, answered, closed, asked after. Or not, or late."""

from __future__ import annotations

from producers.simulator.estate import CS_STAFF, FRONT_DESK, SPECIALIST, SUPERVISOR
from producers.simulator.story import Story, office
from producers.simulator.texts import GRIEVANCES, PROGRESS, REPLIES, Grievance
from schemas.instants import DAY, HOUR, MINUTE, Instant, day_of, format_instant, iso_day

CHANNELS = ((6, "hotline"), (2, "visit_in"), (2, "wechat"), (1, "owner_forum"), (1, "email"))


def complaint(story: Story, start: Instant, *, forgotten: bool = False) -> None:
    """One complaint from ``start`` on. ``forgotten``: its return visit was made in time, but nobody ever entered it."""
    dice = story.dice
    what = dice.pick(GRIEVANCES)
    clerk, desk, specialist = dice.pick(CS_STAFF), dice.pick(FRONT_DESK), dice.pick(SPECIALIST)
    channel = dice.weighted(CHANNELS)
    severity = dice.weighted(((8, "ordinary"), (2, "key"), (1, "major")))
    story.say(
        "complaint.received",
        start,
        {
            "subject": what.subject,
            "category": what.category,
            "severity": severity,
            "description": what.words,
            "demands": what.demands,
            "customer": story.customer(),
        },
        by=clerk,
        channel=channel,
    )
    at = start + dice.between(4, 25) * MINUTE
    story.say("complaint.registered", at, {"ledger_no": story.ticket.replace("TS", "TZ")}, by=clerk)
    if severity == "major":
        story.say(
            "complaint.classified_major",
            at + 12 * MINUTE,
            {"severity": "major", "reason": "同一单元多户反映，影响较大"},
            by=SUPERVISOR[0],
        )
    at = office(at + dice.between(10, 120) * MINUTE, dice)
    story.say("complaint.forwarded", at, {"to_department": what.department}, by=clerk)
    if dice.chance(30):
        _contact_sheet(story, at + dice.between(5, 40) * MINUTE, what)
    _intake_visit(story, start, desk_index=dice.between(0, len(FRONT_DESK) - 1), forgotten=forgotten)
    if forgotten or dice.chance(12):  # still open at the end of the week
        return
    at = office(at + dice.between(3, 30) * HOUR, dice)
    if dice.chance(40):
        story.say(
            "complaint.progress_notified",
            at,
            {"progress": dice.pick(PROGRESS)},
            by=clerk,
            channel="phone_out",
        )
        at = office(at + dice.between(4, 20) * HOUR, dice)
    story.say("complaint.resolved", at, {"resolution": what.resolution}, by=specialist)
    at = office(at + dice.between(20, 150) * MINUTE, dice)
    story.say("complaint.replied", at, {"content": dice.pick(REPLIES)}, by=clerk, channel="phone_out")
    at = office(at + dice.between(30, 300) * MINUTE, dice)
    story.say("complaint.closed", at, {"close_reason": "resolved"}, by=specialist)
    if dice.chance(75):
        at = office(at + dice.between(5, 50) * HOUR, dice)
        story.say(
            "followup.complaint_close_completed",
            at,
            {"satisfied": dice.chance(80)},
            by=desk,
            channel="phone_out",
        )


def _intake_visit(story: Story, start: Instant, *, desk_index: int, forgotten: bool) -> None:
    """The return visit within 24 hours of taking the order (接单后 24 小时回访)."""
    dice = story.dice
    desk = FRONT_DESK[desk_index]
    endings = (
        (9, "in time"),
        (2, "late"),
        (2, "entered late"),
        (1, "never"),
        (2, "unreached"),
        (1, "waived"),
        (1, "withdrawn"),
    )
    ending = "never" if forgotten else dice.weighted(endings)
    done = {"reached": True, "content": "已核实诉求并告知处理时间"}
    kind = "followup.complaint_intake_completed"
    if ending == "in time":
        story.say(kind, office(start + dice.between(2, 9) * HOUR, dice), done, by=desk, channel="phone_out")
    elif ending == "late":
        story.say(kind, start + DAY + dice.between(1, 8) * HOUR, done, by=desk, channel="phone_out")
    elif ending == "entered late":
        story.say(
            kind,
            start + dice.between(3, 20) * HOUR,
            done,
            by=desk,
            channel="phone_out",
            lag=DAY + dice.between(2, 9) * HOUR,
        )
    elif ending == "waived":
        story.say(
            "obligation.waived",
            start + dice.between(9, 15) * HOUR,
            {
                "obligation_key": "complaint.intake_return_visit",
                "keys": {"case": story.case_id},
                "reason": "业主出国两周，留言请勿致电，改由微信留言答复",
                "by": SUPERVISOR[0].ref,
            },
            by=SUPERVISOR[0],
        )
    elif ending == "withdrawn":  # entered on the wrong case, taken back the next day
        wrong = start + dice.between(2, 6) * HOUR
        first = story.say(kind, wrong, done, by=desk, channel="phone_out")
        story.say(
            "event.withdrawn",
            wrong + DAY,
            {"reason": "回访登记到了别的投诉上", "by": desk.ref},
            by=desk,
            more={"correctssourceid": first},
        )
    elif ending == "unreached":
        for day in range(3):
            story.say(
                "followup.attempted",
                start + day * DAY + dice.between(2, 5) * HOUR,
                {"attempt_no": day + 1, "outcome": "unreachable", "followup_kind": "complaint_intake"},
                by=desk,
                channel="phone_out",
            )


def _contact_sheet(story: Story, at: Instant, what: Grievance) -> None:
    """《工作联系单》: the department is to put it right by a set time, and customer service looks whether it did."""
    dice = story.dice
    sheet = f"LX{story.ticket[2:]}"
    due = at + dice.between(20, 60) * HOUR
    story.say(
        "contact_sheet.issued",
        at,
        {
            "to_department": what.department,
            "due_at": format_instant(due) if dice.chance(60) else iso_day(day_of(due)),
            "sheet_id": sheet,
            "item": f"{what.category}：{what.demands}",
        },
        by=SUPERVISOR[0],
        channel="internal_letter",
    )
    if dice.chance(75):
        done = office(at + dice.between(10, 66) * HOUR, dice)
        story.say(
            "contact_sheet.completed", done, {"sheet_id": sheet, "result": what.resolution}, by=SUPERVISOR[0]
        )
        if dice.chance(60):
            story.say(
                "contact_sheet.verified",
                done + dice.between(1, 5) * HOUR,
                {"sheet_id": sheet, "passed": True},
                by=SUPERVISOR[0],
            )
