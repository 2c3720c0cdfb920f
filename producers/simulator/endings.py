"""What a live case comes to after its minutes on the wall: nearly all of it is done within the hour, so that a wall left open
shows what is going on and not what has piled up."""

from __future__ import annotations

from producers.simulator.dice import Dice
from producers.simulator.estate import CALL_CENTRE, CREWS, FRONT_DESK, SPECIALIST, SUPERVISOR, Staff
from producers.simulator.story import Story
from producers.simulator.texts import REPLIES, Fault
from schemas.instants import MINUTE, SECOND, Instant

LONGEST = 45 * MINUTE
"""No live case goes on longer than this."""
_LEFT = 4
"""Of a hundred cases, how many are left lying."""


def complaint_ends(story: Story, start: Instant, resolution: str, clerk: Staff) -> None:
    """Registered, resolved, replied to and closed as far as it is not yet, and asked after."""
    dice, told = story.dice, {touch.type: touch.time for touch in story.touches}
    if dice.chance(_LEFT):
        return
    desk, specialist = dice.pick(FRONT_DESK), dice.pick(SPECIALIST)
    story.say("complaint.registered", start + _between(dice, 130, 280), by=clerk, lag=0)
    at = told.get("complaint.closed") or told.get("complaint.replied") or start + _between(dice, 300, 840)
    if "complaint.resolved" not in told:
        story.say("complaint.resolved", at, {"resolution": resolution}, by=specialist, lag=0)
        at += _between(dice, 20, 90)
        story.say(
            "complaint.replied", at, {"content": dice.pick(REPLIES)}, by=clerk, channel="phone_out", lag=0
        )
    if "complaint.closed" not in told:
        at += _between(dice, 60, 300)
        story.say("complaint.closed", at, {"close_reason": "resolved"}, by=specialist, lag=0)
    asked = start + _between(dice, 600, 1000)
    done = {"reached": True, "content": "已核实诉求并告知处理时间"}
    story.say("followup.complaint_intake_completed", asked, done, by=desk, channel="phone_out", lag=0)
    if dice.chance(88):
        at = max(at, asked) + _between(dice, 120, 700)
        answer = {"satisfied": dice.chance(80)}
        story.say("followup.complaint_close_completed", at, answer, by=desk, channel="phone_out", lag=0)


def repair_ends(story: Story, start: Instant, what: Fault, engineer: Staff) -> None:
    """Contacted if it is not yet, visited, done, accepted, closed, and asked after."""
    dice = story.dice
    if dice.chance(_LEFT):
        return
    if all(touch.type != "repair.contacted" for touch in story.touches):
        story.say(
            "repair.contacted", start + _between(dice, 170, 400), by=engineer, channel="phone_out", lag=0
        )
    late = dice.chance(6)
    at = start + (_between(dice, 1830, 1950) if late else _between(dice, 480, 1300))
    story.say("repair.visited", at, {"finding": what.finding}, by=engineer, channel="visit_home", lag=0)
    at += _between(dice, 20, 60)
    story.say("repair.plan_explained", at, {"plan": what.plan}, by=engineer, channel="visit_home", lag=0)
    at += _between(dice, 10, 40)
    story.say(
        "repair.plan_confirmed", at, {"confirmed_by": "业主本人"}, by=engineer, channel="visit_home", lag=0
    )
    crew = dice.pick(CREWS)
    story.say("repair.started", at + 5 * SECOND, {"crew": crew.ref}, by=crew, lag=0)
    at += _between(dice, 90, 300)
    story.say("repair.completed", at, {"result": what.plan, "key_work": False}, by=crew, lag=0)
    at += _between(dice, 10, 60)
    story.say("repair.quality_accepted", at, {"accepted": True}, by=SUPERVISOR[0], lag=0)
    done = {"confirmed_by": "业主本人", "satisfied": dice.chance(88)}
    story.say("repair.completion_confirmed", at + 5 * SECOND, done, by=engineer, lag=0)
    at += _between(dice, 20, 60)
    story.say("repair.closed", at, {"close_reason": "resolved"}, by=dice.pick(FRONT_DESK), lag=0)
    if dice.chance(88):
        answer = {"satisfied": dice.chance(82), "still_faulty": False}
        visitor = dice.pick(FRONT_DESK)
        story.say(
            "followup.repair_first_completed", at + _between(dice, 30, 150), answer,
            by=visitor, channel="phone_out", source=CALL_CENTRE, lag=0,
        )  # fmt: skip


def _between(dice: Dice, low: int, high: int) -> int:
    """Seconds, as µs."""
    return dice.between(low, high) * SECOND
