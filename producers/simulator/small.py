"""Inquiries (咨询) and commitments (承诺) of the estate."""

from __future__ import annotations

from producers.simulator.estate import CS_STAFF, SALES_REPS
from producers.simulator.story import Story, office
from producers.simulator.texts import PROMISES, QUESTIONS
from schemas.instants import DAY, HOUR, MINUTE, Instant, day_of, format_instant, iso_day


def inquiry(story: Story, start: Instant) -> None:
    """A question and, mostly, its answer."""
    dice = story.dice
    topic, question, answer = dice.pick(QUESTIONS)
    clerk = dice.pick(CS_STAFF)
    channel = dice.weighted(((4, "hotline"), (3, "wechat"), (2, "app"), (1, "visit_in")))
    story.say(
        "inquiry.received",
        start,
        {"topic": topic, "question": question, "customer": story.customer()},
        by=clerk,
        channel=channel,
    )
    if dice.chance(85):
        at = office(start + dice.between(3, 200) * MINUTE, dice)
        story.say("inquiry.answered", at, {"answer": answer, "resolved": True}, by=clerk, channel=channel)


def commitment(story: Story, start: Instant) -> None:
    """A promise to a customer with a date, kept or not."""
    dice = story.dice
    words, kept = dice.pick(PROMISES)
    seller = dice.pick(SALES_REPS)
    due = start + dice.between(1, 3) * DAY
    by_day = dice.chance(50)
    story.say(
        "commitment.made",
        start,
        {
            "promise_text": words,
            "promised_by": seller.ref,
            "due_at": iso_day(day_of(due)) if by_day else format_instant(due),
            "within_authority": True,
            "commitment_id": story.ticket,
            "customer": story.customer(),
        },
        by=seller,
        channel="phone_out",
    )
    if dice.chance(70):
        at = office(start + dice.between(20, 70) * HOUR, dice)
        story.say("commitment.fulfilled", at, {"commitment_id": story.ticket, "evidence": kept}, by=seller)
