"""After an upgrade the tables belong to other rules: they are folded afresh, and nothing that was said is lost."""

from __future__ import annotations

import json
from pathlib import Path

from sqlalchemy import update

from projections.store import ACTIVE
from tests.touchline.commands import Shell, serving, until
from tests.touchline.test_server import ask
from touchline.exits import Exit
from touchline.house import House


def age(folder: Path) -> None:
    """As if the tables had been folded by another version of the rules."""
    with House.open(folder) as house:
        house.writer.call(lambda conn: conn.execute(update(ACTIVE).values(fold_version="another")))


def test_a_reading_command_says_what_to_do(acme: Shell, events: Path) -> None:
    acme("append", str(events))
    age(acme.folder)
    said = acme("promises")
    assert said.code == Exit.UNAVAILABLE
    assert "touchline rebuild" in said.err
    assert acme("rebuild").code == 0
    assert len([p for p in acme("promises", "--json").json if p["wall"] != "worklist"]) == 6


def test_a_writing_command_rebuilds_first(acme: Shell, events: Path) -> None:
    age(acme.folder)
    assert acme("append", str(events)).code == 0
    assert len([p for p in acme("promises", "--json").json if p["wall"] != "worklist"]) == 6


def test_a_server_takes_events_while_it_rebuilds_and_is_ready_afterwards(acme: Shell, events: Path) -> None:
    acme("append", str(events))
    before = acme("promises", "--json").json
    age(acme.folder)
    with serving(acme.folder) as server:
        assert acme("append", str(events), "--json").json[0]["duplicate"] is True
        until(lambda: ask(server, "/readyz")[0] == 200, "the server is ready")
        server.end()
    assert json.dumps(acme("promises", "--json").json) == json.dumps(before)
