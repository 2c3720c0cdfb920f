"""The house on PostgreSQL, as an operator has it: migrated by the owner, served by several processes, one of which dies."""

from __future__ import annotations

import json
import signal
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ledger.candidate import Appended
from ledger.verifying.hands import Hands, ManyHands
from tests.kit.postgres import APPLICATION, Cluster, Place
from tests.touchline.commands import Said, gateway, until
from tests.touchline.test_policy_commands import STRICTER
from touchline.cli import main
from touchline.commands.verify import _hands
from touchline.exits import Exit
from touchline.house import House
from touchline.place import Shared, open_database


class Desk:
    """``desk("promises", "--json")`` on one database."""

    def __init__(self, place: Place, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.place = place
        self.folder = folder
        self._capsys = capsys

    def __call__(self, *words: str, url: str = "") -> Said:
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([*words, "--database", url or self.place.tcp])
        printed = self._capsys.readouterr()
        assert "touchline_app:" not in printed.out + printed.err  # nobody sees the password
        return Said(int(ended.value.code or 0), printed.out, printed.err)

    def ask(self, query: str) -> Any:
        with psycopg.connect(self.place.admin, options="-c search_path=touchline") as admin:
            return admin.execute(query.encode()).fetchall()


@pytest.fixture
def desk(postgres: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(postgres, tmp_path, capsys)


def post(url: str, key: str, event: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(
        f"{url}/events",
        json.dumps(event).encode(),
        {"Content-Type": "application/cloudevents+json", "Authorization": f"Bearer {key}"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.status, json.loads(answer.read())


def test_from_an_empty_database_to_a_verified_record(desk: Desk, tmp_path: Path) -> None:
    refused = desk("tenant", "list")
    assert (refused.code, "touchline database migrate" in refused.err) == (Exit.UNKNOWN, True)
    assert desk("database", "migrate", "--role", APPLICATION, url=desk.place.owner).code == 0
    assert desk("database", "migrate", "--role", "touchline_owner", url=desk.place.owner).code == Exit.USAGE
    refused = desk("tenant", "add", "acme", url=desk.place.owner)
    assert (refused.code, "could change the record" in refused.err) == (Exit.USAGE, True)
    assert desk("tenant", "list", url="mysql://x/y").code == Exit.USAGE
    away = desk("tenant", "list", url="postgresql://touchline_app:hidden@127.0.0.1:1/gone")
    assert (away.code, "hidden" in away.err) == (Exit.UNAVAILABLE, False)

    assert desk("tenant", "add", "acme").code == 0
    key = desk("key", "create", "--source", "crm", "--json").json["key"]
    event = complaint("c-1")
    file = tmp_path / "events.ndjson"
    file.write_text(json.dumps(event) + "\n", encoding="utf-8")
    assert desk("append", str(file), "--json").json[0]["duplicate"] is False
    assert desk("append", str(file), "--json").json[0]["duplicate"] is True
    assert len(desk("promises", "--json").json) > 0
    before = desk("promises", "--json").json
    assert desk("rebuild").code == 0
    assert desk("promises", "--json").json == before
    _policies_and_ledgers(desk, tmp_path)
    _verified_by_several(desk.place)
    assert desk("verify").code == 0
    assert key.startswith("tl_")
    # What is not rebuildable was made by the owner.
    stray = "SELECT tablename FROM pg_tables WHERE schemaname = 'touchline_sets' AND tablename !~ '_[a-z]$'"
    assert desk.ask(stray) == []


def _verified_by_several(place: Place) -> None:
    there = Shared(place.tcp)
    database = open_database(there, create=False, writing=False)
    for processes, kind in ((1, Hands), (2, ManyHands)):
        with _hands(database, there, processes) as hands:
            assert type(hands) is kind  # none is started before it is given something
    database.close()


def _policies_and_ledgers(desk: Desk, folder: Path) -> None:
    mine = folder / "mine.yaml"
    mine.write_text(STRICTER, encoding="utf-8")
    assert desk("policy", "check", str(mine), "--tenant", "acme").code == 0
    differ = desk("policy", "whatif", str(mine), "--json").json["promises"]
    assert {one["obligation"] for one in differ} == {"complaint.respond_in_standard", "complaint.forward"}
    assert desk("policy", "publish", str(mine), "--json").json["tenant"] == "acme"
    out = folder / "complaints.csv"
    assert desk("export", "complaints", "-o", str(out), "--clear", "--by", "auditor").code == 0
    assert "系统事件号 event_ids" in out.read_text(encoding="utf-8-sig")
    looked, published = desk("tail", "-n", "2", "--json").json
    assert {looked["type"], published["type"]} == {"policy.published", "privacy.access_recorded"}


def complaint(name: str) -> dict[str, Any]:
    from schemas.catalogue import example

    return {**example("complaint.received"), "id": name, "source": "crm"}


@pytest.mark.crash
def test_two_gateways_and_one_dies(desk: Desk) -> None:
    assert desk("database", "migrate", "--role", APPLICATION, url=desk.place.owner).code == 0
    assert desk("tenant", "add", "acme").code == 0
    key = desk("key", "create", "--source", "crm", "--json").json["key"]
    decided = "SELECT e.decided, c.place FROM engines e JOIN counters c USING (tenant)"

    def all_decided() -> bool:
        ((at, place),) = desk.ask(decided)
        return bool(at == place)

    with gateway(desk.place.tcp) as (first, dying), gateway(desk.place.tcp) as (second, _):
        ((owner,),) = desk.ask("SELECT owner FROM leases WHERE tenant > 0")
        told = [post(url, key, complaint(f"c-{n}")) for n, url in enumerate((first, second, first, second))]
        assert [code for code, _ in told] == [202] * 4
        assert [answer["place"] for _, answer in told] == [4, 5, 6, 7]  # after what the tenant began with
        assert post(second, key, complaint("c-0"))[1] == told[0][1]
        until(all_decided, "one engine decides what both took in")
        epochs = desk.ask("SELECT epoch FROM engines")
        dying.send_signal(signal.SIGKILL)
        dying.wait(60)
        with psycopg.connect(desk.place.admin, autocommit=True) as admin:
            admin.execute("UPDATE touchline.leases SET until = 0")  # the seconds of its silence
        assert post(second, key, complaint("c-9"))[0] == 202
        until(all_decided, "the other takes the engine over")
        ((heir,),) = desk.ask("SELECT owner FROM leases WHERE tenant > 0")
        assert heir != owner
        assert desk.ask("SELECT epoch FROM engines") == [(epochs[0][0] + 1,)]
        before = len([p for p in desk("promises", "--json").json if "case" in p["keys"]])
        elsewhere = desk("rebuild", "--json")  # beside its engine, which follows the swap
        assert (elsewhere.code, elsewhere.json["swapped"]) == (0, True)
        assert post(second, key, complaint("c-10"))[0] == 202
        until(all_decided, "the gateway's engine goes on with the new set")
        ((active,),) = desk.ask("SELECT name FROM active_set")
        assert desk.ask("SELECT set_name, owner FROM engines") == [(active, heir)]
        assert (
            len([p for p in desk("promises", "--json").json if "case" in p["keys"]]) == before
        )  # of one case
    assert desk("verify").code == 0
    assert len(desk("promises", "--json").json) > 0


def test_the_engine_is_woken_by_what_another_process_takes_in(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("processors.embedded.SAFETY", 3600)  # it looks by itself no more
    place = cluster.ledger()
    there = Shared(place.url, folder=tmp_path)
    with House.open(there) as first, House.open(there) as second, ExitStack() as ends:
        first.admin.perform("tenant.add", {"name": "acme"})
        tenant = first.ledger.tenant("acme")
        assert first.runner is not None
        first.runner.start()
        ends.callback(first.runner.stop)
        # the first is found on beginning to look, if need be, and the second on beginning to listen
        for name in ("c-1", "c-2", "c-3"):
            kept = second.intake.submit_one(tenant, "crm", complaint(name)).result(60)
            assert isinstance(kept, Appended)
            assert first.progress.wait(tenant.number, kept.place, 60)
    cluster.drop(place)
