"""满意度与缺陷 over HTTP: the figures, the moment they are asked for, and from each figure, by link alone, to its cases."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import httpx

from schemas.instants import HOUR, MINUTE, format_instant
from tests.web.site import START, Site

REPORT = {"urgency": "other", "component": "window", "description": "关不严"}


def said(site: Site, kind: str, own_id: str, **data: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": own_id,
        "type": kind,
        "time": format_instant(site.now()),
        "ticket": f"BX-{own_id[1:]}",
        "projectid": "云栖 & 一期",
        "houseid": "1-101",
        "ownertype": "break_in",
        "data": data,
    }


def told(http: httpx.Client, site: Site, answers: int) -> str:
    """So many satisfied customers; the case of the last one."""
    case = ""
    for n in range(answers):
        for raw in (
            said(site, "repair.reported", f"r{n}", **REPORT),
            said(site, "followup.repair_first_completed", f"v{n}", satisfied=n > 2),
        ):
            kept = http.post("/events", json=raw)
            assert kept.status_code == 202, kept.text
            case = kept.json()["case_id"]
    place = kept.json()["place"]
    assert http.get(f"/cases/{case}", params={"after": place}).status_code == 200
    return case


def links(page: str) -> list[str]:
    return [
        unescape(found) for found in re.findall(r'href="(/wall/(?:satisfaction|defects|cases)[^"]*)"', page)
    ]


def test_every_figure_opens_the_cases_behind_it(timed: Site) -> None:
    with timed.client(timed.key()) as http:
        case = told(http, timed, 30)
        found = http.get("/satisfaction", params={"month": "2026-03"}).json()
        (figure,) = found["figures"]
        assert (figure["answered"], figure["share"], found["total"]["share"]) == (30, 900, 900)
        assert (
            http.get("/satisfaction", params={"known_at": format_instant(START - HOUR)}).json()["figures"]
            == []
        )
        first = http.get("/satisfaction/cases", params={"project": figure["project_id"], "limit": 20})
        assert len(first.json()) == 20
        rest = http.get(re.findall("<(.*)>", first.headers["link"])[0]).json()
        assert len({one["case_id"] for one in (*first.json(), *rest)}) == 30
        assert http.get("/defects").json()["total"] == {"reports": 30, "houses": 1}
        assert len(http.get("/defects/cases", params={"component": "window", "cause": ""}).json()) == 30

        wall = http.get("/").text
        assert "90.0% (74.3%–96.6%)" in wall
        assert "30 次 · 1 户" in wall
        for room in ("/wall/satisfaction", "/wall/defects"):
            assert room in links(wall)
            drawn = http.get(room).text
            (opened,) = {link for link in links(drawn) if "/cases?" in link}
            assert '">30</a>' in drawn, "each figure is a link"
            assert room + "/cases" in links(drawn), "the sum too"
            page = http.get(opened)
            assert page.status_code == 200
            assert f"/wall/cases/{case}" in links(page.text)
            assert len(set(links(page.text))) == 31, "30 cases and the way back"
        assert http.get(f"/wall/cases/{case}").status_code == 200


def test_the_cause_of_a_repair_is_shown_once_it_is_determined(timed: Site) -> None:
    built = {"cause": "construction_quality", "responsible_party": "contractor"}
    with timed.client(timed.key()) as http:
        case = told(http, timed, 2)
        for page in ("/", "/wall/defects"):
            assert "施工质量" not in http.get(page).text
        found = said(timed, "repair.cause_determined", "r1", **built) | {"id": "c1"}
        kept = http.post("/events", json=found).json()
        assert kept["case_id"] == case
        http.get(f"/cases/{case}", params={"after": kept["place"]})
        assert [one["cause"] for one in http.get("/defects").json()["figures"]] == [
            "",
            "construction_quality",
        ]
        for asked, reports in ((built, 1), ({"cause": ""}, 1), ({"responsible_party": "supplier"}, 0)):
            assert http.get("/defects", params=asked).json()["total"]["reports"] == reports
            assert len(http.get("/defects/cases", params=asked).json()) == reports
        (line,) = http.get("/defects/cases", params=built).json()
        assert (line["case_id"], line["data"]) == (case, {"component": "window", **built})
        assert "2 次 · 1 户 · 施工质量 1" in http.get("/").text
        room = http.get("/wall/defects").text
        assert ">施工质量<" in room
        (opened,) = {link for link in links(room) if "cause=construction_quality" in link}
        shown = http.get(opened).text
        assert [link for link in links(shown) if "/cases/" in link] == [f"/wall/cases/{case}"]
        assert "施工质量 · 施工单位" in shown


def test_the_share_of_return_visits_stands_beside(timed: Site) -> None:
    with timed.client(timed.key()) as http:
        told(http, timed, 1)
        assert http.get("/satisfaction").json()["coverage"] == []
        assert "回访覆盖率" not in http.get("/wall/satisfaction").text
        for raw in (said(timed, "repair.closed", "r0"), said(timed, "repair.closed", "r1")):
            kept = http.post("/events", json={**raw, "id": f"closed-{raw['id']}"}).json()
        http.get(f"/cases/{kept['case_id']}", params={"after": kept["place"]})
        (share,) = http.get("/satisfaction", params={"project": "云栖 & 一期", "month": "2026-03"}).json()[
            "coverage"
        ]
        assert (share["zh"], share["done"], share["ripe"], share["share"], share["unripe"]) == (
            "维修100%回访", 1, 1, 1000, 1,
        )  # fmt: skip
        for elsewhere in ({"known_at": format_instant(START)}, {"owner_type": "break_in"}):
            assert http.get("/satisfaction", params=elsewhere).json()["coverage"] is None
        page = http.get("/wall/satisfaction").text
        row = re.findall("<td[^>]*>(.*?)</td>", page[page.index('id="coverage"') :])
        shown = [re.sub("<.*?>", "", cell) for cell in row]
        assert shown == ["2026-03", "云栖 &amp; 一期", "维修100%回访", "1", "1", "100.0%", "0", "1"]
        opened = [unescape(found) for cell in row for found in re.findall('href="(.*?)"', cell)]
        behind = {
            word: http.get("/satisfaction/coverage", params={"standing": word}).json()
            for word in ("ripe", "done", "missed", "unreached", "unripe")
        }
        assert {word: len(found) for word, found in behind.items()} == {
            "ripe": 1, "done": 1, "missed": 0, "unreached": 0, "unripe": 1,
        }  # fmt: skip
        (done,), (unripe,) = behind["done"], behind["unripe"]
        cases = [
            [f"/wall/cases/{one['case_id']}" for one in found]
            for found in ([unripe, done], [done], [done], [unripe])
        ]
        assert len(opened) == 4, "the line, visited, due, and not due yet"
        for page, case in zip(opened, cases, strict=True):
            found = [link for link in links(http.get(page).text) if "/cases/" in link]
            assert sorted(found) == sorted(case)


def test_the_cases_behind_a_share_are_told_by_page_and_by_key(timed: Site) -> None:
    with timed.client(timed.key()) as http:
        told(http, timed, 3)
        for n in range(3):
            raw = said(timed, "repair.closed", f"r{n}") | {"id": f"closed-{n}", "projectid": f"p{n % 2}"}
            kept = http.post("/events", json=raw).json()
        http.get(f"/cases/{kept['case_id']}", params={"after": kept["place"]})
        path = "/satisfaction/coverage"
        first = http.get(path, params={"limit": 2})
        rest = http.get(re.findall("<(.*)>", first.headers["link"])[0]).json()
        every = [*first.json(), *rest]
        assert len({one["promise_id"] for one in every}) == len(every) == 3
        for share in http.get("/satisfaction").json()["coverage"]:
            keys = json.dumps(share["keys"])
            mine = http.get(path, params={"keys": keys, "period": share["period"]}).json()
            assert mine == [one for one in every if one["keys"] == share["keys"]]
            assert len(mine) == share["ripe"] + share["unreached"] + share["unripe"]
        for bad in ("{", "[]", '{"project":1}', "[" * 1500):
            answer = http.get(path, params={"keys": bad})
            assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "keys")
        assert http.get(path, params={"standing": "well"}).status_code == 422
        assert http.get(path, params={"project": "nowhere"}).json() == []


def test_too_few_answers_are_said_to_be_too_few(timed: Site) -> None:
    with timed.client(timed.key()) as http:
        told(http, timed, 4)
        found = http.get("/satisfaction").json()
        assert [found["figures"][0][name] for name in ("satisfied", "share", "interval")] == [None] * 3
        for page in ("/", "/wall/satisfaction"):
            shown = http.get(page).text
            assert "样本不足（4/30）" in shown
            assert "25.0%" not in shown


def test_what_is_asked_wrongly_is_named(timed: Site) -> None:
    now = format_instant(timed.now() + MINUTE)
    with timed.client(timed.key()) as http:
        for path in ("/satisfaction", "/defects", "/satisfaction/cases", "/defects/cases"):
            both = http.get(path, params={"as_of": now, "known_at": now})
            assert (both.status_code, both.json()["errors"][0]["field"]) == (422, "as_of")
            month = http.get(path, params={"month": "2026-13"})
            assert (month.status_code, month.json()["errors"][0]["field"]) == (422, "month")
            assert http.get(path, params={"mounth": "2026-03"}).status_code == 422
    with timed.client() as anybody:
        assert anybody.get("/satisfaction").status_code == 401
        assert anybody.get("/wall/defects").status_code == 303
