"""The head of the wall and of the pages beside it: the day and the clock."""

from __future__ import annotations

from typing import Any

from schemas.instants import Instant, civil_date, day_of, to_datetime
from web.figures import weekday
from web.services import Services
from web.words import Words


def masthead(services: Services, t: Words) -> dict[str, Any]:
    now: Instant = services.clock.now()
    day = civil_date(day_of(now))
    return {
        "now_ms": now // 1000,
        "clock": to_datetime(now).strftime("%H:%M:%S"),
        "today": f"{day.month}月{day.day}日 {weekday(day, t)}"
        if t.lang == "zh"
        else f"{weekday(day, t)} {day:%d %b}",
        "demo": services.settings.demo,
        "titles": services.settings.titles,
    }
