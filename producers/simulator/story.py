"""The pen with which stories are written: one case, what happens in it, and who sends word of it."""

from __future__ import annotations

from producers.simulator.dice import Dice
from producers.simulator.estate import PROJECT, REGION, House, Staff
from producers.simulator.touch import Touch
from schemas.canonical import Json
from schemas.identity import case_id_of_ticket
from schemas.instants import DAY, HOUR, MINUTE, SECOND, Instant, day_of, start_of_day


class Story:
    """One case of one house. Times are µs; ``lag`` is how long after the event its source sends it (default seconds)."""

    def __init__(self, *, tenant: str, dice: Dice, house: House, source: str, ticket: str) -> None:
        self.dice = dice
        self.house = house
        self.source = source
        self.ticket = ticket
        self.case_id = case_id_of_ticket(tenant, source, ticket)
        self.touches: list[Touch] = []

    def say(
        self,
        type_: str,
        time: Instant,
        data: dict[str, Json] | None = None,
        *,
        by: Staff,
        channel: str = "",
        source: str = "",
        lag: int | None = None,
        more: dict[str, str] | None = None,
    ) -> str:
        """Adds a touchpoint to the case; returns the source's own id of it."""
        source = source or self.source
        source_id = f"{self.ticket}-{len(self.touches) + 1:02d}"
        attributes = {
            "projectid": PROJECT,
            "phaseid": self.house.phase_id,
            "houseid": self.house.house_id,
            "region": REGION,
            "ownertype": self.house.owner_type,
            "stage": "daily_service",
            "actorrole": by.role,
            "actorref": by.ref,
            **({"channel": channel} if channel else {}),
            **({"ticket": self.ticket} if source == self.source else {"caseid": self.case_id}),
            **(more or {}),
        }
        self.touches.append(
            Touch(
                source=source,
                source_id=source_id,
                type=type_,
                time=time,
                sent=time + (self.dice.between(2, 40) * SECOND if lag is None else lag),
                attributes=attributes,
                data=data or {},
            )
        )
        return source_id

    def customer(self) -> dict[str, Json]:
        """The owner as the source knows them."""
        house = self.house
        return {"number": house.number, "name": house.name, "phone": house.phone, "address": house.address}


def office(at: Instant, dice: Dice) -> Instant:
    """``at`` if people are at work then (8:30 to 18:00), else some time in the next morning."""
    start = start_of_day(day_of(at))
    opening, closing = start + 8 * HOUR + 30 * MINUTE, start + 18 * HOUR
    if at < opening:
        return opening + dice.between(0, 90) * MINUTE + dice.between(0, 59) * SECOND
    if at > closing:
        return opening + DAY + dice.between(0, 90) * MINUTE + dice.between(0, 59) * SECOND
    return at
