"""Commands beside a running server go through it; one process owns a folder; it ends when it is told to, and only then."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from ledger.errors import FolderInUse
from ledger.folder import SERVER_FILE, ServerInfo, write_server
from ledger.lock import FolderLock
from tests.touchline.commands import Server, Shell, serving
from touchline.exits import Exit

crash = pytest.mark.crash


def ask(server: Server, path: str, token: str = "", body: object = None) -> tuple[int, dict[str, object]]:
    place = urlsplit(server.info.url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    connection.request(
        "GET" if body is None else "POST", path, None if body is None else json.dumps(body), headers
    )
    answer = connection.getresponse()
    told = json.loads(answer.read())
    connection.close()
    return answer.status, told


def test_every_writing_command_goes_through_the_server(acme: Shell, events: Path) -> None:
    with serving(acme.folder) as server:
        assert acme("tenant", "add", "beta", "--json").json["number"] == 2
        assert acme("key", "create", "-t", "beta", "-s", "crm").code == 0
        assert [a["status"] for a in acme("append", str(events), "-t", "acme", "--json").json] == [202] * 3
        assert acme("rebuild", "--json").json["swapped"] is True
        assert [a["duplicate"] for a in acme("append", str(events), "-t", "acme", "--json").json] == [
            True
        ] * 3
        assert acme("clock", "accept").code == 0
        assert acme("tenant", "add", "beta").code == Exit.USAGE
        assert acme("append", str(events), "-t", "nobody").code == Exit.UNKNOWN
        assert acme("verify").code == 0
        code, _, err = server.end()
    assert (code, "已停止" in err) == (0, True)
    assert not (acme.folder / SERVER_FILE).exists()
    assert len([p for p in acme("promises", "-t", "acme", "--json").json if p["wall"] != "worklist"]) == 6


def test_the_counter_wants_the_token_of_server_json(acme: Shell) -> None:
    key = acme("key", "create", "-s", "crm", "--json").json["key"]
    with serving(acme.folder) as server:
        for token in ("", "wrong", key):
            assert ask(server, "/admin/tenant.add", token, {"name": "beta"})[0] == 401
        assert ask(server, "/admin/no.such", server.info.token, {})[0] == 404
        status, told = ask(server, "/admin/tenant.add", server.info.token, {"name": ""})
        assert (status, "refused" in told) == (200, True)
    if sys.platform != "win32":
        assert len(acme("tenant", "list", "--json").json) == 1


def test_a_taken_port_is_told_by_the_folder_where_that_is_served_already(
    acme: Shell, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(acme.folder) as server:
        port = str(urlsplit(server.info.url).port)
        second = acme("up", "--port", port)
        other = Shell(tmp_path / "other", capsys)("up", "--port", port)
    assert second.code == other.code == Exit.UNAVAILABLE
    assert f"{acme.folder} is served already: {server.info.url}, process {server.info.pid}" in second.err
    assert f"Port {port} cannot be used" in other.err


def test_a_second_process_is_told_who_has_the_folder(acme: Shell) -> None:
    with serving(acme.folder) as server:
        second = acme("up", "--port", "0")
        assert second.code == Exit.UNAVAILABLE
        assert str(server.process.pid) in second.err
    with FolderLock(acme.folder):
        assert acme("tenant", "add", "beta").code == Exit.UNAVAILABLE


def test_a_port_that_is_taken_gets_one_sentence_in_each_language(acme: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = acme("up", "--port", str(taken.getsockname()[1]))
    assert said.code == Exit.UNAVAILABLE
    assert len(said.err.strip().splitlines()) == 2


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.2", "::", "example.org"])
def test_up_refuses_to_bind_beyond_loopback(acme: Shell, host: str) -> None:
    assert acme("up", "--host", host).code == Exit.USAGE


def test_a_clock_behind_the_record_is_refused(acme: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    from ledger.clock import SystemClock

    true = SystemClock.now
    monkeypatch.setattr(SystemClock, "now", lambda self: true(self) - 86_400_000_000)
    said = acme("up", "--port", "0")
    assert said.code == Exit.UNAVAILABLE
    assert "behind" in said.err


def test_an_announcement_left_by_a_dead_server_misleads_nobody(acme: Shell, events: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as once:
        port = once.getsockname()[1]
    write_server(acme.folder, ServerInfo(1, f"http://127.0.0.1:{port}", "x"))
    assert acme("append", str(events)).code == 0


@crash
def test_killed_and_started_again_nothing_is_lost_or_doubled(acme: Shell, events: Path) -> None:
    with serving(acme.folder) as server:
        first = acme("append", str(events), "--json").json
        server.end(signal.SIGKILL)
    with serving(acme.folder):
        again = acme("append", str(events), "--json").json
        assert [(a["event_id"], a["place"]) for a in again] == [(a["event_id"], a["place"]) for a in first]
        assert all(a["duplicate"] for a in again)
    assert acme("verify").code == 0
    assert acme("rebuild", "--json").json["differences"] == {}


def test_the_lock_is_free_after_the_server(acme: Shell) -> None:
    with serving(acme.folder) as server:
        with pytest.raises(FolderInUse), FolderLock(acme.folder):
            pass
        server.end(signal.SIGINT)
    with FolderLock(acme.folder):
        pass
