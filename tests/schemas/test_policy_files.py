"""Profiles as files: what is read, what is refused and where it says so, and how one profile extends another."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from textwrap import dedent

import pytest

from schemas.policy import After, Dur, Given, Match
from schemas.policy_files import load_profile, read_profile, shipped
from schemas.policy_findings import Finding, PolicyFileError
from schemas.policy_yaml import BadYaml, read_yaml

PROFILE = """\
profile: test
version: "1"
effective_from: 2026-01-01T00:00:00+08:00
ladders: {default: {steps: []}}
keys: {case: case_id}
"""
REPAIRS = """\
# a comment first
policies:
  repair.contact:
    row: O12
    zh: 联系
    on: repair.reported
    per: [case]
    due: {after: 24h}
    by: repair.contacted
    owes: warranty_engineer
"""


def folder(at: Path, **texts: str) -> Path:
    at.mkdir(parents=True, exist_ok=True)
    for name, text in {"profile": PROFILE, "repairs": REPAIRS, **texts}.items():
        if text:
            (at / f"{name}.yaml").write_text(dedent(text), "utf-8")
    return at


def refused(at: Path) -> list[str]:
    with pytest.raises(PolicyFileError) as caught:
        load_profile(at)
    return [in_english(found).replace(f"{at}/", "").replace(f"{at}:", ":") for found in caught.value.findings]


def in_english(found: Finding) -> str:
    """As it is printed, without the Chinese, which stands first."""
    head, chinese, rest = str(found).partition(found.text.zh)
    assert chinese
    assert rest.lstrip("。 ") == found.text.en
    return head + found.text.en


def test_a_folder_is_one_profile(tmp_path: Path) -> None:
    made = load_profile(
        folder(tmp_path, more="policies: {a.b: {row: O1, zh: 甲, on: a.b, per: [case], owes: x}}")
    )
    assert set(made.policies) == {"repair.contact", "a.b"}
    assert made.profile == "test"
    assert made.effective_from == 1_767_196_800_000_000


def test_one_file_of_a_folder_means_its_folder(tmp_path: Path) -> None:
    where = folder(tmp_path)
    assert load_profile(where / "repairs.yaml") == load_profile(where) == load_profile(where / "profile.yaml")


def test_one_file_may_hold_all_of_it(tmp_path: Path) -> None:
    whole = tmp_path / "own.yaml"
    whole.write_text(PROFILE + REPAIRS, "utf-8")
    assert load_profile(whole) == load_profile(folder(tmp_path / "folder"))


def test_places(tmp_path: Path) -> None:
    profile = read_profile(folder(tmp_path))
    place = profile.places[("policies", "repair.contact", "due")]
    assert (Path(place.file).name, place.line) == ("repairs.yaml", 8)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("    owes: warranty_engineer", "    ows: x", [
            "repairs.yaml:3: repair.contact: owes: is missing; write it",
            "repairs.yaml:10: repair.contact: ows: no such field here; did you mean owes?",
        ]),
        ("after: 24h", "after: 24", [
            "repairs.yaml:8: repair.contact: due.after: 24 is no length of time; "
            "write 30min, 24h, 8sh, 7d, 3wd, 2mo or 1y",
        ]),
        ("after: 24h", "after: 24h, earlyy: accept", [
            "repairs.yaml:8: repair.contact: due.earlyy: no such field here; did you mean early?",
        ]),
        ("after: 24h", "after: 24h, early: maybe", [
            "repairs.yaml:8: repair.contact: due.early: 'maybe' is not one of 'ignore', 'accept', 'breach'",
        ]),
        ("after: 24h", "after: 1.5", [
            'repairs.yaml:8: there are no floats here; write the figure in quotes: "1.5"',
        ]),
        ("row: O12", "row: 12", ["repairs.yaml:4: repair.contact: row: is not a text; if it is one, put it in quotes"]),
        ("    per: [case]", "    per: [cases]", [
            "repairs.yaml:3: repair.contact: the key 'cases' has no path; write {cases: field} or one of case",
        ]),
        ("    per: [case]", "    per: [case]\n    enabled: yes", [
            "repairs.yaml:8: repair.contact: enabled: 'yes' is neither true nor false",
        ]),
        ("  repair.contact:", "  Repair:", [
            "repairs.yaml:3: Repair: 'Repair' is not written as it must be; see this pattern: "
            r"^[a-z][a-z0-9_]*(\.[a-z0-9][a-z0-9_]*)+(/[a-z0-9_]+)?$",
        ]),
        ("    zh: 联系", "    zh: 联系\n    zh: 上门", [
            "repairs.yaml:6: the key 'zh' stands twice (first in line 5); keep one of them",
        ]),
        ("repair.reported", "[repair.reported", ["repairs.yaml:7: not YAML: did not find expected ',' or ']'"]),
        ("    by: repair.contacted", "    by: &x repair.contacted\n    cancel: [*x]", [
            "repairs.yaml:9: anchors and aliases are not understood here; write it out",
        ]),
        ("repair.reported", "!!python/name:os.system repair.reported", [
            "repairs.yaml:6: tags such as tag:yaml.org,2002:python/name:os.system are not understood here; take it out",
        ]),
        ("    on: repair.reported", "    on: {event: repair.reported, where: {a: {gt: '1', lt: 2}}}", [
            "repairs.yaml:6: repair.contact: on.where.a.lt: 2 is no threshold; "
            'write the figure as a text in quotes: "3" or "0.25"',
        ]),
        ("    on: repair.reported", "    on: {all: [repair.reported, {event: a.b, were: {}}]}", [
            "repairs.yaml:6: repair.contact: on.all.1.were: no such field here; did you mean where?",
        ]),
        ("policies:", "policy:", ["repairs.yaml:2: policy: only policies: stands here; write it in profile.yaml"]),
        ("    due: {after: 24h}\n    by: repair.contacted", "    due: {after: 24h}", [
            "repairs.yaml:3: repair.contact: a due date needs by: which event settles it",
        ]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, old: str, new: str, says: list[str]) -> None:
    assert old in REPAIRS
    found = refused(folder(tmp_path, repairs=REPAIRS.replace(old, new)))
    assert found == says


def test_several_things_wrong_are_all_said(tmp_path: Path) -> None:
    found = refused(
        folder(tmp_path, profile=PROFILE.replace("version", "vers"), repairs=REPAIRS.replace("O12", "12"))
    )
    assert [text.split(": ")[0] for text in found] == ["profile.yaml:1", "profile.yaml:2", "repairs.yaml:4"]
    assert found[0] == "profile.yaml:1: version: is missing; write it"


def test_a_key_in_two_files(tmp_path: Path) -> None:
    [text] = refused(folder(tmp_path, a=REPAIRS))
    assert text.startswith("repairs.yaml:3: repair.contact: the key stands twice (first in ")
    assert text.endswith("a.yaml:3); keep one of them")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(PolicyFileError, match="no such file or folder"):
        load_profile(tmp_path / "none")
    with pytest.raises(PolicyFileError, match=r"no profile\.yaml here"):
        load_profile(folder(tmp_path / "a", profile=""))
    with pytest.raises(PolicyFileError, match="holds no mapping"):
        load_profile(folder(tmp_path / "b", repairs="- a\n- b\n"))
    with pytest.raises(PolicyFileError, match="not a mapping of keys"):
        load_profile(folder(tmp_path / "c", repairs="policies: [a]\n"))
    other = folder(tmp_path / "d")
    (other / "x.yml").write_text("policies: {}", "utf-8")
    with pytest.raises(PolicyFileError, match="rename it"):
        load_profile(other)
    (folder(tmp_path / "e") / "repairs.yaml").write_bytes(REPAIRS.encode("gb18030"))
    with pytest.raises(PolicyFileError, match="save it as UTF-8"):
        load_profile(tmp_path / "e")
    (folder(tmp_path / "f") / "repairs.yaml").write_bytes(b"\xef\xbb\xbf" + REPAIRS.encode())
    assert load_profile(tmp_path / "f").policies


def test_yaml_without_surprises() -> None:
    text = "{on: yes, off: no, a: 012, b: 09:00, c: 2026-01-01, d: true, e: null, f: 7, g: ~, h: '7', i: 1_000, j: 0x1F}"
    assert read_yaml(text, "f").value == {
        "on": "yes", "off": "no", "a": "012", "b": "09:00", "c": "2026-01-01", "d": True, "e": None, "f": 7,
        "g": None, "h": "7", "i": "1_000", "j": "0x1F",
    }  # fmt: skip
    assert read_yaml("", "f").value is None
    for bad in (
        "a: .inf",
        "a: 1e5",
        "a: -0.5",
        "a: {? [x] : y}",
        "a: 1\n---\nb: 2",
        "a: \x07",
        "{" * 60 + "}" * 60,
    ):
        with pytest.raises(BadYaml, match=r"^f:"):
            read_yaml(bad, "f")


# ------------------------------------------------------------------------------------------------ extending

OWN = """\
    profile: own
    version: "3"
    extends: ../base
    """


def test_extending_changes_only_what_is_written(tmp_path: Path) -> None:
    folder(tmp_path / "base", more="policies: {a.b: {row: O1, zh: 甲, on: a.b, per: [case], owes: x}}")
    own = folder(
        tmp_path / "own",
        profile=OWN + "keys: {house: house_id}\n    ladders: {default: {warn_pct: 50}}\n",
        repairs="policies: {repair.contact: {due: {given: due_at}, also: [crc]}, a.b: null}",
    )
    made = load_profile(own)
    assert (made.profile, made.version, made.extends) == ("own", "3", "../base")
    assert made.effective_from == 1_767_196_800_000_000
    assert made.keys == {"case": "case_id", "house": "house_id"}
    assert made.ladders["default"].warn_pct == 50
    assert set(made.policies) == {"repair.contact"}
    contact = made.policies["repair.contact"]
    assert contact.zh == "联系"
    assert contact.due == Given(given="due_at")  # a field is replaced whole: nothing of {after: 24h} is left
    assert contact.also == ["crc"]
    profile = read_profile(own)
    due = profile.places[("policies", "repair.contact", "due")]
    assert due.file.startswith(str(own))
    assert ("policies", "repair.contact", "due", "after") not in profile.places
    assert profile.places[("policies", "repair.contact", "zh")].file.endswith("base/repairs.yaml")


def test_extending_the_shipped_profile(tmp_path: Path) -> None:
    own = folder(
        tmp_path,
        profile=OWN.replace("../base", "default"),
        repairs="""\
        policies:
          repair.contact_24h: {due: {after: 8sh}}
          repair.urgent_visit: {enabled: false}
          complaint.register: null
        """,
    )
    made, base = load_profile(own), load_profile()
    assert set(base.policies) - set(made.policies) == {"complaint.register"}
    assert made.policies["repair.contact_24h"].due == After(after=Dur(8, "sh"))
    assert made.policies["repair.contact_24h"].by == base.policies["repair.contact_24h"].by
    assert not made.policies["repair.urgent_visit"].enabled


def test_extending_badly(tmp_path: Path) -> None:
    folder(tmp_path / "base")
    found = refused(folder(tmp_path / "a", profile="extends: ../base", repairs=""))
    assert "extends: a profile that extends another has its own profile, version" in found[0]
    found = refused(folder(tmp_path / "b", profile=OWN.replace("../base", "../none"), repairs=""))
    assert "no such file or folder" in found[0]
    folder(tmp_path / "c", profile=OWN.replace("../base", "../d"), repairs="")
    found = refused(folder(tmp_path / "d", profile=OWN.replace("../base", "../c"), repairs=""))
    assert "a circle of profiles" in found[0]
    wrong = folder(tmp_path / "e", profile=OWN, repairs="policies: {repair.contct: {due: {after: 8sh}}}")
    [*_, last] = refused(wrong)
    assert "repair.contct: " in last
    assert "is missing; write it" in last


# ------------------------------------------------------------------------------------------------ shipped


def test_the_shipped_profile() -> None:
    made = load_profile()
    rows = sorted(int((policy.row or "")[1:]) for policy in made.policies.values())
    assert rows == sorted([*range(1, 51), 16, 22, 23])  # O16, O22 and O23 are two duties each
    assert [key for key, policy in made.policies.items() if not policy.enabled] == [
        "contact.monthly_call",
        "maintenance.proactive",
    ]
    kinds = {policy.kind for policy in made.policies.values()}
    assert kinds == {"after", "given", "gate", "every", "coverage", "window", "open", "standing"}
    assert all(policy.zh and policy.en for policy in made.policies.values())
    by = made.policies["repair.contact_24h"].on
    assert isinstance(by, Match)
    assert by.where["urgency"].ne == "urgent"
    assert made.policies["complaint.handle_in_standard"].pause


def test_the_shipped_profile_needs_no_checkout(tmp_path: Path) -> None:
    with_files = tmp_path / "policies"
    with_files.mkdir()
    for entry in shipped().iterdir():
        if entry.name.endswith(".yaml"):
            (with_files / entry.name).write_bytes(entry.read_bytes())
    archive = shutil.make_archive(str(tmp_path / "installed"), "zip", tmp_path, "policies")
    assert load_profile(zipfile.Path(archive, "policies/")) == load_profile(with_files) == load_profile()


LADDER = """\
repetition:
  levels: [{zh: 甲, role: a}, {zh: 乙, role: b}]
  problem: {repair: [house_id, component], complaint: [house_id, category]}
  rungs: {escalation.second: {row: O53, zh: 第二次, kind: complaint, no: 2, level: 1}}
"""


def test_a_repetition_ladder_stands_in_a_file_of_its_own_and_is_changed_part_by_part(tmp_path: Path) -> None:
    base = folder(tmp_path / "base", ladder=LADDER)
    made = load_profile(base).repetition
    assert made is not None
    assert (made.top, [made.rung("complaint", no, True) is not None for no in (1, 2, 9)]) == (
        1,
        [False, True, True],
    )
    own = PROFILE + "extends: ../base\nrepetition: {window: 12mo}\n"
    mine = load_profile(folder(tmp_path / "own", profile=own, repairs="")).repetition
    assert mine is not None
    assert (mine.window, mine.rungs) == (Dur(12, "mo"), made.rungs)
    none = PROFILE + "extends: ../base\nrepetition: null\n"
    assert load_profile(folder(tmp_path / "none", profile=none, repairs="")).repetition is None
    assert load_profile().repetition is not None


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("level: 1}", "level: 2}", "level 2 has no entry in levels"),
        ("no: 2, level: 1}", "no: 2, level: 1, becomes: complaint}", "a complaint cannot become one"),
        ("levels:", "window: 3h\n  levels:", "3h is no window"),
        ("levels:", "levls:", "levls"),
    ],
)
def test_a_ladder_that_cannot_be_climbed_is_refused(tmp_path: Path, old: str, new: str, says: str) -> None:
    said = refused(folder(tmp_path, ladder=LADDER.replace(old, new)))
    assert any(says in one and "ladder.yaml:" in one for one in said), said


def test_a_ladder_stands_once(tmp_path: Path) -> None:
    [said] = refused(folder(tmp_path, ladder=LADDER, other=LADDER))
    assert "repetition: stands twice" in said
