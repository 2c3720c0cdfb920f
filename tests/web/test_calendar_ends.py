"""A calendar that ends soon is a warning of /readyz, which stays ready, and a figure of /metrics."""

from __future__ import annotations

from schemas.instants import day_of, parse_day
from tests.web.site import Site
from web.health import SOON


def test_the_end_of_the_calendar_is_told(site: Site) -> None:
    left = parse_day("2026-12-31") - day_of(site.now())
    with site.client(site.key()) as http:
        ready = http.get("/readyz")
        text = http.get("/metrics").text
    assert (ready.status_code, ready.json()["status"], ready.json()["reasons"]) == (200, "ready", [])
    told = [one["reason"] for one in ready.json()["warnings"]]
    named = ["calendar office ends with 2026-12-31: promises behind it stand undated"]
    assert told == (named if left < SOON else [])
    assert f'touchline_calendar_days_left{{calendar="office"}} {float(left)}' in text
