"""Declaring how late a source reports (来源申报), as the command asks for it. The newest counts, so each is a fact."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.candidate import Appended
from ledger.tenants import Tenant
from schemas.canonical import Json
from schemas.delays import delay
from schemas.instants import format_instant
from touchline.defaults import fact
from touchline.exits import Exit, Refused

if TYPE_CHECKING:
    from touchline.house import House

DEADLINE = 60.0


def declare(house: House, tenant: Tenant, source: str, within: str) -> Json:
    """``{"tenant", "source", "reports_within", "place"}``. Raises Refused."""
    try:
        delay(within)
    except ValueError as error:
        raise Refused(
            Exit.USAGE, f"时延 {within!r} 应为 30min、26h、2d 之类，至多 31d；0h 为即时。", f"{error}."
        ) from None
    now = house.clock.now()
    data: dict[str, Json] = {"source": source, "reports_within": within}
    named = f"source/{source}/{format_instant(now)}"
    outcome = house.ledger.append(tenant, [fact(named, "source.declared", now, data)]).result(DEADLINE)[0]
    if not isinstance(outcome, Appended):
        raise Refused(
            Exit.USAGE, f"{outcome.field}：{outcome.reason_zh}。", f"{outcome.field}: {outcome.reason}."
        )
    if house.runner is not None:
        house.runner.wake()
    return {"tenant": tenant.name, "source": source, "reports_within": within, "place": outcome.place}
