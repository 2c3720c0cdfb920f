"""The estate goes on: a new case every ten to twenty seconds, on a timetable that follows from a seed and its first
instant alone, so that a process that was killed and started again goes on with the same events and the same ids.

Made for limits of 1, 2 and 4 minutes: most complaints are passed on within the minute, some late, some only as they end
(``endings``).
"""

from __future__ import annotations

from collections.abc import Iterator

from producers.simulator.complaints import CHANNELS
from producers.simulator.dice import Dice
from producers.simulator.endings import LONGEST, complaint_ends, repair_ends
from producers.simulator.estate import (
    CALL_CENTRE,
    CS_STAFF,
    ENGINEERS,
    FRONT_DESK,
    PROPERTY,
    SPECIALIST,
    House,
    houses,
)
from producers.simulator.story import Story
from producers.simulator.texts import FAULTS, GRIEVANCES, QUESTIONS, REPLIES
from producers.simulator.touch import Touch
from schemas.instants import SECOND, Instant

EVERY = 15 * SECOND
JITTER = 4
"""Seconds by which a case may start after its slot."""


class Timetable:
    """All live touchpoints from ``first`` on; slot n starts at ``first + n * EVERY``."""

    def __init__(self, *, tenant: str, seed: int, first: Instant) -> None:
        self._tenant = tenant
        self._seed = seed
        self._first = first
        self._houses: tuple[House, ...] = houses(seed)

    def between(self, after: Instant, until: Instant) -> list[Touch]:
        """What is sent in (after, until], in order of sending. ``until - after`` bounds the work."""
        first = max(0, (after - LONGEST - self._first) // EVERY)
        last = (until - self._first) // EVERY
        found = [t for slot in range(first, last + 1) for t in self.slot(slot) if after < t.sent <= until]
        return sorted(found, key=Touch.order)

    def slot(self, number: int) -> list[Touch]:
        """The touchpoints of one case."""
        dice = Dice(self._seed, "live", number)
        start = self._first + number * EVERY + dice.between(0, JITTER * 1000) * (SECOND // 1000)
        kind = dice.weighted(((6, "TS"), (3, "BX"), (2, "ZX")))
        story = Story(
            tenant=self._tenant,
            dice=dice,
            house=dice.pick(self._houses),
            source=PROPERTY if kind == "BX" else CALL_CENTRE,
            ticket=f"{kind}-LIVE-{number + 1:06d}",
        )
        {"TS": _complaint, "BX": _repair, "ZX": _inquiry}[kind](story, start)
        return story.touches


def _seconds(story: Story, low: int, high: int) -> int:
    return story.dice.between(low * 1000, high * 1000) * (SECOND // 1000)


def _complaint(story: Story, start: Instant) -> None:
    dice = story.dice
    what, clerk = dice.pick(GRIEVANCES), dice.pick(CS_STAFF)
    story.say(
        "complaint.received",
        start,
        {
            "subject": what.subject,
            "category": what.category,
            "severity": "ordinary",
            "description": what.words,
            "demands": what.demands,
            "customer": story.customer(),
        },
        by=clerk,
        channel=dice.weighted(CHANNELS),
        lag=0,
    )
    for at, lag, type_, data in _complaint_goes_on(story, start, what.department, what.resolution):
        by = dice.pick(SPECIALIST) if type_ in ("complaint.resolved", "complaint.closed") else clerk
        story.say(type_, at, data, by=by, lag=lag)
    complaint_ends(story, start, what.resolution, clerk)


def _complaint_goes_on(
    story: Story, start: Instant, department: str, resolution: str
) -> Iterator[tuple[Instant, int, str, dict[str, object]]]:
    dice = story.dice
    pace = dice.weighted(((4, (8, 28)), (4, (33, 57)), (2, (64, 110)), (1, (0, 0))))
    if pace == (0, 0):
        return
    at = start + _seconds(story, *pace)
    slow = pace == (33, 57) and dice.chance(
        40
    )  # done within the minute, entered after it: a breach that is retracted
    yield at, _seconds(story, 30, 50) if slow else 0, "complaint.forwarded", {"to_department": department}
    if dice.chance(75):
        at += _seconds(story, 20, 130)
        yield at, 0, "complaint.resolved", {"resolution": resolution}
        at += _seconds(story, 4, 20)
        yield at, 0, "complaint.replied", {"content": dice.pick(REPLIES)}
        if dice.chance(60):
            yield at + _seconds(story, 5, 30), 0, "complaint.closed", {"close_reason": "resolved"}


def _repair(story: Story, start: Instant) -> None:
    dice = story.dice
    what, engineer = dice.pick(FAULTS), dice.pick(ENGINEERS)
    story.say(
        "repair.reported",
        start,
        {
            "location": what.location,
            "component": what.component,
            "description": what.words,
            "urgency": "urgent" if what.urgent else "other",
            "in_warranty": story.house.owner_type == "break_in",
            "customer": story.customer(),
        },
        by=dice.pick(FRONT_DESK),
        channel=dice.weighted(((3, "hotline"), (2, "property_desk"), (2, "app"))),
        lag=0,
    )
    if dice.chance(80):
        at = start + _seconds(story, 15, 150)
        story.say("repair.contacted", at, by=engineer, channel="phone_out", lag=0)
    repair_ends(story, start, what, engineer)


def _inquiry(story: Story, start: Instant) -> None:
    dice = story.dice
    topic, question, answer = dice.pick(QUESTIONS)
    clerk = dice.pick(CS_STAFF)
    story.say(
        "inquiry.received",
        start,
        {"topic": topic, "question": question, "customer": story.customer()},
        by=clerk,
        channel="wechat",
        lag=0,
    )
    if dice.chance(85):
        data: dict[str, object] = {"answer": answer, "resolved": True}
        story.say(
            "inquiry.answered", start + _seconds(story, 10, 80), data, by=clerk, channel="wechat", lag=0
        )
