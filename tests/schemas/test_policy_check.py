"""What the check before publishing finds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from schemas.calendar import PublishedCalendar
from schemas.catalogue import CATALOGUE
from schemas.policy import Calendar, PolicyFile
from schemas.policy_check import check_policy
from schemas.policy_files import read_profile
from schemas.words_roles import ROLES
from tests.schemas.test_policy_files import in_english

KNOWN = {name: set(entry.model.model_fields) for name, entry in CATALOGUE.items()}


def findings(
    types: dict[str, Any] | None = None,
    calendars: Any = None,
    years: Any = None,
    roles: Any = None,
    **fields: Any,
) -> list[str]:
    policy = {
        "row": "O30", "zh": "投诉关闭后回访", "on": "complaint.closed", "per": ["case"], "due": {"after": "3wd"},
        "by": "followup.complaint_close_completed", "owes": "cs_front_desk",
    } | fields  # fmt: skip
    made = PolicyFile.model_validate({
        "profile": "test", "version": "1", "effective_from": "2026-01-01T00:00:00+08:00",
        "ladders": {"default": {"steps": []}}, "keys": {"case": "case_id"}, "policies": {"a.b": policy},
    })  # fmt: skip
    found = check_policy(
        made, KNOWN if types is None else types, calendars=calendars, years=years, roles=roles
    )
    return [f"{each.level} {in_english(each)}" for each in found]


def test_the_shipped_profile_is_clean() -> None:
    profile = read_profile()
    found = check_policy(
        profile.policy_file,
        KNOWN,
        calendars={"office": [2024, 2025, 2026]},
        roles=ROLES,
        places=profile.places,
    )
    assert found == []


def test_the_documented_profile_is_clean(tmp_path: Path) -> None:
    said = (Path(__file__).parents[2] / "docs" / "policies.md").read_text("utf-8")
    (tmp_path / "own.yaml").write_text(said.split("```yaml\n")[1].partition("```")[0], "utf-8")
    profile = read_profile(tmp_path / "own.yaml")
    assert "complaint.thank_you" in profile.policy_file.policies
    assert check_policy(profile.policy_file, KNOWN, roles=ROLES, places=profile.places) == []


def test_nothing_wrong() -> None:
    assert findings() == []


def test_every_kind_runs() -> None:
    assert findings(due={"days": {"mid_autumn": "lunar 08-15"}}) == []
    assert findings(due={"gate": "complaint.closed"}) == []
    assert findings(due={"every": "month"}) == []
    assert findings(due=None) == []  # a worklist item has no clock to run


def test_events_that_nobody_sends() -> None:
    [one, two] = findings(on="complaint.shut")
    assert one.startswith("error a.b: on: no known event can open it; unknown here: complaint.shut")
    assert two == "warning a.b: on: no event type is called 'complaint.shut', so it will never come"
    found = findings(by={"all": ["complaint.closed", "complaint.shut"]})
    assert any("no known event can discharge it" in text for text in found)
    found = findings(by={"any": ["complaint.closed", "complaint.shut"]})
    assert found == ["warning a.b: by: no event type is called 'complaint.shut', so it will never come"]
    found = findings(on={"event": ["complaint.closed", "complaint.shut"]})
    assert [text.split()[0] for text in found] == ["warning"]
    assert findings(on="*") == []


def test_fields_that_no_event_has() -> None:
    assert (
        findings(on={"event": "complaint.closed", "where": {"close_reason": "x", "channel": "hotline"}}) == []
    )
    [text] = findings(on={"event": "complaint.closed", "where": {"urgency": "urgent"}})
    assert text == "error a.b: on: no field 'urgency' in complaint.closed"
    both = {"event": ["repair.reported", "complaint.closed"], "where": {"urgency": "urgent"}}
    assert findings(on=both) == ["warning a.b: on: no field 'urgency' in complaint.closed"]
    assert findings(due={"given": "due_at"}) == ["error a.b: due: no field 'due_at' in complaint.closed"]
    assert findings(per={"sheet": "sheet_id"}) == [
        "error a.b: by: no field 'sheet_id' in followup.complaint_close_completed",
        "error a.b: on: no field 'sheet_id' in complaint.closed",
    ]
    assert findings(
        on="contact_sheet.issued", per={"sheet": "sheet_id"}, by={"event": "contact_sheet.completed"}
    ) == []  # fmt: skip
    assert findings(owes=[{"role": "x", "where": {"night": True}}, {"role": "y"}]) == [
        "error a.b: owes: no field 'night' in complaint.closed"
    ]
    assert findings(person={"of": "promised_by"}) == [
        "error a.b: person: no field 'promised_by' in complaint.closed"
    ]
    assert findings(on={"event": "complaint.closed", "where": {"sold/total": {"gt": "0.3"}}}) == [
        "error a.b: on: no field 'sold' in complaint.closed",
        "error a.b: on: no field 'total' in complaint.closed",
    ]
    pause = [{"start": "case.wait_started", "stop": "case.wait_ended", "party": "whose"}]
    assert findings(pause=pause) == [
        "error a.b: pause: no field 'whose' in case.wait_ended, case.wait_started"
    ]


def test_verdicts_are_known() -> None:
    breached = {"event": "obligation.breached", "where": {"obligation_key": "a.c"}}
    made = PolicyFile.model_validate({
        "profile": "test", "version": "1", "effective_from": "2026-01-01T00:00:00+08:00",
        "ladders": {"default": {"steps": []}}, "keys": {"case": "case_id"}, "policies": {
            key: {"row": "O1", "zh": "甲", "on": on, "per": ["case"], "due": {"after": "1h"},
                  "by": "complaint.closed", "owes": "x"}
            for key, on in (("a.b", breached), ("a.c", "complaint.received"))
        },
    })  # fmt: skip
    assert check_policy(made, KNOWN) == []


def test_calendars() -> None:
    assert findings(calendars={"office": [2026]}) == []
    [text] = findings(calendars={"office": [2025]})
    assert text.startswith("warning the calendar 'office' has no data for 2026")
    assert len(findings(calendars={"office": [2026]}, years=[2026, 2027])) == 1
    assert findings(calendars={}) == ["error a.b: no calendar 'office' is published; publish one first"]
    assert findings(calendars={}, due={"after": "24h"}) == []
    assert findings(calendars={}, due={"after": "24h"}, enabled=False) == []
    for counted in (
        {"every": "month", "grace": "5wd"}, {"rolling": "3wd"}, {"days": {"mid_autumn": "lunar 08-15"}},
        {"gate": "complaint.received", "settle": "1wd"},
        {"coverage": "month", "member": ["case"], "ripe": "3wd", "share": {"ge": "1"}},
    ):  # fmt: skip
        assert len(findings(calendars={"office": [2025]}, due=counted)) == 1, counted


def test_roles_that_nobody_has() -> None:
    assert findings(roles=["cs_front_desk"]) == []
    assert findings(roles=["cs_front_dsk"], also=["nobody"]) == [
        "warning a.b: also: no role is called 'nobody'; publish it (roles.published) or take another",
        "warning a.b: owes: no role is called 'cs_front_desk'; did you mean cs_front_dsk?",
    ]


def test_what_a_profile_says_of_a_calendar_that_stands_otherwise() -> None:
    stands = PublishedCalendar(
        name="office", version="1", effective_from=0, years={"2026": "W" + "H" * 364}, close="18:00"
    )
    profile = read_profile().policy_file

    def told(**said: Any) -> list[str]:
        mine = profile.model_copy(update={"calendars": {"office": Calendar(**said)}})
        return [in_english(one).partition(" was")[0] for one in check_policy(mine, KNOWN, published=[stands])]

    assert told() == told(close="18:00") == told(closed=["2026-01-02"], open=["2026-01-01"]) == []
    assert told(close="17:30", shifts=[("09:00", "12:00")]) == ["calendars.office: shifts, close"]
    assert told(closed=["2026-01-01"], open=["2026-01-02"]) == ["calendars.office: closed, open"]


def test_findings_name_file_line_and_key(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(
        "profile: own\nversion: '1'\neffective_from: 2026-01-01T00:00:00+08:00\nladders: {default: {steps: []}}\n"
        "keys: {case: case_id}\npolicies:\n  a.b:\n    row: O1\n    zh: 甲\n    on: complaint.closed\n    per: [case]\n"
        "    due: {after: 24h}\n    by: {event: complaint.replied, where: {nowhere: 1}}\n    owes: x\n",
        "utf-8",
    )
    profile = read_profile(tmp_path / "own.yaml")
    [found] = check_policy(profile.policy_file, KNOWN, places=profile.places)
    assert (Path(found.file).name, found.line, found.key, found.level) == ("own.yaml", 13, "a.b", "error")
    told = found.dump()
    assert told.pop("file") == found.file
    assert told == {
        "line": 13, "key": "a.b", "field": "by", "code": "field_unknown", "level": "error",
        "reason": "no field 'nowhere' in complaint.replied", "reason_zh": "complaint.replied 没有字段 'nowhere'",
    }  # fmt: skip
