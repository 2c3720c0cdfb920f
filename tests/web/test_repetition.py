"""A case that moved up, as the API and its page show it."""

from __future__ import annotations

import httpx

from schemas.instants import SECOND, format_instant
from tests.web.site import Site


def test_a_second_complaint_says_its_level_and_what_counted(site: Site) -> None:
    def complaint(number: int) -> dict[str, object]:
        return {
            "specversion": "1.0",
            "id": f"c-{number}",
            "type": "complaint.received",
            "time": format_instant(site.now() - (3 - number) * SECOND),
            "projectid": "p",
            "houseid": "h",
            "data": {"description": "漏水", "category": "leak", "repeat_no": 3},
        }

    with site.client(site.key()) as http:
        kept = [http.post("/events", json=complaint(number)).json() for number in (1, 2)]
        case: httpx.Response = http.get(f"/cases/{kept[1]['case_id']}", params={"after": kept[1]["place"]})
        found = case.json()["repetition"]
        assert (found["level"], found["role"], found["differs"]) == (1, "developer_dept", True)
        assert [(one["case_id"], one["count"], one["level"]) for one in found["reports"]] == [
            (kept[0]["case_id"], 1, 0),
            (kept[1]["case_id"], 2, 1),
        ]
        page = http.get(f"/wall/cases/{kept[1]['case_id']}").text
        assert "由 开发商相关部门 负责" in page
        assert f"/wall/cases/{kept[0]['case_id']}" in page
