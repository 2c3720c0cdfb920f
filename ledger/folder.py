"""The data folder: what stands in it, and how a command finds the server that runs on it."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

RECORD_FILE = "touchline.db"
KEYS_FILE = "keys.db"
LOCK_FILE = "lock"
SERVER_FILE = "server.json"


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """The running server: its process id, base URL, and the token with which commands of the same user write."""

    pid: int
    url: str
    token: str


def private_file(path: Path) -> None:
    """Make sure the file exists and nobody but its owner may read it (0600)."""
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    os.chmod(path, 0o600)


def write_server(folder: Path, info: ServerInfo) -> None:
    """Announce the server; whole or not at all, 0600."""
    fresh = folder / (SERVER_FILE + ".new")
    fresh.unlink(missing_ok=True)
    private_file(fresh)
    fresh.write_text(json.dumps(asdict(info)), encoding="utf-8")
    os.replace(fresh, folder / SERVER_FILE)


def read_server(folder: Path) -> ServerInfo | None:
    """The announced server, or None. It may have died since: whoever calls it must find out."""
    try:
        found = json.loads((folder / SERVER_FILE).read_text(encoding="utf-8"))
        return ServerInfo(pid=int(found["pid"]), url=str(found["url"]), token=str(found["token"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remove_server(folder: Path) -> None:
    """Take the announcement back."""
    (folder / SERVER_FILE).unlink(missing_ok=True)
