"""A calendar that ends soon is a warning of /readyz, which stays ready, a figure and a word on the wall, by name."""

from __future__ import annotations

from schemas.instants import day_of, parse_day
from tests.web.site import Site
from tests.web.test_auth import signed_in
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


def test_a_region_whose_calendar_ends_is_named(site: Site) -> None:
    file = {"base": "none", "closed": ["2025-05-05"]}
    site.tenant()
    asked = {
        "tenant": "云栖集团",
        "name": "office",
        "year": 2025,
        "file": file,
        "version": "",
        "region": "east",
    }
    made = site.house.admin.perform("calendar.publish", asked)
    assert site.house.progress.wait(site.tenant().number, made["place"], 10)
    left = parse_day("2026-12-31") - day_of(site.now())
    with site.client(site.key()) as http:
        warned = {one["calendar"]: one["year"] for one in http.get("/readyz").json()["warnings"]}
        figures = http.get("/metrics").text
    assert f'touchline_calendar_days_left{{calendar="office@east"}} {float(left)}' in figures
    if left < SOON:
        assert warned["office@east"] == "2027", (
            "years that the region lacks are the company's as published before"
        )
    with signed_in(site, site.key()) as http:
        assert ("office@east 2027" in http.get("/").text) == (left < SOON)
