"""A command line on an empty folder, and one with a tenant, a key and an example of each opening event."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from schemas.catalogue import example
from tests.kit.postgres import Cluster
from tests.touchline.commands import Shell

OPENING = ("complaint.received", "repair.reported", "inquiry.received")


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    """A serving command sets up the logs of the whole process."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def shell(
    request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shell]:
    """On a folder; on each database in turn where ``ON_BOTH`` says so."""
    if getattr(request, "param", "sqlite") == "sqlite":
        yield Shell(tmp_path / "data", capsys)
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    made = cluster.ledger()
    yield Shell(tmp_path / "data", capsys, made.tcp)
    cluster.drop(made)


@pytest.fixture
def events(tmp_path: Path) -> Path:
    path = tmp_path / "events.ndjson"
    path.write_text("".join(json.dumps(example(name)) + "\n" for name in OPENING), encoding="utf-8")
    return path


@pytest.fixture
def acme(shell: Shell) -> Shell:
    assert shell("tenant", "add", "acme").code == 0
    assert shell("key", "create", "--source", "call-centre").code == 0
    return shell
