"""``touchline policy`` explain, diff, publish and whatif, as people use them."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import update

from ledger.clock import SystemClock
from projections.store import ACTIVE
from schemas.catalogue import CATALOGUE
from schemas.instants import format_instant
from schemas.policy_files import load_profile
from schemas.policy_words import explain
from tests.processors.test_worked import GRAMMAR
from tests.touchline.commands import ON_BOTH, Shell
from touchline.defaults import published_policy
from touchline.exits import Exit
from touchline.house import House

STRICTER = """
profile: default
version: "2026.2"
extends: default
effective_from: 2026-01-01T00:00:00+08:00
policies:
  complaint.respond_in_standard: {due: {after: 1min}}
  complaint.forward: {enabled: false}
"""


@pytest.fixture
def mine(tmp_path: Path) -> str:
    path = tmp_path / "mine.yaml"
    path.write_text(STRICTER, encoding="utf-8")
    return str(path)


def test_explain_says_it_in_both_languages(shell: Shell) -> None:
    said = shell("policy", "explain", "complaint.close_return_visit", "--path", "shipped")
    assert said.code == 0
    assert "触发后 3 个工作日" in said.out
    assert "3 working days after" in said.out
    assert "Person responsible, Superior → at most 3 working days later: Senior" in said.out
    assert "第 3 次（不同日）" in said.out
    lines = shell("policy", "explain", "complaint.progress_notice", "--path", "shipped", "--json").json[
        "lines"
    ]
    assert {
        "zh": ["到期", "每次办结后 3 个工作日 内再办"],
        "en": ["due", "again within 3 working days of the last time"],
    } in lines
    unknown = shell("policy", "explain", "complaint.close_visit", "--path", "shipped")
    assert unknown.code == Exit.UNKNOWN
    assert "complaint.close_return_visit" in unknown.err


def test_every_duty_of_the_domain_can_be_told() -> None:
    whole = load_profile(GRAMMAR)
    told = {key: dict(explain(key, whole)) for key in whole.policies}
    said = {text for lines in told.values() for name, text in lines.items() if name[1] == "due"}
    assert not [en for _, en in said if en.startswith(("0 ", "1 ")) and "s after" in en]
    for key in whole.policies:
        for name, text in explain(key, whole):
            assert all((*name, *text)), (key, name, text)


def test_diff_names_what_differs(shell: Shell, mine: str) -> None:
    found = shell("policy", "diff", "shipped", mine, "--json")
    assert found.code == Exit.NOT_SO
    told = {(one["key"], one["path"]): (one["what"], one["old"], one["new"]) for one in found.json}
    assert told[("complaint.respond_in_standard", "due.after")] == ("changed", "24h", "1min")
    assert told[("complaint.forward", "enabled")] == ("added", "", "false")
    assert told[("version", "")] == ("changed", "2026.1", "2026.2")
    assert shell("policy", "diff", "shipped", "policies").code == 0


def test_publish_binds_what_comes_after(acme: Shell, events: Path, mine: str) -> None:
    made = acme("policy", "publish", mine, "--tenant", "acme", "--json")
    assert (made.code, made.json["tenant"], made.json["duplicate"]) == (0, "acme", False)
    assert acme("policy", "publish", mine, "--json").json["duplicate"] is True
    assert acme("append", str(events)).code == 0
    rows = {p["obligation"]: p for p in acme("promises", "--json").json if p["case_id"]}
    assert rows["complaint.respond_in_standard"]["policy_version"] == "2026.2"
    assert "complaint.forward" not in rows
    Path(mine).write_text(STRICTER.replace("1min", "2min"), encoding="utf-8")
    other = acme("policy", "publish", mine)
    assert other.code == Exit.NOT_SO
    assert "version" in other.err
    assert acme("rebuild", "--json").json["differences"] == {}


def test_whatif_lists_what_would_differ_and_writes_nothing(acme: Shell, events: Path, mine: str) -> None:
    assert acme("append", str(events)).code == 0
    before = acme("verify").out
    same = acme("policy", "whatif", "policies", "--json")
    assert (same.code, same.json["differ"]) == (0, 0)
    assert same.json["obligations"]["complaint.respond_in_standard"]["opened"] == 1
    assert "complaint.monthly_statistics" not in same.json["obligations"], "the next month has not begun"
    found = acme("policy", "whatif", mine, "--json").json
    told = {one["obligation"]: one for one in found["promises"]}
    assert set(told) == {"complaint.respond_in_standard", "complaint.forward"}
    assert told["complaint.forward"]["if"] is None
    respond = told["complaint.respond_in_standard"]
    assert respond["now"]["due"].startswith("2026-03-03T16:00")
    assert respond["if"]["due"].startswith("2026-03-02T16:01")
    assert acme("policy", "whatif", mine, "--since", "2026-03-03", "--json").json["differ"] == 0
    assert acme("policy", "whatif", mine).code == 0
    assert acme("verify").out == before


def test_check_names_a_year_without_calendar(acme: Shell, tmp_path: Path) -> None:
    path = tmp_path / "next.yaml"
    path.write_text(
        'profile: next\nversion: "1"\nextends: default\neffective_from: 2031-01-01T00:00:00+08:00\n', "utf-8"
    )
    for more in ((), ("--tenant", "acme")):
        found = acme("policy", "check", str(path), "--json", *more)
        assert found.code == 0
        assert any("no data for 2031" in one["reason"] for one in found.json["findings"])


def test_the_catalogue_has_what_the_shipped_policies_name() -> None:
    for policy in load_profile().policies.values():
        for _, match in policy.matches():
            assert {*match.types} <= {*CATALOGUE}


def test_findings_are_told_in_both_languages(acme: Shell, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(STRICTER.replace("1min", "soon"), encoding="utf-8")
    zh = "'soon' 不是时长，请写 30min、24h、8sh、7d、3wd、2mo 或 1y"
    en = "'soon' is no length of time; write 30min, 24h, 8sh, 7d, 3wd, 2mo or 1y"
    said = acme("policy", "check", str(path))
    where = f"{path}:7: complaint.respond_in_standard: due.after: "
    assert (said.code, said.out.strip()) == (Exit.NOT_SO, f"{where}{zh}。 {en} [有误 error]")
    [found] = acme("policy", "check", str(path), "--json").json["findings"]
    assert (found["line"], found["code"], found["reason_zh"], found["reason"]) == (7, "duration", zh, en)
    assert f"{where}{zh}" in acme("policy", "publish", str(path)).out
    assert f"{where}{zh}" in acme("policy", "diff", "shipped", str(path)).err


def test_diff_calls_a_policy_by_its_name(shell: Shell, mine: str) -> None:
    said = shell("policy", "diff", "shipped", mine, "--json").json
    assert all(one["zh"] and one["en"] for one in said if "." in one["key"])


NEXT = """
profile: default
version: "2040.1"
extends: default
effective_from: 2040-01-01T00:00:00+08:00
policies:
  complaint.respond_in_standard: {due: {after: 2h}}
  complaint.forward: null
"""


@ON_BOTH
def test_explain_tells_what_is_published_and_in_force(acme: Shell, mine: str, tmp_path: Path) -> None:
    """Of the ledger: also what the engine has not come to, and whatever the tables were folded by."""
    path = tmp_path / "next.yaml"
    path.write_text(NEXT, encoding="utf-8")
    assert acme("policy", "publish", str(path)).code == 0

    def told(*more: str, key: str = "complaint.respond_in_standard") -> tuple[str, dict[str, str]]:
        said = acme("policy", "explain", key, "--json", *more).json
        return said["version"], {line["en"][0]: line["en"][1] for line in said["lines"]}

    version, lines = told()
    assert (version, lines["due"]) == ("2026.1", "24 hours after")
    assert lines["next version"] == "default 2040.1, in force from 2040-01-01T00:00:00+08:00"
    version, lines = told("--tenant", "acme", "--at", "2040-01-01T00:00:00+08:00")
    assert (version, lines["due"]) == ("2040.1", "2 hours after")
    assert "next version" not in lines
    assert told("--at", "2039-12-31")[0] == "2026.1"
    version, lines = told("--at", "2001-01-01")
    assert (version, "earlier" in lines) == ("2026.1", True)
    gone = acme("policy", "explain", "complaint.forward", "--at", "2040-01-01")
    assert gone.code == Exit.UNKNOWN
    assert "default 2026.1 (from 2026-01-01T00:00:00+08:00)" in gone.err
    assert acme("policy", "explain", "complaint.forward", "--tenant", "nobody").code == Exit.UNKNOWN
    assert (
        acme("policy", "explain", "complaint.forward", "--path", mine, "--at", "2040-01-01").code
        == Exit.USAGE
    )

    # one that was in force before it was published: what was recorded before it stays as it was
    before = format_instant(SystemClock().now())
    with House.open(acme.place) as house:
        data = load_profile(Path(mine)).published()
        candidate = published_policy(data, house.clock.now())
        house.ledger.append(house.ledger.tenant("acme"), [candidate]).result(60)
    assert told()[0] == "2026.2", "though no engine has come to it"
    version, lines = told("--at", before)
    assert version == "2026.1"
    assert lines["entered later"].startswith("default 2026.2, published ")
    with House.open(acme.place) as house:
        house.writer.call(lambda conn: conn.execute(update(ACTIVE).values(fold_version="another")))
    assert told()[0] == "2026.2"
