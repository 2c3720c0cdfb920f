"""What stood aside is taken in again after a fix: parked events, as commands ask for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ledger.tenants import Tenant
from producers.persons import NotTaken
from producers.resuming import resume as resumed
from schemas.canonical import Json
from touchline.exits import Exit, Refused

if TYPE_CHECKING:
    from touchline.house import House


def resume(house: House, tenant: Tenant, events: Sequence[Sequence[str]], by: str) -> Json:
    """Resume what is parked of these (event id, rule), in this order; places of the facts that say so, null where somebody
    else said so before. Raises Refused."""
    parked = {(one["event_id"], one["rule"]): one["verdict"] for one in house.reading.engine.parked(tenant)}
    places: list[Json] = []
    for event_id, rule in events:
        if (verdict := parked.get((event_id, rule))) is None:
            raise Refused(
                Exit.UNKNOWN,
                f"事件 {event_id} 没有被规则 {rule} 暂停。",
                f"Event {event_id} is not parked for rule {rule}.",
            )
        try:
            kept = resumed(house.intake, house.clock, tenant, rule, event_id, verdict, by)
        except NotTaken as error:
            told = error.problem
            raise Refused(
                Exit.USAGE, f"{told.field}：{told.reason_zh}。", f"{told.field}: {told.reason}."
            ) from None
        places.append(kept.place if kept is not None else None)
    return places
