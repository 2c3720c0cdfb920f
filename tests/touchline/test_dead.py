"""The raw webhook on the command line: set up, what is dead listed, shown, replayed and discarded; served or not."""

from __future__ import annotations

import json
import signal
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from producers.inbox.lists import SHOWN
from producers.inbox.tables import STATES
from schemas.identity import case_id_of_ticket
from tests.producers.test_inbox import MAPPING, PHONE, call
from tests.touchline.commands import ON_BOTH, Server, Shell, until
from tests.web.site import Site
from touchline.commands.dead import FIELDS, STATE
from touchline.exits import Exit


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    path = tmp_path / "pbx.yaml"
    path.write_text(MAPPING, encoding="utf-8")
    return path


@contextmanager
def served(shell: Shell) -> Iterator[str]:
    """Its address; by a process of its own on a folder, whose words are looked through."""
    if shell.url:
        site = Site(shell.place)
        site.start()
        try:
            yield site.url
        finally:
            site.stop()
        return
    server = Server(shell.folder, "up")
    try:
        yield server.info.url
    finally:
        code, out, err = server.end(signal.SIGTERM)
    assert code == 0
    assert PHONE not in out + err


def deliver(url: str, token: str, number: str) -> str:
    request = urllib.request.Request(f"{url}/in/pbx", json.dumps(call(number)).encode(), {"X-Token": token})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
        return str(json.load(answer)["letter"])


@ON_BOTH
def test_from_setting_up_to_discarding(acme: Shell, mapping: Path) -> None:
    assert acme("inbox", "add", "--source", "pbx", "--mapping", str(mapping)).code == Exit.USAGE
    added = acme("inbox", "add", "--source", "pbx", "--mapping", str(mapping), "--verify", "token")
    assert added.code == 0, added.err
    token = added.out.strip()
    assert len(token) >= 43
    mapping.write_text(MAPPING.replace("call.id", "call.number"), encoding="utf-8")
    changed = acme("inbox", "add", "--source", "pbx", "--mapping", str(mapping))
    assert (changed.code, changed.out) == (0, ""), "the secret stays"
    (listed,) = acme("inbox", "list", "--json").json
    assert (listed["path"], listed["verify"], listed["place"]) == ("/in/pbx", "token", "header:x-token")
    assert token not in acme("inbox", "list").out

    with served(acme) as url:
        letters = [deliver(url, token, f"c-{n}") for n in (3, 1, 2)]
        until(lambda: len(acme("dead", "list", "--json").json) == 3, "they are dead")
    assert [one["id"] for one in acme("dead", "list", "--json").json] == letters
    assert "为空" in acme("dead", "list").out
    shown = acme("dead", "show", letters[0]).out
    assert PHONE not in shown
    assert "状态 state: 死信 dead" in shown
    assert acme("dead", "show", letters[0], "--clear").code == Exit.USAGE
    for words in (
        ("show", letters[0], "--clear"),
        ("replay", letters[0]),
        ("discard", letters[0], "--reason", "test"),
    ):
        refused = acme("dead", *words, "--by", PHONE)
        assert (refused.code, PHONE in refused.out + refused.err) == (Exit.USAGE, False), "kept in clear"
    assert PHONE in acme("dead", "show", letters[0], "--clear", "--by", "it-007").out
    assert acme("dead", "show", letters[0], "--json").json["opened_by"] == "it-007"
    again = acme("dead", "replay", "--all", "--by", "it-007")
    assert again.code == Exit.NOT_SO, "nothing was mended"

    assert acme("dead", "discard", letters[2], "--reason", "测试", "--by", "it-007").code == Exit.USAGE
    assert acme("dead", "discard", letters[2], "--reason", "test_data", "--by", "it-007").code == 0
    assert acme("dead", "discard", letters[2], "--reason", "test_data", "--by", "it-007").code == Exit.UNKNOWN
    mapping.write_text(MAPPING, encoding="utf-8")
    assert acme("inbox", "add", "--source", "pbx", "--mapping", str(mapping)).code == 0
    done = acme("dead", "replay", "--all", "--by", "it-007", "--json").json
    assert [(one["id"], one["state"]) for one in done] == [(letter, "replayed") for letter in letters[:2]]
    assert acme("dead", "list", "--json").json == []
    states = [one["state"] for one in acme("dead", "list", "--state", "all", "--json").json]
    assert states == ["replayed", "replayed", "discarded"]
    cases = [fact["case_id"] for fact in acme("tail", "--json").json if fact.get("source") == "pbx"]
    assert cases == [case_id_of_ticket("acme", "pbx", ticket) for ticket in ("c-3", "c-1")]
    assert acme("verify").code == 0
    assert acme("inbox", "remove", "--source", "pbx").code == 0
    assert acme("inbox", "remove", "--source", "pbx").code == Exit.UNKNOWN


def test_a_faulty_mapping_is_refused_by_line(acme: Shell, mapping: Path) -> None:
    mapping.write_text(MAPPING.replace("complaint.received", "complaint.recieved"), encoding="utf-8")
    said = acme("inbox", "add", "--source", "pbx", "--mapping", str(mapping), "--verify", "token")
    assert said.code == Exit.NOT_SO
    assert "pbx.yaml:" in said.err
    assert "complaint.received" in said.err
    assert acme("inbox", "list", "--json").json == []


@ON_BOTH
def test_letters_go_along_with_a_backup(acme: Shell, mapping: Path, tmp_path: Path) -> None:
    token = acme("inbox", "add", "-s", "pbx", "-m", str(mapping), "--verify", "token").out.strip()
    mapping.write_text(MAPPING.replace("call.id", "call.number"), encoding="utf-8")
    assert acme("inbox", "add", "-s", "pbx", "-m", str(mapping)).code == 0
    with served(acme) as url:
        letter = deliver(url, token, "c-1")
        until(lambda: len(acme("dead", "list", "--json").json) == 1, "it is dead")
    kept = tmp_path / "kept.tar"
    assert acme("backup", str(kept)).code == 0
    acme.folder, acme.url = tmp_path / "restored", ""
    restored = acme("restore", str(kept))
    assert restored.code == 0, restored.err
    mapping.write_text(MAPPING, encoding="utf-8")
    assert acme("inbox", "add", "-s", "pbx", "-m", str(mapping)).out == "", "the secret went along"
    (done,) = acme("dead", "replay", letter, "--by", "it-007", "--json").json
    assert done["state"] == "replayed"


def test_a_letter_is_told_in_both_languages() -> None:
    assert ({*FIELDS}, {*STATE}) == ({*SHOWN}, {*STATES})
