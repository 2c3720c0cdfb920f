"""The command line without a server: what each command prints, and the code it ends with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.touchline.commands import Shell
from touchline.exits import Exit


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


@pytest.mark.parametrize("name", ["", " acme", "a\nb", "x" * 65])
def test_a_name_that_is_none_is_refused(shell: Shell, name: str) -> None:
    assert shell("tenant", "add", name).code == Exit.USAGE


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


def test_no_folder(shell: Shell) -> None:
    for words in (("promises",), ("verify",), ("tail",), ("rebuild",), ("key", "create", "--source", "x")):
        assert shell(*words).code == Exit.UNKNOWN
    assert not shell.folder.exists()


def test_wrong_words(acme: Shell) -> None:
    for words in (
        ("promises", "--state", "nice"),
        ("case", "show", "x", "--as-of", "yesterday"),
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
    said = acme("verify", "--expect", beyond, "--json")
    assert said.code == Exit.NOT_SO
    assert said.json["problems"][0]["lane"] == "facts"


def test_rebuild_and_recheck_find_no_difference(acme: Shell, events: Path) -> None:
    acme("append", str(events))
    said = acme("rebuild", "--json")
    assert said.code == 0
    assert (said.json["swapped"], said.json["facts"], said.json["differences"]) == (True, 6, {})
    assert acme("recheck", "--json").json == []
    assert len(acme("promises", "--json").json) == 6


def test_events_list_and_example(shell: Shell) -> None:
    kinds = {kind["type"] for kind in shell("events", "list", "--json").json}
    assert {"complaint.received", "policy.published", "obligation.breached"} <= kinds
    said = shell("events", "example", "repair.reported")
    assert said.json["type"] == "repair.reported"
    assert said.out.count("\n") == 1


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


def test_clock_accept_needs_a_server(acme: Shell) -> None:
    assert acme("clock", "accept").code == Exit.UNAVAILABLE
