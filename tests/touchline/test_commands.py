"""The command line without a server: what each command prints, and the code it ends with."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ledger.errors import FolderInUse
from projections.promises import WALL
from schemas.catalogue import example
from tests.touchline.commands import ROOT, Shell
from touchline.commands.promises import WALLS
from touchline.exits import Exit, of_error


def test_a_tenant_begins_with_calendar_roles_and_policies(shell: Shell) -> None:
    made = shell("tenant", "add", "acme", "--json").json
    assert made == {"number": 1, "name": "acme", "published": 3}
    assert shell("tenant", "list", "--json").json == [{"number": 1, "name": "acme"}]
    types = [event["type"] for event in shell("tail", "--json").json]
    assert types == ["calendar.published", "roles.published", "policy.published"]


def test_a_second_tenant_of_the_name_is_refused(acme: Shell) -> None:
    again = acme("tenant", "add", "acme")
    assert (again.code, again.out) == (Exit.USAGE, "")
    assert "acme" in again.err


@pytest.mark.parametrize("name", ["", " acme", "a b", "a/b", "a\\b", "a\nb", "a%b", "x" * 65])
def test_a_name_that_is_none_is_refused(shell: Shell, name: str) -> None:
    assert shell("tenant", "add", name).code == Exit.USAGE
    assert not (shell.folder / "touchline.db").exists() or shell("tenant", "list", "--json").json == []


def test_a_name_of_chinese_letters_digits_and_marks(shell: Shell) -> None:
    assert shell("tenant", "add", "云栖-2_a.b").code == 0
    assert shell("key", "create", "--source", "客服中心.1").code == 0
    said = shell("key", "create", "--source", "call centre")
    assert said.code == Exit.USAGE
    assert "空格" in said.err
    assert "spaces" in said.err


def test_a_key_is_printed_once_and_kept_as_a_hash(acme: Shell) -> None:
    made = acme("key", "create", "--tenant", "acme", "--source", "crm", "--write-only", "--json").json
    assert made["key"].startswith("tl_")
    assert made["write_only"] is True
    kept = b"".join(path.read_bytes() for path in acme.folder.iterdir())
    assert made["key"].encode() not in kept


def test_append_answers_every_line_and_a_retry_gets_the_first_answer(acme: Shell, events: Path) -> None:
    first = acme("append", str(events), "--json")
    assert first.code == 0
    assert [(a["line"], a["status"], a["duplicate"]) for a in first.json] == [
        (1, 202, False), (2, 202, False), (3, 202, False),
    ]  # fmt: skip
    again = acme("append", str(events), "--json").json
    assert [{**a, "duplicate": False} for a in again] == first.json
    assert all(a["duplicate"] for a in again)


def test_append_names_the_lines_that_it_refuses(acme: Shell, tmp_path: Path, events: Path) -> None:
    lines = events.read_text(encoding="utf-8").splitlines()
    wrong = json.dumps({**json.loads(lines[1]), "id": "x", "data": {"descriptoin": "…"}})
    path = tmp_path / "mixed.ndjson"
    path.write_bytes("\n".join([lines[0], "", "{", wrong, lines[2]]).encode() + b"\n\xff\xfe\n")
    said = acme("append", str(path), "--json")
    assert said.code == Exit.NOT_SO
    told = {a["line"]: (a["status"], a.get("field")) for a in said.json}
    assert told[1][0] == told[5][0] == 202
    assert told[3] == (400, "")
    assert told[4][0] == 422
    assert "data." in str(told[4][1])
    assert told[6][0] == 400
    assert "3, 4, 6" in said.err


def test_a_command_that_writes_runs_the_engine_to_the_head(acme: Shell, events: Path) -> None:
    acme("append", str(events))
    found = acme("promises", "--json").json
    assert {p["obligation"] for p in found} >= {"complaint.intake_return_visit", "repair.contact_24h"}
    assert [p["due"] or "~" for p in found] == sorted(p["due"] or "~" for p in found)
    one = acme("explain", found[0]["id"], "--json").json
    assert one["promise"]["id"] == found[0]["id"]
    assert one["sentence_zh"]
    case = acme("case", "show", found[0]["case_id"], "--json").json
    assert [t["type"] for t in case["touchpoints"]]
    assert acme("case", "show", found[0]["case_id"]).out.startswith("事项 ")
    assert acme("explain", found[0]["id"]).code == 0
    assert acme("promises", "--wall", "pending").code == 0
    assert acme("tail").code == 0


def test_what_is_not_there(acme: Shell, shell: Shell) -> None:
    nobody = "00000000-0000-5000-8000-000000000000"
    assert acme("case", "show", nobody).code == Exit.UNKNOWN
    assert acme("explain", nobody).code == Exit.UNKNOWN
    assert acme("promises", "--tenant", "nobody").code == Exit.UNKNOWN
    assert acme("events", "example", "no.such_type").code == Exit.UNKNOWN
    assert acme("append", str(acme.folder / "nothing.ndjson")).code == Exit.UNKNOWN


def test_a_case_before_it_began_is_not_there(acme: Shell, events: Path) -> None:
    case = acme("append", str(events), "--json").json[0]["case_id"]
    for option, day in (("--known-at", "2020-01-01"), ("--as-of", "2026-03-01")):
        for more in ((), ("--json",)):
            said = acme("case", "show", case, option, day, *more)
            assert (said.code, said.out) == (Exit.UNKNOWN, "")
            assert "没有这个事项" in said.err
    assert acme("case", "show", case, "--as-of", "2026-03-02").code == 0


def test_a_case_whose_opening_was_withdrawn(acme: Shell, events: Path, tmp_path: Path) -> None:
    opening = json.loads(events.read_text(encoding="utf-8").splitlines()[0])
    case = acme("append", str(events), "--json").json[0]["case_id"]
    path = tmp_path / "withdrawal.ndjson"
    path.write_text(json.dumps({**example("event.withdrawn"), "correctssourceid": opening["id"]}))
    assert acme("append", str(path)).code == 0
    assert acme("case", "show", case, "--json").json["case"] is None
    lines = acme("case", "show", case).out.splitlines()
    assert lines[0].startswith(f"事项 {case}  (已撤回 withdrawn)")
    assert any("投诉受理" in line and "已撤回 Withdrawn" in line for line in lines)
    assert acme("promises", "--case", case, "--json").json == [], "nothing is owed, and it was there"


def test_promises_are_listed_under_the_number_that_people_know(acme: Shell, tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    opening = {**example("complaint.received"), "ticket": "TS-0301", "houseid": "3-1-2301"}
    path.write_text(json.dumps(opening) + "\n", encoding="utf-8")
    case = acme("append", str(path), "--json").json[0]["case_id"]
    by_id = acme("promises", "--case", case, "--json").json
    assert by_id
    assert acme("promises", "--case", "TS-0301", "--json").json == by_id
    for line in acme("promises", "--case", "TS-0301").out.splitlines()[1:]:
        assert ["TS-0301", "3-1-2301", case] == line.split()[-4:-1]
    said = acme("promises", "--case", "TS-0302")
    assert (said.code, said.out) == (Exit.UNKNOWN, ""), "a slip is no case without promises"


def test_tables_speak_in_words_and_json_in_codes(acme: Shell, events: Path) -> None:
    case = acme("append", str(events), "--json").json[0]["case_id"]
    told = acme("promises", "--case", case).out
    assert "待办 Pending" in told
    assert "首次登记时已逾期 born late" in told
    assert {p["wall"] for p in acme("promises", "--case", case, "--json").json} == {"pending", "worklist"}
    unlimited = acme("promises", "--case", case, "--wall", "worklist").out.splitlines()[1:]
    assert unlimited
    for line in unlimited:
        assert "无期限 No deadline" in line
        assert " — " in line
        assert "待定" not in line
    shown = acme("case", "show", case).out
    assert "投诉 Complaint  处理中 Open" in shown
    assert "有效 Stands" in shown
    assert "首问负责人 owner: kf-012" in shown
    assert acme("case", "show", case, "--json").json["case"]["kind"] == "complaint"


def test_every_word_of_the_wall_may_be_asked_for() -> None:
    assert tuple(WALLS.split(", ")) == WALL


def test_no_folder(shell: Shell) -> None:
    for words in (("promises",), ("verify",), ("tail",), ("rebuild",), ("key", "create", "--source", "x")):
        assert shell(*words).code == Exit.UNKNOWN
    assert not shell.folder.exists()


def test_wrong_words(acme: Shell) -> None:
    for words in (
        ("promises", "--state", "nice"),
        ("case", "show", "x", "--as-of", "yesterday"),
        ("case", "show", "x", "--as-of", "2026-11-20T09:00:00"),
        ("case", "show", "x", "--as-of", "2026-11-01", "--known-at", "2026-11-01"),
        ("verify", "--expect", "acme/facts@x:y"),
        ("nonsense",),
    ):
        assert acme(*words).code == Exit.USAGE


def test_with_several_tenants_and_sources_one_must_be_named(acme: Shell, events: Path) -> None:
    acme("key", "create", "--source", "crm")
    assert "call-centre, crm" in acme("append", str(events)).err
    acme("tenant", "add", "beta")
    said = acme("promises")
    assert said.code == Exit.USAGE
    assert "acme, beta" in said.err


def test_verify_prints_heads_that_it_takes_back(acme: Shell, events: Path, tmp_path: Path) -> None:
    acme("append", str(events))
    heads = acme("verify")
    assert heads.code == 0
    assert heads.out.startswith("acme/facts@6:")
    kept = tmp_path / "heads.txt"
    kept.write_text(heads.out, encoding="utf-8")
    assert acme("verify", "--expect", str(kept)).code == 0
    assert acme("verify", "--expect", heads.out.splitlines()[0]).code == 0
    beyond = heads.out.splitlines()[0].replace("@6:", "@7:")
    assert "应有第 7 条 cut off: place 7 was expected" in acme("verify", "--expect", beyond).err
    said = acme("verify", "--expect", beyond, "--json")
    assert said.code == Exit.NOT_SO
    assert said.json["problems"][0]["lane"] == "facts"


def test_verify_goes_on_behind_a_checkpoint(acme: Shell, events: Path, tmp_path: Path) -> None:
    kept = tmp_path / "heads.txt"
    kept.write_text(acme("verify", "--to", "3").out, encoding="utf-8")
    assert "acme/facts@3:" in kept.read_text(encoding="utf-8")
    acme("append", str(events))
    said = acme("verify", "--expect", str(kept), "--resume", "--json")
    assert (said.code, said.json["ok"]) == (0, True)
    assert said.json["checked"] == acme("verify", "--json").json["checked"] - 3
    assert acme("verify", "--deep", "--processes", "2").out == acme("verify").out
    assert acme("verify", "--resume").code == Exit.USAGE
    assert acme("verify", "--from", "5", "--to", "4").code == Exit.USAGE


def test_rebuild_and_recheck_find_no_difference(acme: Shell, events: Path) -> None:
    acme("append", str(events))
    said = acme("rebuild", "--json")
    assert said.code == 0
    assert (said.json["swapped"], said.json["facts"], said.json["differences"]) == (True, 6, {})
    assert acme("recheck", "--json").json == []
    assert len([p for p in acme("promises", "--json").json if p["case_id"] and p["due"]]) == 6


def test_events_list_and_example(shell: Shell) -> None:
    kinds = {kind["type"] for kind in shell("events", "list", "--json").json}
    assert {"complaint.received", "policy.published", "obligation.breached"} <= kinds
    said = shell("events", "example", "repair.reported")
    assert said.json["type"] == "repair.reported"
    assert said.out.count("\n") == 1


def test_an_example_dated_now_is_new_every_time_and_its_promises_run(acme: Shell, tmp_path: Path) -> None:
    made = [acme("events", "example", "complaint.received", "--now").json for _ in range(2)]
    old = example("complaint.received")
    assert len({event["id"] for event in (*made, old)}) == 3
    assert len({event["ticket"] for event in (*made, old)}) == 3
    keys = [event["data"].pop("same_problem_key") for event in (*made, old)]
    assert len(set(keys)) == 3, "another one is no repeated complaint"
    assert {**made[0], "id": "", "ticket": "", "time": ""} == {**old, "id": "", "ticket": "", "time": ""}
    for event, key in zip(made, keys, strict=False):
        event["data"]["same_problem_key"] = key
    path = tmp_path / "now.ndjson"
    path.write_text("".join(json.dumps(event) + "\n" for event in made), encoding="utf-8")
    assert [answer["duplicate"] for answer in acme("append", str(path), "--json").json] == [False, False]
    found = acme("promises", "--json").json
    cases = {p["case_id"] for p in found if p["case_id"]}
    assert len(cases) == 2
    assert not any("上移" in acme("case", "show", case).out for case in cases)
    assert not any("born_late" in p["flags"] for p in found)


def test_an_example_dated_now_still_names_the_example_that_it_takes_back(shell: Shell) -> None:
    made = shell("events", "example", "event.withdrawn", "--now").json
    assert made["correctssourceid"] == example("event.withdrawn")["correctssourceid"]


def test_policy_check(shell: Shell, tmp_path: Path) -> None:
    shipped = shell("policy", "check", "policies", "--json")
    assert (shipped.code, shipped.json["ok"]) == (0, True)
    wrong = tmp_path / "mine.yaml"
    wrong.write_text(
        "profile: mine\nversion: '1'\nextends: default\npolicies: {a.b: {row: O1}}\n", encoding="utf-8"
    )
    said = shell("policy", "check", str(wrong))
    assert said.code == Exit.NOT_SO
    assert "mine.yaml:4" in said.out
    nothing = shell("policy", "check", "nofile")
    assert (nothing.code, nothing.out) == (Exit.UNKNOWN, "")
    assert "没有这个文件或目录：nofile" in nothing.err


def test_clock_accept_needs_a_server(acme: Shell) -> None:
    assert acme("clock", "accept").code == Exit.UNAVAILABLE


def test_a_folder_in_use_names_the_process_in_both_languages() -> None:
    told = of_error(FolderInUse(4711, "2026-11-22T10:00:00+08:00"))
    assert told is not None
    assert "进程 4711" in told.zh
    assert "process 4711" in told.en
    unknown = of_error(FolderInUse(0, ""))
    assert unknown is not None
    assert len(unknown.en) > 2


def test_a_refused_host_is_refused_before_anything_heavy_is_imported(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom touchline.cli import main\n"
        "try:\n    main(['up', '--host', '0.0.0.0', '--data', sys.argv[1]])\n"
        "except SystemExit as ended:\n    assert ended.code == 2\n"
        "assert not {'sqlalchemy', 'fastapi', 'web.app'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, check=True)


def test_what_only_the_engine_writes_has_no_example(shell: Shell) -> None:
    said = shell("events", "example", "obligation.breached")
    assert said.code == Exit.USAGE
    assert "Traceback" not in said.err
    assert len(said.err.strip().splitlines()) == 2
