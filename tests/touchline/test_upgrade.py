"""After an upgrade the tables belong to other rules: they are folded afresh, and nothing that was said is lost."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from ledger import access
from ledger.errors import HeldElsewhere
from processors.rules.book import Book
from processors.rules.cases import Case, Cases
from processors.rules.promises.rule import Promises
from processors.rules.protocol import Evidence, Row
from projections.rebuild import Far
from projections.store import ACTIVE
from schemas.catalogue import example
from tests.kit.world import World
from tests.projections.test_rebuild import story
from tests.projections.test_recheck import Newer as Milder
from tests.touchline.commands import ON_BOTH, Shell, serving, until
from tests.touchline.test_server import ask
from tests.web.site import Site
from touchline.exits import Exit
from touchline.house import House
from touchline.library import Library
from touchline.rules import rules
from touchline.serving import _renew


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
    assert acme("policy", "whatif", "policies", "--json").json["differ"] == 0, "it needs no tables"
    assert acme("policy", "publish", "policies").code == 0
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


class Newer(Cases):
    """A version that calls every case a matter of the estate."""

    version = Cases.version + 1

    def judge(self, scope: str, evidence: Sequence[Evidence], book: Book) -> Iterable[Row]:
        for row in super().judge(scope, evidence, book):
            assert isinstance(row, Case)
            yield replace(row, kind="estate")


@ON_BOTH
def test_while_it_rebuilds_reads_say_how_far_it_is_and_intake_goes_on(
    acme: Shell, events: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two versions of a rule: the tables of the first are not read by the second, which folds them afresh."""
    acme("append", str(events))
    monkeypatch.setattr("touchline.house.rules", lambda: (Newer(), *rules()[1:]))
    held, go_on = threading.Event(), threading.Event()

    def wait(far: Far) -> None:
        held.set()
        assert go_on.wait(60)

    site = Site(acme.place)
    site.start()
    try:
        house = site.house
        assert house.stale
        house.rebuilds.start(lambda: house.rebuild(wait, alone=True))
        assert held.wait(60)
        tenant = house.ledger.tenant("acme")
        key = house.writer.call(lambda conn: access.create(conn, tenant, "crm", False, False))
        with site.client(key) as client:
            told = client.get("/metrics")  # or Prometheus would take it for dead
            assert told.status_code == 200
            assert "touchline_rebuilding 1.0" in told.text
            assert "touchline_fact_place" in told.text
            assert "touchline_promises" not in told.text
            refused = client.get("/cases")
            assert refused.status_code == 503
            far = refused.json()["rebuild"]
            assert far["step"] == "fold"
            assert 0 < far["facts"] <= far["whole"]
            assert int(refused.headers["Retry-After"]) >= 1
            reasons = {r["what"]: r["reason"] for r in client.get("/readyz").json()["reasons"]}
            assert "fold" in reasons["rebuild"]
            assert "folded by rules" in reasons["engine"]
            late = {**example("complaint.received"), "id": "late", "source": "crm", "ticket": "late"}
            kind = {"Content-Type": "application/cloudevents+json"}
            assert client.post("/events", json=late, headers=kind).status_code == 202
            assert "under way" in house.admin.call("rebuild", {})["refused"]["en"]
            go_on.set()
            until(lambda: client.get("/readyz").status_code == 200, "the new tables are read")
            with house.database.read() as conn:
                head = house.ledger.head(conn, tenant).place
            assert house.progress.wait(tenant.number, head, 30)
            found = client.get("/cases")
            assert found.status_code == 200
            assert {case["kind"] for case in found.json()} == {"estate"}
    finally:
        go_on.set()
        site.stop()


@pytest.mark.parametrize("shell", ["postgresql"], indirect=True)
def test_a_gateway_of_the_older_version_goes_on_until_it_ends(
    acme: Shell, events: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its engine decides what both take in; the newer one makes the tables its own when nobody writes to the others."""
    acme("append", str(events))
    with ExitStack() as ends:
        old = Site(acme.place)
        old.start()
        ends.enter_context(older := ExitStack()).callback(old.stop)
        until(lambda: "acme" in old.house.status()["decided"], "it runs")
        monkeypatch.setattr("touchline.house.rules", lambda: (Newer(), *rules()[1:]))
        new = Site(acme.place)
        new.start()
        ends.callback(new.stop)
        assert new.house.stale
        with pytest.raises(HeldElsewhere):
            new.house.rebuild(alone=True)
        new.house.rebuilds.start(lambda: _renew(new.house))
        late = {**example("complaint.received"), "id": "late", "source": "crm", "ticket": "late"}
        key = new.key("crm", "acme")
        with new.client(key) as client, old.client(key) as before:
            kept = client.post("/events", json=late).json()
            told = before.get(f"/cases/{kept['case_id']}", params={"after": kept["place"]}).json()
            assert told["kind"] == "complaint"
            assert client.get("/cases").status_code == 503
            older.close()
            until(lambda: client.get("/readyz").status_code == 200, "it has rebuilt")
            assert {case["kind"] for case in client.get("/cases").json()} == {"estate"}


def cases(acme: Shell) -> list[dict[str, Any]]:
    with Library(acme.place) as library:
        return library.reading.cases.find(library.tenant("acme"))


@ON_BOTH
def test_a_dry_run_prints_what_other_rules_would_make_and_swaps_nothing(
    acme: Shell, events: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme("append", str(events))
    same = acme("rebuild", "--dry-run", "--json")
    assert (same.code, same.json["swapped"], same.json["compared"]) == (0, False, True)
    before = cases(acme)
    with monkeypatch.context() as patch:
        patch.setattr("touchline.house.rules", lambda: (Newer(), *rules()[1:]))
        found = acme("rebuild", "--dry-run", "--json")
        assert (found.code, found.json["swapped"]) == (Exit.NOT_SO, False)
        (differing,) = found.json["differences"].values()
        assert differing["count"] == len(before) == len(differing["first"])
        one = differing["first"][0]
        assert (one["table"], one["fresh"]) == ("cases", {"kind": "estate"})
        assert acme("rebuild", "--dry-run").out.count("kind=estate") == len(before)
    assert cases(acme) == before


def test_what_other_rules_would_say_is_printed(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(shell.folder)
    story(world)
    world.close()
    assert (shell("recheck", "--json").json, shell("recheck").code) == ([], 0)
    milder = tuple(Milder() if isinstance(rule, Promises) else rule for rule in rules())
    for where in ("touchline.house", "touchline.rules"):
        monkeypatch.setattr(f"{where}.rules", lambda: milder)
    monkeypatch.setattr("touchline.rules.owners", lambda: milder)
    assert shell("rebuild").code == Exit.NOT_SO
    found = shell("recheck", "--json")
    said = {one["row"] for one in found.json if (one["what"], one["kind"]) == ("said", "breached")}
    assert (found.code, bool(said)) == (Exit.NOT_SO, True)
    told = shell("recheck")
    assert told.code == Exit.NOT_SO
    assert all(row in told.out for row in said)
    assert f"{len(found.json)} differ" in told.out + told.err
