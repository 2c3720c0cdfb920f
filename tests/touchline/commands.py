"""The command line as a test uses it: in this process, or as a server in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ledger.folder import ServerInfo, read_server
from tests.kit.places import KINDS
from touchline.cli import main
from touchline.place import Place, Shared

ON_BOTH = pytest.mark.parametrize("shell", KINDS, indirect=True)
"""For commands on a data folder, and the same on a PostgreSQL."""
ROOT = Path(__file__).resolve().parents[2]
DEADLINE = 120.0
"""Seconds: generous, for a wait that comes true costs only what it takes."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a command printed and the code it ended with."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Shell:
    """``shell("promises", "--json")`` on one data folder; or, with its ``url``, on a PostgreSQL."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], url: str = "") -> None:
        self.folder = folder
        self.url = url
        self._capsys = capsys

    @property
    def place(self) -> Place:
        return Shared(self.url, folder=self.folder) if self.url else self.folder

    def __call__(self, *words: str) -> Said:
        return self.bare(*words, *(["--database", self.url] if self.url else ["--data", str(self.folder)]))

    def bare(self, *words: str) -> Said:
        """A command that names its places itself."""
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([*words])
        printed = self._capsys.readouterr()
        return Said(int(ended.value.code or 0), printed.out, printed.err)


def until(what: Callable[[], bool], why: str, deadline: float = DEADLINE) -> None:
    """Wait on a condition, never on time alone."""
    end = time.monotonic() + deadline
    while not what():
        if time.monotonic() > end:
            raise AssertionError(f"not within {deadline} s: {why}")
        time.sleep(0.02)


class Server:
    """``touchline up`` (or another serving command) in a process of its own."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-m", "touchline", *words, "--port", "0", "--data", str(folder)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUTF8": "1"},
        )
        try:
            until(self._answers, "the server announces itself")
        except BaseException:
            self.kill()
            raise

    def _answers(self) -> bool:
        if self.process.poll() is not None:
            assert self.process.stderr is not None
            raise AssertionError(f"ended with {self.process.returncode}: {self.process.stderr.read()}")
        found = read_server(self.folder)
        return found is not None and found.pid == self.process.pid

    @property
    def info(self) -> ServerInfo:
        found = read_server(self.folder)
        assert found is not None
        return found

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str, str]:
        """Send the signal, wait, and return (code, stdout, stderr)."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            out, err = self.process.communicate(timeout=DEADLINE)
        except BaseException:
            self.kill()
            raise
        return self.process.returncode, out, err

    def kill(self) -> None:
        """Whatever became of the test, no process outlives it."""
        self.process.kill()
        self.process.communicate()


@contextmanager
def serving(folder: Path, *words: str) -> Iterator[Server]:
    server = Server(folder, *(words or ("up",)))
    try:
        yield server
    finally:
        server.end(signal.SIGKILL)


@contextmanager
def gateway(database: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """``touchline up`` on a PostgreSQL, in a process of its own: its address and the process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "touchline", "up", "--port", str(port)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUTF8": "1", "TOUCHLINE_DATABASE": database},
    )
    url = f"http://127.0.0.1:{port}"

    def ready() -> bool:
        assert process.poll() is None, process.communicate()[1]
        with suppress(OSError), urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
        return False

    try:
        until(ready, "the gateway is ready")
        yield url, process
    finally:
        process.kill()
        process.communicate(timeout=60)
