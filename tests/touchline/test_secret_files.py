"""Secrets from files: what a container is handed in /run/secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kit.places import ON_POSTGRESQL
from tests.kit.postgres import Place
from tests.touchline.commands import Shell
from touchline.exits import Exit, Refused
from touchline.place import Shared, place_of
from touchline.secret_files import database
from touchline.settings import Settings


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "secret"
    made.write_text("postgresql://touchline:hidden@nowhere/touchline\n", encoding="utf-8")
    return made


@pytest.mark.parametrize("name", ["TOUCHLINE_DATABASE", "TOUCHLINE_KEYS_DATABASE"])
def test_a_url_is_read_from_its_file(file: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOUCHLINE_DATABASE", raising=False)
    monkeypatch.setenv(f"{name}_FILE", str(file))
    url = "postgresql://touchline:hidden@nowhere/touchline"
    if name == "TOUCHLINE_DATABASE":
        assert database("") == url
        assert database("postgresql://given") == "postgresql://given"  # the command line comes first
        monkeypatch.setenv(name, "postgresql://other")
        assert database("postgresql://given") == "postgresql://given"
        for of_the_variable in ("postgresql://other", ""):
            with pytest.raises(Refused, match="set one of the two"):
                database(of_the_variable)
        return
    place = place_of(Path("x"), "postgresql://record")
    assert isinstance(place, Shared)
    assert (place.url, place.keys_url) == ("postgresql://record", url)
    monkeypatch.setenv(name, "postgresql://other")
    with pytest.raises(Refused, match="set one of the two") as refused:
        place_of(Path("x"), "postgresql://record")
    assert (refused.value.code, "hidden" in str(refused.value)) == (Exit.USAGE, False)


@pytest.mark.parametrize(
    ("text", "code"), [("", Exit.USAGE), ("a\nb\n", Exit.USAGE), (None, Exit.UNKNOWN)], ids=repr
)
def test_a_file_that_is_no_secret_is_refused(
    file: Path, text: str | None, code: Exit, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOUCHLINE_DATABASE_FILE", str(file))
    file.unlink() if text is None else file.write_text(text, encoding="utf-8")
    said = shell("tenant", "list")
    assert (
        said.code,
        f"TOUCHLINE_DATABASE_FILE: {'cannot read ' if text is None else ''}{file}" in said.err,
    ) == (
        code,
        True,
    )


@ON_POSTGRESQL
def test_every_command_finds_its_database_by_the_file(
    place: Place, file: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOUCHLINE_DATABASE_FILE", str(file))
    file.write_text(place.tcp + "\n", encoding="utf-8")
    assert shell("tenant", "add", "acme").code == 0
    assert shell("feed", "show", "--json").json["feed"] == "embedded"
    assert shell("tenant", "list").code == 0
    assert not shell.folder.exists()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("DAILY_NOTE", "25:00"),
        ("DAILY_NOTE", "13:00"),
        ("RATE", "0"),
        ("KAFKA_SASL", "hidden"),
        ("DEAD_LETTERS_DAYS", "29"),
        ("DEAD_LETTERS_DAYS", "-1"),
        ("TITLES", "{hidden"),
        ("TITLES", '{"a": ""}'),
    ],
)
def test_a_setting_that_is_none_is_named_and_no_secret_told(
    name: str, text: str, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOUCHLINE_WEBHOOK_SECRET", "hidden")
    monkeypatch.setenv("TOUCHLINE_ROBOT_URL", "wecombot://hidden")
    monkeypatch.setenv(f"TOUCHLINE_{name}", text)
    said = shell("up", "--port", "0")
    assert (said.code, f"TOUCHLINE_{name}" in said.err, "hidden" in said.err) == (Exit.USAGE, True, False)


def test_secrets_of_channels_are_read_from_files_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in (("webhook_secret", "whsec_dGVzdA==\n"), ("robot_url", "wecombot://KEY\n")):
        (tmp_path / name).write_text(text, encoding="utf-8")
        monkeypatch.setenv(f"TOUCHLINE_{name.upper()}_FILE", str(tmp_path / name))
    found = Settings.of(tmp_path).alerts("")
    assert (found.webhook_secret, found.robot_url, found.robot_endpoint) == (
        "whsec_dGVzdA==",
        "wecombot://KEY",
        "",
    )
    monkeypatch.setenv("TOUCHLINE_ROBOT_URL", "wecombot://OTHER")
    with pytest.raises(Refused, match="TOUCHLINE_ROBOT_URL and TOUCHLINE_ROBOT_URL_FILE"):
        Settings.of(tmp_path)
