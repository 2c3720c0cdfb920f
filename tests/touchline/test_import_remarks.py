"""What an import keeps and remarks on: visits of cases that nobody took in, times in the wrong order, empty columns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.touchline.commands import ON_BOTH, Shell, serving
from touchline.exits import Exit
from touchline.house import House

COMPLAINTS = "投诉编号,受理时间,投诉内容,登记时间,关闭时间,项目,房号,投诉类别,同一问题编号\n"
VISITS = "事项编号,回访类别,回访时间,回访结果\n"
VISIT = "投诉关闭回访,2026-03-05 10:00,满意\n"


def written(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


def remarks(told: dict[str, Any], field: str) -> list[int]:
    return [one["line"] for one in told["remarks"] if one["field"] == field]


@ON_BOTH
def test_a_visit_of_a_case_that_nobody_took_in_is_kept_and_told(acme: Shell, tmp_path: Path) -> None:
    cases = written(tmp_path / "c.csv", COMPLAINTS + "T1,2026-03-02 09:00,漏水,,,云栖,3-1,渗漏,\n")
    visits = written(tmp_path / "v.csv", f"{VISITS}T1,{VISIT}T9,{VISIT}T9,{VISIT.replace('10:00', '11:00')}")
    before = acme("import", visits, "-s", "desk", "--dry-run", "--json")
    assert (before.code, remarks(before.json, "事项编号")) == (0, [2, 3, 4]), "none of them is there yet"
    assert acme("import", cases, "-s", "desk").code == 0
    tried = acme("import", visits, "-s", "desk", "--dry-run", "--json").json
    done = acme("import", visits, "-s", "desk", "--json")
    assert done.code == 0
    assert remarks(tried, "事项编号") == remarks(done.json, "事项编号") == [3, 4]
    assert (done.json["events"], done.json["bad"], done.json["remarked"]) == (3, 0, 2), "nothing is lost"
    again = acme("import", visits, "-s", "desk")
    told = [line for line in again.out.splitlines() if line.startswith("3: ")]
    assert ["没有受理过此编号" in line for line in told] == [True]
    assert "提示 3 条" in again.err, "two visits, and that none of them tells its estate"
    late = written(tmp_path / "late.csv", COMPLAINTS + "T9,2026-03-03 09:00,裂缝,,,云栖,3-1,裂缝,\n")
    assert acme("import", late, "-s", "desk").code == 0
    assert acme("import", visits, "-s", "desk", "--json").json["remarks"] == [], "it came later"


def test_another_source_that_has_the_number_is_named(acme: Shell, tmp_path: Path) -> None:
    cases = written(tmp_path / "c.csv", COMPLAINTS + "T1,2026-03-02 09:00,漏水,,,云栖,3-1,渗漏,\n")
    visits = written(tmp_path / "v.csv", f"{VISITS}T1,{VISIT}")
    acme("import", cases, "-s", "desk")
    (one,) = acme("import", visits, "-s", "other", "--json").json["remarks"]
    assert "--source desk" in one["reason"]
    assert "来源 desk 有" in one["reason_zh"]


def test_a_case_whose_taking_in_was_refused_is_not_taken_in(acme: Shell, tmp_path: Path) -> None:
    text = COMPLAINTS + "T1,2999-03-02 09:00,漏水,,2026-03-03 10:00,云栖,3-1,渗漏,\n"
    path = written(tmp_path / "c.csv", text)
    for more in (["--dry-run"], []):
        told = acme("import", path, "-s", "desk", "--json", *more).json
        assert (told["bad"], told["events"], remarks(told, "投诉编号")) == (1, 1, [2])


def test_a_dry_run_without_a_ledger_says_that_it_could_not_look(shell: Shell, tmp_path: Path) -> None:
    visits = written(tmp_path / "v.csv", f"{VISITS}T1,{VISIT}T9,{VISIT}")
    said = shell("import", visits, "--dry-run", "--json")
    assert (said.code, said.json["unchecked_cases"], said.json["remarks"]) == (0, 2, [])
    assert not shell.folder.exists()
    assert "2 行的事项" in shell("import", visits, "--dry-run").out
    closed = "T1,2026-03-02 09:00,漏水,,2026-03-03 10:00,云栖,3-1,渗漏,\n"
    cases = written(tmp_path / "c.csv", COMPLAINTS + closed)
    told = shell("import", cases, "--dry-run", "--json").json
    assert (told["unchecked_cases"], told["remarked"]) == (0, 0), (
        "what the file itself takes in needs no looking up"
    )


def test_through_the_running_server_the_engine_is_waited_for(acme: Shell, tmp_path: Path) -> None:
    rows = "".join(f"T{n},2026-03-02 09:00,漏水,,,云栖,3-1,渗漏,\n" for n in range(300))
    cases = written(tmp_path / "c.csv", COMPLAINTS + rows)
    visits = written(tmp_path / "v.csv", VISITS + "".join(f"T{n},{VISIT}" for n in range(301)))
    with serving(acme.folder):
        acme("import", cases, "-s", "desk")
        told = acme("import", visits, "-s", "desk", "--json").json
    assert (told["events"], told["unchecked_cases"], remarks(told, "事项编号")) == (301, 0, [302])


def test_times_in_the_wrong_order_are_kept_and_told(acme: Shell, tmp_path: Path) -> None:
    rows = [
        "T1,2026-03-02 09:00,漏水,2026-03-01 09:00,2026-03-02,云栖,3-1,渗漏,",
        "T2,2026-03-02 09:00,漏水,2026-03-02 09:00,2026-03-02 09:00,云栖,3-1,渗漏,",
        "T3,2026-03-02 09:00,漏水,2026-03-04 09:00,2026-03-03 09:00,云栖,3-1,渗漏,",
    ]
    path = written(tmp_path / "c.csv", COMPLAINTS + "\n".join(rows) + "\n")
    for more in (["--dry-run"], []):
        said = acme("import", path, "-s", "desk", "--json", *more)
        told = said.json
        assert (said.code, told["bad"], told["events"]) == (0, 0, 9)
        assert [(one["line"], one["field"]) for one in told["remarks"]] == [
            (2, "登记时间、关闭时间"),
            (4, "关闭时间"),
        ]
    assert "早于 受理时间" in told["remarks"][0]["reason_zh"]
    assert "未办结" in told["remarks"][0]["reason_zh"]
    assert "早于 登记时间" in told["remarks"][-1]["reason_zh"]


def test_what_is_filled_in_and_kept_by_nothing_is_told(acme: Shell, tmp_path: Path) -> None:
    """A time to visit without the time of the call in which it was agreed; what was found on a visit that has no time."""
    head = "报修编号,报修时间,报修内容,联系时间,约定上门时间,上门时间,查看情况,关闭时间,关闭原因\n"
    rows = [
        "B1,2026-03-02 09:00,渗水,,2026-03-02 14:00,,,,",
        "B2,2026-03-02 09:00,渗水,2026-03-02 10:00,2026-03-02 14:00,,密封胶老化,,已解决",
        "B3,2026-03-02 09:00,渗水,2026-03-02 10:00,2026-03-02 14:00,2026-03-02 14:00,密封胶老化,2026-03-03,已解决",
        "B4,2026-03-02 09:00,渗水,2026-03-02 10:00,,,,,",
    ]
    repairs = written(tmp_path / "r.csv", head + "\n".join(rows) + "\n")
    for more in (["--dry-run"], []):
        said = acme("import", repairs, "-s", "desk", "--json", *more)
        assert said.code == 0
        assert [(one["line"], one["field"], one["reason_zh"]) for one in said.json["remarks"]] == [
            (2, "约定上门时间", "已填，但没有写入：缺少 联系时间"),
            (3, "查看情况", "已填，但没有写入：缺少 上门时间"),
            (3, "关闭原因", "已填，但没有写入：缺少 关闭时间"),
        ]
    head = "投诉编号,受理时间,投诉内容,传递时间,责任部门,承诺内容,承诺兑现时间\n"
    rows = [
        "T1,2026-03-02 09:00,漏水,2026-03-02 10:00,,,2026-03-06",
        "T2,2026-03-02 09:00,漏水,,工程部,修好,",
    ]
    complaints = written(tmp_path / "c.csv", head + "\n".join(rows) + "\n")
    told = acme("import", complaints, "-s", "desk", "--json").json["remarks"]
    assert [(one["line"], one["field"]) for one in told] == [
        (2, "传递时间"),
        (2, "承诺兑现时间"),
        (3, "责任部门"),
    ]
    visits = written(
        tmp_path / "v.csv", VISITS.strip() + ",得分\nB1,维修第一次回访,2026-03-05 10:00,未接通,90\n"
    )
    (one,) = acme("import", visits, "-s", "desk", "--json").json["remarks"]
    assert (one["field"], "没有可写入它的触点" in one["reason_zh"]) == ("得分", True)


def test_columns_that_the_ladder_or_a_policy_needs_are_counted_once(acme: Shell, tmp_path: Path) -> None:
    rows = [
        "T1,2026-03-02 09:00,漏水,,,云栖,3-1,,",
        "T2,2026-03-02 09:00,漏水,,2026-03-03 09:00,,3-1,渗漏,",
        "T3,2026-03-02 09:00,漏水,,,云栖,,,漏-1",
        "T4,2026-03-02 09:00,漏水,,,云栖,,渗漏,",
        "T5,2026-03-02 09:00,漏水,,2026-03-03 09:00,云栖,3-1,渗漏,",
    ]
    path = written(tmp_path / "c.csv", COMPLAINTS + "\n".join(rows) + "\n")
    for more in (["--dry-run"], []):
        said = acme("import", path, "-s", "desk", "--json", *more)
        assert said.code == 0
        found = {one["field"]: (one["rows"], one["of"]) for one in said.json["blank"]}
        assert found == {"房号/客户编号": (1, 5), "投诉类别": (1, 5), "项目": (1, 2)}
    plain = acme("import", path, "-s", "desk").out
    assert plain.count("投诉上移制") == 2
    assert "项目（2 行中 1 行）未填：不计入 " in plain
    visits = written(
        tmp_path / "v.csv", f"{VISITS.strip()},项目\nT1,{VISIT.strip()},云栖\nT2,{VISIT.strip()},\n"
    )
    (one,) = acme("import", visits, "-s", "desk", "--json").json["blank"]
    assert (one["field"], one["rows"], one["of"], "各项目的满意度" in one["reason_zh"]) == (
        "项目",
        1,
        2,
        True,
    )


def test_the_example_rows_of_our_own_ledgers_ask_for_no_remark(acme: Shell, tmp_path: Path) -> None:
    from openpyxl import load_workbook

    for name in ("complaints", "repairs", "followups"):
        path = tmp_path / f"{name}.xlsx"
        acme("template", name, "-o", str(path))
        book = load_workbook(path)
        book.worksheets[0].append([cell.value for cell in book.worksheets[1][2]])
        book.save(path)
        said = acme("import", str(path), "-s", "desk", "--json")
        told = said.json
        assert (said.code, told["remarks"], told["blank"]) == (Exit.DONE, [], []), name


def test_a_webhook_of_a_case_that_nobody_took_in_is_kept_and_can_be_asked_for(
    acme: Shell, tmp_path: Path
) -> None:
    mapping = written(
        tmp_path / "m.yaml",
        "mapping: visits\ncolumns: {no: ticket, at: {from: at, as: time}}\nticket: no\n"
        "id: {text: '{no}/{at}'}\ntouchpoints:\n"
        "  done: {type: followup.complaint_close_completed, time: at}\n",
    )
    assert acme("inbox", "add", "-s", "desk", "-m", mapping, "--verify", "token").code == 0
    assert "没有" in acme("inbox", "unknown", "-s", "desk").err
    cases = written(tmp_path / "c.csv", COMPLAINTS + "T1,2026-03-02 09:00,漏水,,,云栖,3-1,渗漏,\n")
    acme("import", cases, "-s", "desk")
    with House.open(acme.folder) as house:
        inbox = house.inbox.find("desk")
        assert inbox is not None
        for ticket, at in (("T1", "05"), ("T8", "05"), ("T8", "06")):
            body = json.dumps({"ticket": ticket, "at": f"2026-03-{at} 10:00"}).encode()
            token = {"x-token": house.inbox.secret("desk") or "", "content-type": "application/json"}
            house.inbox.receive(inbox, token, (), body).result(60)
        house.inbox.settle()
        house.run_to_head()
    assert acme("dead", "list", "--json").json == [], "it is kept"
    assert acme("inbox", "unknown", "-s", "desk", "--json").json == {"cases": {"T8": 2}}
    assert "事项 case  T8" in acme("inbox", "unknown", "-s", "desk").out


def test_what_is_needed_is_what_the_tenant_has_in_force(acme: Shell, tmp_path: Path) -> None:
    path = written(tmp_path / "c.csv", COMPLAINTS + "T1,2026-03-02 09:00,漏水,,,云栖,3-1,,\n")

    def asked() -> list[str]:
        return [
            one["field"] for one in acme("import", path, "-s", "desk", "--dry-run", "--json").json["blank"]
        ]

    def publish(version: str, since: str, more: str) -> None:
        text = f"profile: default\nextends: default\nversion: '{version}'\neffective_from: {since}\n{more}\n"
        said = acme("policy", "publish", written(tmp_path / f"{version}.yaml", text))
        assert said.code == 0, said.err

    assert asked() == ["投诉类别"]
    publish("later", "2999-01-01T00:00:00+08:00", "repetition: null")
    assert asked() == ["投诉类别"], "not in force yet"
    publish("mine", "2026-11-01T00:00:00+08:00", "repetition: null")
    assert asked() == [], "a tenant without a ladder needs none of its parts"
    estate = "policies: {complaint.register: {per: [project]}}"
    publish("next", "2026-11-01T00:00:00+08:00", f"repetition: null\n{estate}")
    text = COMPLAINTS + "T1,2026-03-02 09:00,漏水,,,,3-1,,\n"
    path = written(tmp_path / "d.csv", text)
    assert asked() == ["项目"], "of two from the same instant the later one"
