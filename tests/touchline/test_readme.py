"""The README's own commands, run as they stand there, by a stranger with a shell."""

from __future__ import annotations

import json
import os
import re
import socket
import stat
import subprocess
import sys
from pathlib import Path

from ledger.folder import read_server
from tests.touchline.commands import DEADLINE, ROOT, until


def commands(name: str) -> list[str]:
    """The blocks for a shell; comments, which are in the reader's language, are left out."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / name).read_text(encoding="utf-8"), re.DOTALL)
    return [re.sub(r" +# .*", "", block) for block in blocks]


def test_both_languages_have_the_same_commands() -> None:
    assert commands("README.md") == commands("README.zh-CN.md")


def test_your_own_record(tmp_path: Path) -> None:
    first, *then = commands("README.md")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    first, second = (block.replace("8311", port) for block in (first, "".join(then)))
    tools = tmp_path / ".venv" / "bin"
    tools.mkdir(parents=True)
    command = tools / "touchline"
    command.write_text(
        f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m touchline "$@"\n', encoding="utf-8"
    )
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    path = f"{tools}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONUTF8": "1", "no_proxy": "127.0.0.1"}
    server = subprocess.Popen(
        ["bash", "-ec", first.replace("touchline up", "exec touchline up")], cwd=tmp_path, env=environment
    )
    try:
        until(
            lambda: server.poll() is not None or read_server(tmp_path / "mine") is not None,
            "the server is up",
        )
        told = subprocess.run(
            ["bash", "-ec", second],
            cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=DEADLINE * 2,
        )  # fmt: skip
        assert told.returncode == 0, told.stderr + told.stdout
    finally:
        server.terminate()
        try:
            server.wait(DEADLINE)
        finally:
            server.kill()
            server.wait()
    assert server.returncode == 0
    answer = json.loads((tmp_path / "answer.json").read_text(encoding="utf-8"))
    assert answer.keys() == {"event_id", "case_id", "place"}
    assert answer["case_id"] in told.stdout
    assert "urn:touchline:problem" not in told.stdout
