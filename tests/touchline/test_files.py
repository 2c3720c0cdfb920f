"""What every file of the checkout promises: no registry's host, links that lead somewhere, records of decisions in order."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.touchline.commands import ROOT

TRACKED = [
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()
    if (ROOT / name).is_file()
]  # fmt: skip
HOSTS = re.compile(
    r"https?://(?:registry|repo\d*|files|deb|static|index|pypi)\.|https?://[a-z0-9.-]+/simple"
    r"|py"
    + r"pi\.org|npm"
    + r"js\.(?:org|com)|python"
    + r"hosted\.org|deb\.deb"
    + r"ian\.org|rub"
    + r"ygems\.org"
)
PAGES = [path for path in TRACKED if path.suffix == ".md"]
ADRS = sorted((ROOT / "docs" / "adr").glob("*.md"))


def test_no_file_names_a_package_registry() -> None:
    for path in TRACKED:
        text = path.read_bytes().decode("utf-8", errors="replace")
        found = HOSTS.search(text)
        assert found is None, f"{path.relative_to(ROOT)}: {found and found[0]}"


@pytest.mark.parametrize("name", ["run", "image", "test"])
def test_locks_are_pinned_by_hash_and_name_no_address(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.lock").read_text(encoding="utf-8")
    pins = re.findall(r"^([a-z0-9-]+)==\S+", text, re.MULTILINE)
    blocks = re.split(r"^(?=[a-z0-9-]+==)", text, flags=re.MULTILINE)[1:]
    assert len(pins) == len(blocks) == len(set(pins))
    assert all("--hash=sha256:" in block for block in blocks)
    assert "://" not in text
    assert not re.search(r"^-", text, re.MULTILINE)
    assert {"setuptools", "wheel", "django-htmx"} <= {*pins}
    assert not {"django", "asgiref"} & {*pins}


def pins_of(name: str) -> dict[str, str]:
    text = (ROOT / f"requirements/{name}.lock").read_text("utf-8")
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", text, re.MULTILINE))


def test_each_lock_pins_all_of_the_smaller_one_alike() -> None:
    assert pins_of("run").items() <= pins_of("image").items() <= pins_of("test").items()


def test_the_image_has_what_running_needs_and_the_extra_scale() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    scale = {re.split(r"[<>=\[]", line)[0] for line in project["optional-dependencies"]["scale"]}
    assert scale <= pins_of("image").keys()
    assert not scale & pins_of("run").keys()


def test_the_locks_hold_what_pyproject_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.split(r"[<>=\[;~! ]", line)[0].lower().replace("_", "-") for line in asked}
    locked = (ROOT / "requirements/test.lock").read_text(encoding="utf-8")
    assert names <= {*re.findall(r"^([a-z0-9-]+)==", locked, re.MULTILINE)}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        if not re.match(r"[a-z]+:", target):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


@pytest.mark.parametrize("page", ADRS, ids=lambda p: p.stem)
def test_a_record_of_a_decision_has_its_four_parts(page: Path) -> None:
    number, _, _ = page.stem.partition("-")
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {int(number)}. ")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == [
        "Context",
        "Decision",
        "Consequences",
        "Alternatives",
    ]


def test_records_of_decisions_are_numbered_without_holes() -> None:
    assert [int(page.stem[:4]) for page in ADRS] == list(range(1, len(ADRS) + 1))


def test_no_link_is_part_of_the_tree() -> None:
    """One that leads out of it takes the place of what somebody has there, as a link to a .venv once did."""
    listed = subprocess.run(["git", "ls-files", "-s"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert [line for line in listed.stdout.splitlines() if line.startswith("120000 ")] == []


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_readme_names_commands_and_targets_that_exist(name: str) -> None:
    from tests.touchline.test_help import COMMANDS

    text = (ROOT / name).read_text(encoding="utf-8")
    known = {" ".join(path) for path in COMMANDS} | {"today"}  # a command, and the first word of another
    for words in re.findall(r"^touchline ([a-z]+(?: [a-z]+)?)", text, re.MULTILINE):
        assert words in known or words.split()[0] in known, words
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    for target in re.findall(r"make ([a-z]+)", text):
        assert target in targets


def test_no_unfinished_work_is_left_in_the_code() -> None:
    mark = re.compile("TO" + "DO|FIX" + "ME|XX" + "X\\b")
    for path in TRACKED:
        if path.suffix in (".py", ".yaml", ".html", ".js", ".css"):
            assert not mark.search(path.read_text(encoding="utf-8")), path
