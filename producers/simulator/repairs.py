"""Repairs (报修) of the estate: reported, contacted, visited, planned, done, accepted, closed, asked after."""

from __future__ import annotations

from producers.simulator.estate import CALL_CENTRE, CREWS, ENGINEERS, FRONT_DESK, NIGHT, SUPERVISOR
from producers.simulator.story import Story, office
from producers.simulator.texts import FAULTS, Fault
from schemas.instants import DAY, HOUR, MINUTE, Instant, day_of, format_instant, start_of_day


def repair(story: Story, start: Instant) -> None:
    """One repair from ``start`` on."""
    dice = story.dice
    what = dice.pick(FAULTS)
    engineer, crew = dice.pick(ENGINEERS), dice.pick(CREWS)
    hour = (start - start_of_day(day_of(start))) // HOUR
    night = hour < 7 or hour >= 21
    channel = (
        "building_intercom" if night else dice.weighted(((5, "hotline"), (4, "property_desk"), (2, "app")))
    )
    in_warranty = story.house.owner_type == "break_in" or dice.chance(40)
    wrong = not what.urgent and dice.chance(12)
    taken_by = NIGHT[0] if night else dice.pick(FRONT_DESK)
    report = {
        "location": what.location,
        "component": what.component,
        "description": what.words,
        "in_warranty": in_warranty,
        "customer": story.customer(),
    }
    urgency = "urgent" if what.urgent or wrong else "other"
    first = story.say("repair.reported", start, {**report, "urgency": urgency}, by=taken_by, channel=channel)
    if wrong:  # typed as urgent, put right later
        story.say(
            "repair.reported",
            start,
            {**report, "urgency": "other"},
            by=taken_by,
            channel=channel,
            lag=dice.pick((7, 52, 75)) * MINUTE,  # or only after it had been breached
            more={"correctssourceid": first},
        )
    visited = _reach(story, start, what, engineer_index=ENGINEERS.index(engineer))
    if not visited:
        return
    at = visited + dice.between(10, 40) * MINUTE
    story.say(
        "repair.cause_determined",
        at,
        {
            "cause": dice.weighted(((3, "construction_quality"), (2, "non_construction_quality"))),
            "responsible_party": dice.pick(("contractor", "responsible_unit", "property_co")),
            "within_warranty": in_warranty,
        },
        by=SUPERVISOR[0],
    )
    at += dice.between(3, 15) * MINUTE
    story.say("repair.plan_explained", at, {"plan": what.plan}, by=engineer, channel="visit_home")
    at += dice.between(2, 20) * MINUTE
    story.say("repair.plan_confirmed", at, {"confirmed_by": "业主本人"}, by=engineer, channel="visit_home")
    at = at + 5 * MINUTE if what.urgent else office(at + dice.between(3, 28) * HOUR, dice)
    story.say("repair.started", at, {"crew": crew.ref}, by=crew)
    at += dice.between(40, 200) * MINUTE
    story.say("repair.completed", at, {"result": what.plan, "key_work": dice.chance(10)}, by=crew)
    at += dice.between(10, 45) * MINUTE
    story.say("repair.quality_accepted", at, {"accepted": True}, by=SUPERVISOR[0])
    at += dice.between(2, 20) * MINUTE
    story.say(
        "repair.completion_confirmed",
        at,
        {"confirmed_by": "业主本人", "satisfied": dice.chance(85)},
        by=engineer,
    )
    at = office(at + dice.between(5, 120) * MINUTE, dice)
    story.say("repair.closed", at, {"close_reason": "resolved"}, by=taken_by)
    if dice.chance(78):
        story.say(
            "followup.repair_first_completed",
            office(at + dice.between(2, 16) * HOUR, dice),
            {"satisfied": dice.chance(82), "still_faulty": dice.chance(6)},
            by=dice.pick(FRONT_DESK),
            channel="phone_out",
            source=CALL_CENTRE,
        )


def _reach(story: Story, start: Instant, what: Fault, *, engineer_index: int) -> Instant:
    """Contact, appointment and visit; the instant of the visit, 0 if it has not come to one."""
    dice = story.dice
    engineer = ENGINEERS[engineer_index]
    if what.urgent:
        at = start + dice.between(2, 9) * MINUTE
        story.say("repair.contacted", at, by=engineer, channel="phone_out")
        how = dice.weighted(((6, "in time"), (2, "late"), (2, "just in time, entered after")))
        if how == "just in time, entered after":
            at = start + dice.between(27, 29) * MINUTE
            finding = {"finding": what.finding}
            story.say("repair.visited", at, finding, by=engineer, channel="visit_home", lag=4 * MINUTE)
            return at
        at = start + (dice.between(14, 28) if how == "in time" else dice.between(36, 80)) * MINUTE
    else:
        late = dice.chance(15)
        at = office(
            start + (DAY + dice.between(2, 20) * HOUR if late else dice.between(30, 400) * MINUTE), dice
        )
        story.say("repair.contacted", at, by=engineer, channel="phone_out")
        if dice.chance(10):  # spoken to, and then nothing
            return 0
        at += dice.between(1, 6) * MINUTE
        visit = office(at + dice.between(14, 30) * HOUR, dice)
        slot = {"start": format_instant(visit - 20 * MINUTE), "end": format_instant(visit + 40 * MINUTE)}
        story.say("repair.visit_booked", at, {"slot": slot}, by=engineer, channel="phone_out")
        at = visit
    story.say("repair.visited", at, {"finding": what.finding}, by=engineer, channel="visit_home")
    return at
