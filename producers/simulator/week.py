"""Seven days of the estate: every touchpoint of the cases that start in them, also what happens after the seven days."""

from __future__ import annotations

from collections.abc import Callable

from producers.simulator import complaints, repairs, small
from producers.simulator.dice import Dice
from producers.simulator.estate import CALL_CENTRE, PROPERTY, SALES, houses
from producers.simulator.story import Story, office
from producers.simulator.touch import Touch
from schemas.instants import HOUR, MINUTE, SECOND, Instant, day_of, iso_day, start_of_day

DAYS = 7
CASES = 78
FORGOTTEN_TICKET = "TS-FORGOTTEN-1"
"""The complaint whose return visit was made in time and never entered: its breach waits for somebody to do so."""

_KINDS: tuple[tuple[int, tuple[str, str, Callable[[Story, Instant], None]]], ...] = (
    (28, (CALL_CENTRE, "TS", complaints.complaint)),
    (32, (PROPERTY, "BX", repairs.repair)),
    (13, (CALL_CENTRE, "ZX", small.inquiry)),
    (6, (SALES, "CN", small.commitment)),
)


def week(*, tenant: str, seed: int, base: Instant) -> list[Touch]:
    """All touchpoints in the order of sending, from ``base`` on; the last are sent some days after the week's end."""
    estate = houses(seed)
    touches: list[Touch] = []
    for number in range(CASES):
        dice = Dice(seed, "case", number)
        source, letters, tell = dice.weighted(_KINDS)
        start = _start(dice, base, urgent_night=letters == "BX")
        ticket = f"{letters}{iso_day(day_of(start)).replace('-', '')[2:]}-{number + 1:03d}"
        story = Story(tenant=tenant, dice=dice, house=dice.pick(estate), source=source, ticket=ticket)
        tell(story, start)
        touches += story.touches
    dice = Dice(seed, "forgotten")
    story = Story(
        tenant=tenant, dice=dice, house=dice.pick(estate), source=CALL_CENTRE, ticket=FORGOTTEN_TICKET
    )
    complaints.complaint(story, forgotten_start(base), forgotten=True)
    touches += story.touches
    return sorted(touches, key=Touch.order)


def forgotten_start(base: Instant) -> Instant:
    """When that complaint is taken in: at ten in the morning, so that its 24 hours are over before the week is."""
    return start_of_day(day_of(base) + 5) + 10 * HOUR


def _start(dice: Dice, base: Instant, *, urgent_night: bool) -> Instant:
    """When a case starts: mostly by day, some repairs by night; never before ``base``."""
    at = base + dice.between(0, DAYS * 24 * 60 - 1) * MINUTE + dice.between(0, 59) * SECOND
    hour = (at - start_of_day(day_of(at))) // HOUR
    if 8 <= hour < 21 or (urgent_night and dice.chance(25)):
        return at
    return office(at, dice) if hour < 8 else max(base, at - dice.between(4, 10) * HOUR)
