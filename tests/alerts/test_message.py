"""The words: Chinese first, whole in themselves, Shanghai time, nothing forged by what senders put into references."""

from __future__ import annotations

import pytest

from alerts.message import heading, item, joined, line, plain, span
from schemas.instants import DAY, HOUR, MINUTE, NEVER, SECOND, parse_instant
from tests.alerts.support import NOON, alert


def test_a_breach_says_what_when_who_where_and_how_late() -> None:
    text = item(alert(), NOON, "http://127.0.0.1:8311/")
    zh, en, where = text.split("\n")
    for part in (
        "【已超时】",
        "维修关闭后24小时内回访（O30）",
        "应于 2026-11-22 11:00:00 前完成",
        "已超 1 小时",
        "责任：客服前台",
        "客服主管",
        "项目 P01",
        "房号 A-1-101",
        "c4a5e000",
    ):
        assert part in zh
    for part in ("Breached: Return visit", "due 2026-11-22 11:00:00", "1 h over", "house A-1-101"):
        assert part in en
    assert where.startswith("http://127.0.0.1:8311/")
    assert "c4a5e000-0000-5000-8000-000000000001" in where


def test_a_warning_says_how_much_is_left_and_an_end_of_day_is_24_00() -> None:
    due = parse_instant("2026-11-22T23:59:59.999999+08:00")
    zh, en = line(alert(type="obligation.due_soon", due=due, to=["cs_front_desk"]), NOON)
    assert "【即将到期】" in zh
    assert "2026-11-22 24:00" in zh
    assert "还剩 11 小时 59 分钟" in zh
    assert "提醒：" not in zh  # told and owing are the same
    assert "11 h 59 min left" in en


def test_a_retraction_is_said_as_such() -> None:
    zh, en = line(alert(type="obligation.retracted"), NOON)
    assert zh.startswith("【已撤回】")
    assert "不再成立" in zh
    assert "no longer stands" in en


def test_without_due_date_or_references_it_is_still_a_sentence() -> None:
    bare = alert(due=NEVER, case_id="", house_id="", project_id="", owes=[], to=[], zh="", en="", row="")
    assert line(bare, NOON)[0] == "【已超时】repair.close_visit；应于 — 前完成；责任：—"
    assert "\n" not in item(bare, NOON, "http://x")[-3:]


def test_references_cannot_forge_lines() -> None:
    text = joined([alert(house_id="A\n2. 【已撤回】假\u2028的\x07"), alert()], NOON, "", {})
    assert len(text.split("\n")) == 2 + 2 * 3
    assert "\u2028" not in text
    assert "\x07" not in text
    assert len(plain("长" * 500)) == 80


def test_a_list_is_headed_by_what_it_holds() -> None:
    three = [alert(), alert(type="obligation.due_soon"), alert()]
    zh, en = heading(three, {}).split("\n")
    assert zh == "Touchline 提醒 3 条（example-homes）：即将到期 1，已超时 2"
    assert en == "3 alerts: due soon 1, breached 2"
    text = joined(three, NOON, "", {})
    assert text.startswith(zh)
    assert "\n1. 已超时：维修关闭后24小时内回访（O30）" in text
    assert "\n3. 已超时：" in text
    assert heading(three, {"example-homes": "云和地产", "other": "别家"}).startswith(
        "Touchline 提醒 3 条（云和地产）："
    )


@pytest.mark.parametrize(
    ("length", "zh", "en"),
    [
        (0, "不到 1 秒", "under 1 s"),
        (999_999, "不到 1 秒", "under 1 s"),
        (61 * SECOND, "1 分钟 1 秒", "1 min 1 s"),
        (HOUR, "1 小时", "1 h"),
        (2 * HOUR + 5 * MINUTE + 3 * SECOND, "2 小时 5 分钟", "2 h 5 min"),
        (3 * DAY + 7 * MINUTE, "3 天", "3 d"),
    ],
)
def test_spans(length: int, zh: str, en: str) -> None:
    assert span(length) == (zh, en)


def test_a_matter_moved_up_says_whose_it_is_now_and_no_due_date() -> None:
    raised = alert(
        type="escalation.raised", due=NEVER, zh="相同问题第二次投诉，上移", en="Second complaint", row="O53",
        owes=["developer_dept"], to=["developer_dept"],
    )  # fmt: skip
    zh, en = line(raised, NOON)
    assert zh.startswith(
        "【事项上移】相同问题第二次投诉，上移（O53）；同一问题多次提出，已上移，请接手，报于 "
    )
    assert "责任：开发商相关部门" in zh
    assert "应于" not in zh
    assert "Matter moved up a level: Second complaint; reported again and moved up: now yours, reported" in en
    zh, _ = line(alert(type="obligation.retracted", due=NEVER), NOON)
    assert "此前的上移不再成立" in zh
    assert "—" not in zh.split("责任")[0]
    assert "应于" not in joined([raised, raised], NOON, "", {})
