"""The morning note from the ledger to the page: what it counts, and what it never says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.clock import SimulatedClock
from schemas.instants import HOUR, MINUTE, day_of, start_of_day
from tests.alerts.support import Answer, Inbox, inbox
from tests.web.site import START, Site, complaint, until
from tests.web.test_today import closed, form, told


@pytest.fixture
def box() -> Iterator[Inbox]:
    with inbox() as made:
        made.answer = lambda call: Answer(body=b'{"errcode":0}')
        yield made


def test_the_note_of_the_morning(tmp_path: Path, box: Inbox) -> None:
    """A day is told at half past eight, to the robot and on the page alike; the day before as the record tells it."""
    robot: dict[str, Any] = {"robot_url": "wecombot://KEY", "robot_endpoint": f"{box.url}/?key={{key}}"}
    clock = SimulatedClock(START + 4 * HOUR)
    titles = {"云栖集团": "云栖地产客户服务部"}
    site = Site(tmp_path / "data", clock, alert_log=False, daily_note_until="09:30", titles=titles, **robot)
    site.start()
    try:
        key = site.key()
        with site.client(key) as http, form(site, key) as page:
            assert ">云栖地产客户服务部</span>" in page.get("/today").text, "as people call it"
            first = told(site, http, complaint("c-1", site.now(), ticket="T-1", actorref="kf-012"))[0][
                "case_id"
            ]
            second = complaint("c-2", site.now(), ticket="T-2", houseid="yunqi-5-0302", actorref="kf-007")
            told(site, http, second)
            told(site, http, closed(site, "x-1", first))
            morning = start_of_day(day_of(site.now()) + 1) + 8 * HOUR + 30 * MINUTE
            calls = len(box.calls)
            site.let_pass(morning - site.now())
            notes = until(
                lambda: [text for call in box.calls if "晨会日报" in (text := call.json["text"]["content"])]
            )
            assert len(box.calls) > calls
            lists = [text for call in box.calls if "Touchline 提醒" in (text := call.json["text"]["content"])]
            assert lists
            assert all("（云栖地产客户服务部）" in text for text in lists), "the lists too"
            (text,) = notes
            lines = text.split("\n")
            assert lines[0] == "【晨会日报】2026-03-03 周二（截至 08:30）· 云栖地产客户服务部"
            assert lines[1] == "昨日新增 2（投诉 2）；办结 1（投诉 1）"
            assert lines[2].startswith("超时 2：项目客服部 2")
            assert "· 投诉登记 yunqi yunqi-3-1201 应于 03-02 24:00 项目客服部（首问 kf-012）" in lines
            today = lines.index("今日到期 4：客服前台 2、相关责任单位 2")
            assert {line.rpartition(" ")[0] for line in lines[today + 1 : today + 5]} >= {
                "· 接单后24小时回访 yunqi yunqi-3-1201 应于 03-03 13:00 客服前台（首问",
            }, text
            assert "2 new and 1 closed yesterday; 2 overdue" in text
            assert text.endswith(f"{site.url}/today/note?day=2026-03-03")
            for private in ("王女士", "13800000000", "渗水"):
                assert private not in text
            shown = page.get("/today/note").text
            assert all(line.removeprefix("· ") in shown for line in lines[:3])
            until(lambda: "已发送到群机器人" in page.get("/today/note").text)
            assert "没有生成日报" in page.get("/today/note?day=2026-03-02").text
            for day in ("2026-03-04", "tomorrow", "1960-01-01"):
                assert page.get("/today/note", params={"day": day}).status_code == 404

            told(site, http, closed(site, "x-2", second_case(http, first)))
            site.let_pass(3 * HOUR)
            missed = page.get("/today/note?day=2026-03-03").text
            assert "办结 1（投诉 1）" in missed, "as it was made"
            assert http.get("/alerts").json(), "alerts rang"
            assert {alert["type"] for alert in http.get("/alerts").json()} <= {
                "obligation.due_soon", "obligation.breached", "obligation.alert_step_reached", "obligation.retracted",
            }  # fmt: skip
            site.let_pass(start_of_day(day_of(site.now()) + 1) + 10 * HOUR - site.now())
            later = page.get("/today/note").text
            assert "没有生成日报" in later, "half past nine was over"
            assert "办结 1（投诉 1）" in later
            again = page.get("/today/note?day=2026-03-02").text
            assert "昨日新增 0；办结 0" in again
            assert "超时 0" in again
        assert sum("晨会日报" in call.json["text"]["content"] for call in box.calls) == 1
    finally:
        site.stop()


def second_case(http: Any, first: str) -> str:
    (found,) = [one["id"] for one in http.get("/cases").json() if one["id"] != first]
    return str(found)
