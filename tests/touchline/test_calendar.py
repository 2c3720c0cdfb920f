"""``touchline calendar``: a year is published from the library or a file, shown, and dates what stood undated for it."""

from __future__ import annotations

from pathlib import Path

from tests.touchline.commands import Shell

YAML = """
base: none
closed: [2027-01-01, "2027-02-08"]
open: [2027-01-03]
names: {2027-01-01: 元旦, 2027-01-03: 元旦调休上班}
shifts: [[09:00, 12:00], [13:30, 18:00]]
"""


def test_a_year_that_is_published_is_shown(acme: Shell) -> None:
    told = acme("calendar", "show", "--year", "2026", "--json").json
    assert told["working_days"] == told["years"]["2026"].count("W") > 240
    assert told["names"]["2026-02-14"].endswith("调休上班")
    assert "2026-02-14  上班 W" in acme("calendar", "show", "--year", "2026").out


def test_a_year_that_nobody_knows_is_refused_by_name(acme: Shell) -> None:
    assert acme("calendar", "show", "--year", "2099").code == 3
    refused = acme("calendar", "publish", "--year", "2099")
    assert refused.code == 3
    assert "2099" in refused.err
    assert acme("calendar", "show", "--year", "2099").code == 3


def test_a_file_says_the_days_and_the_hours_go_on(acme: Shell, tmp_path: Path) -> None:
    file = tmp_path / "2027.yaml"
    file.write_text(YAML, "utf-8")
    publish = (
        "calendar",
        "publish",
        "--year",
        "2027",
        "--from",
        str(file),
        "--version",
        "hand-2027",
        "--json",
    )
    first = acme(*publish).json
    assert (first["version"], first["again"]) == ("hand-2027", False)
    shown = acme("calendar", "show", "--year", "2027", "--json").json
    assert shown["years"]["2027"][:4] == "HHWW", "Friday closed, Saturday off, Sunday made up, Monday"
    assert shown["names"] == {
        "2027-01-01": "元旦",
        "2027-01-03": "元旦调休上班",
        "2027-02-08": "公司放假",
    }
    assert shown["shifts"] == [["09:00", "12:00"], ["13:30", "18:00"]]
    assert acme("calendar", "show", "--year", "2026", "--json").json["working_days"] > 240, "it stands too"
    other = tmp_path / "2028.csv"
    other.write_text("2028-01-03,H,元旦\n2028-01-01,W,调休上班\n", "utf-8")
    assert acme("calendar", "publish", "--year", "2028", "--from", str(other)).code == 0
    later = acme("calendar", "show", "--year", "2028", "--json").json
    assert later["years"]["2028"][:3] == "WHH"
    assert later["shifts"] == shown["shifts"]


def test_the_same_version_is_kept_once_and_other_days_need_another(acme: Shell, tmp_path: Path) -> None:
    file = tmp_path / "2027.csv"
    file.write_text("2027-01-01,H,元旦\n", "utf-8")
    publish = ("calendar", "publish", "--year", "2027", "--from", str(file))
    assert acme(*publish).code == 0
    file.write_text("2027-01-01,H,元旦\n2027-01-04,H,公司放假\n", "utf-8")
    refused = acme(*publish)
    assert refused.code == 2
    assert "--version" in refused.err
    file.write_text("2026-01-01,H,元旦\n", "utf-8")
    wrong = acme(*publish, "--version", "b")
    assert wrong.code == 2
    assert "line 1" in wrong.err


def test_a_region_has_days_and_hours_of_its_own(acme: Shell, tmp_path: Path) -> None:
    file = tmp_path / "east.yaml"
    file.write_text("closed: [2026-11-23]\nshifts: [[10:00, 19:00]]\n", "utf-8")
    publish = ("calendar", "publish", "--year", "2026", "--region", "east", "--from", str(file), "--json")
    assert acme(*publish).json["name"] == "office@east"
    shown = acme("calendar", "show", "--year", "2026", "--region", "east", "--json").json
    assert (shown["name"], shown["names"]["2026-11-23"], shown["shifts"]) == (
        "office@east", "公司放假", [["10:00", "19:00"]],
    )  # fmt: skip
    assert "2025" not in shown["years"]
    assert acme("calendar", "show", "--year", "2025", "--region", "east").code == 0, "as the company had it"
    plain = acme("calendar", "show", "--year", "2026", "--json").json
    assert plain["working_days"] == shown["working_days"] + 1
    assert acme("calendar", "show", "--year", "2026", "--region", "west").code == 3
    assert acme("calendar", "publish", "--year", "2026", "--region", "a/b").code == 2
