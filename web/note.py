"""晨会日报: the morning note of a day as a page: as it was made, or, where none was made, as the record tells it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from alerts.note import worded
from schemas.instants import Day, Instant, day_of, iso_day, parse_day, parse_instant, show, start_of_day
from web.auth import Caller, House
from web.figures import near
from web.pages import Page, SignedIn, Text
from web.services import Services
from web.words import Words

routes = APIRouter(include_in_schema=False)


@routes.get("/today/note")
async def note(
    services: House,
    who: SignedIn,
    pages: Page,
    t: Text,
    day: Annotated[str, Query(max_length=10)] = "",
) -> Response:
    """The note of ``day`` (``2026-11-23``), by default of today."""

    def drawn() -> Response:
        now = services.clock.now()
        today = day_of(now)
        try:
            asked = parse_day(day) if day else today
        except ValueError:
            asked = today + 1
        if not 0 < asked <= today:
            return pages.render("missing.html", t, 404, what="note.none")
        return pages.render("note.html", t, **shown(services, who, asked, now, t))

    return await run_in_threadpool(drawn)


def shown(services: Services, who: Caller, day: Day, now: Instant, t: Words) -> dict[str, Any]:
    """What the page shows: the lines, where they come from, and the way to the days beside."""
    kept = services.alerts.note(who.tenant, day)
    if kept is not None:
        zh, en = kept["zh"], kept["en"]
        sent = [one for one in kept["deliveries"] if one["delivered_at"]]
        waits = [one for one in kept["deliveries"] if one["state"] in ("pending", "failed", "dropped")]
        if sent:
            source = t("note.sent", at=near(sent[0]["delivered_at"], now, t))
        else:
            source = t(
                f"note.{waits[0]['state']}" if waits else "note.nowhere", at=near(kept["recorded"], now, t)
            )
    else:
        at = min(now, start_of_day(day) + services.settings.note_at) if day < day_of(now) else now
        figures = services.reading.figures.day_note(who.tenant, at)
        zh, en = worded(figures, services.settings.titles.get(who.tenant.name, who.tenant.name))
        source = t("note.composed", at=show(parse_instant(figures["at"])))
    head, *lines = zh.split("\n")
    return {
        "head": head,
        "lines": [(line.removeprefix("· "), line.startswith("· ")) for line in lines],
        "en": en,
        "source": source,
        "day": iso_day(day),
        "before": iso_day(day - 1),
        "after": iso_day(day + 1) if day < day_of(now) else "",
    }
