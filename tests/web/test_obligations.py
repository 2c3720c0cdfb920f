"""义务覆盖 as a page: what the API says, in groups, what is wrong first; in both languages, and one link from the wall."""

from __future__ import annotations

import re
from typing import Any

import httpx

from tests.web.site import Site, complaint

PAGE = "/wall/obligations"


def groups(page: str) -> dict[str, list[str]]:
    """State -> keys of its obligations, in the page's order."""
    parts = re.split(r'<section class="[^"]*" id="(\w+)">', page)[1:]
    return {
        state: re.findall(r'<small class="code">([\w./]+)</small>', part)
        for state, part in zip(parts[::2], parts[1::2], strict=True)
    }


def told(http: httpx.Client) -> dict[str, Any]:
    body: dict[str, Any] = http.get("/reports/obligations").json()
    return body


def test_the_page_says_what_the_report_says(timed: Site) -> None:
    with timed.client(timed.key()) as http:
        assert f'href="{PAGE}"' in http.get("/").text
        kept = http.post("/events", json=complaint("c", timed.now())).json()
        assert http.get(f"/cases/{kept['case_id']}", params={"after": kept["place"]}).status_code == 200
        found = told(http)
        whole = len(found["obligations"])
        assert found["states"]["never_settled"] > 0
        shown = http.get(PAGE)
        assert shown.status_code == 200
        assert list(groups(shown.text)) == ["never_settled", "never_opened", "covered"]
        assert groups(shown.text) == {
            state: [one["obligation"] for one in found["obligations"] if one["state"] == state]
            for state in groups(shown.text)
        }
        assert f"<b>{found['states']['covered']}/{whole}</b>" in http.get("/").text
        assert "hotline" in shown.text, "who sends what opens it"
        assert "无法办结" in shown.text
        http.cookies.set("touchline_lang", "en")
        english = http.get(PAGE).text
        assert "Never settled" in english
        assert re.search("[一-鿿]", english.replace("中文", "")) is None
    with timed.client() as anybody:
        assert anybody.get(PAGE).status_code == 303
