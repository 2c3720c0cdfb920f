"""Moving a live PostgreSQL deployment to Kafka and back: the gateway goes on, and its readers see what workers decide."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from ledger.clock import SimulatedClock
from ledger.lanes import engine_state
from tests.kit.carried import carried
from tests.kit.places import ON_POSTGRESQL
from tests.kit.postgres import Place
from tests.kit.world import World
from tests.scale.hand import at_head, state, working
from tests.touchline.commands import ROOT, Shell
from tests.web.site import START, Site, complaint, until
from touchline.cli import main
from touchline.exits import Exit
from touchline.place import Shared


@pytest.fixture
def site(place: Place, tmp_path: Path) -> Iterator[Site]:
    made = Site(Shared(place.url, folder=tmp_path), SimulatedClock(START), alert_log=False)
    made.start()
    yield made
    made.stop()


def feed(place: Place, *words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["feed", *words, "--database", place.url])
    return int(ended.value.code or 0)


@ON_POSTGRESQL
def test_a_live_gateway_moves_to_workers_and_back(
    site: Site, place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    key = site.key("crm")
    world = World(place, at=START, take_over=False)
    try:
        with site.client(key) as client:
            decided(client, "c-1")
            assert feed(place, "use", "kafka", "--json") == 0
            assert '"before": "embedded"' in capsys.readouterr().out
            runner = site.house.runner
            assert runner is not None
            until(lambda: runner.status.feed == "kafka")
            with working(world) as worker:
                kept = client.post("/events", json=complaint("c-2", START))
                assert kept.status_code == 202
                assert not at_head(world)  # nobody has it yet
                worker.assign([world.tenant.number])
                worker.deliver(world.tenant.number, carried(world))
                decided(client, "c-3")
                assert state(world).owner == "worker"
                assert client.get("/readyz").json()["status"] == "ready"
                assert feed(place, "use", "embedded") == 0
                until(lambda: worker.failed is not None)
            decided(client, "c-4")
        with site.house.database.read() as conn:
            assert site.house.leases is not None
            assert engine_state(conn, world.tenant).owner == site.house.leases.owner
        capsys.readouterr()
        assert feed(place, "show", "--json") == 0
        told = capsys.readouterr().out
        assert '"feed": "embedded"' in told
        assert world.rebuild().differences == {}
    finally:
        world.close()


def decided(client: httpx.Client, name: str) -> None:
    """An event is taken, and a reader who waits for it is answered once it is decided."""
    kept = client.post("/events", json=complaint(name, START))
    assert kept.status_code == 202
    told = kept.json()
    answer = client.get(f"/cases/{told['case_id']}", params={"after": told["place"]})
    assert answer.status_code == 200, answer.text
    assert answer.json()["place"] >= told["place"]


def test_a_folder_is_fed_by_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shell = Shell(tmp_path / "data", capsys)
    assert shell("tenant", "add", "acme").code == 0
    refused = shell("feed", "use", "kafka")
    assert (refused.code, "PostgreSQL" in refused.err) == (Exit.USAGE, True)
    assert shell("feed", "show", "--json").json["feed"] == "embedded"


@ON_POSTGRESQL
def test_a_worker_refuses_where_the_feed_is_another(place: Place) -> None:
    """Before it asks Kafka anything; a supervisor may try again."""
    done = subprocess.run(
        [sys.executable, "-m", "touchline", "worker", "--kafka", "127.0.0.1:1", "--database", place.url],
        cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONUTF8": "1"},
    )  # fmt: skip
    assert (done.returncode, "touchline feed" in done.stderr) == (Exit.UNAVAILABLE, True)
