"""What was parked, seen and resumed as an operator does it: on the command line, over HTTP, on the wall."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import touchline.house
import touchline.rules
from processors.rules.protocol import Rule
from schemas.catalogue import example
from schemas.instants import SECOND
from tests.processors.test_parking import Fragile
from tests.processors.test_standing_still import Clockwork
from tests.touchline.commands import ON_BOTH, Shell
from tests.web.site import Site, complaint, until
from touchline.exits import Exit
from touchline.rules import rules


def housed(rule: Rule, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule of the house, with the shipped ones."""
    whole = (*rules(), rule)
    monkeypatch.setattr(touchline.house, "rules", lambda: whole)
    monkeypatch.setattr(touchline.rules, "rules", lambda: whole)
    monkeypatch.setattr(touchline.rules, "owners", lambda: whole)


@pytest.fixture
def fragile(monkeypatch: pytest.MonkeyPatch) -> Fragile:
    """Fails on complaint.forwarded until it is mended."""
    rule = Fragile("file")
    housed(rule, monkeypatch)
    return rule


@pytest.fixture
def clockwork(monkeypatch: pytest.MonkeyPatch) -> Clockwork:
    """Fails a second after a complaint ``bad`` was received, when there is something to say of it, until it is mended."""
    rule = Clockwork("marks", "bad", hour=SECOND)
    housed(rule, monkeypatch)
    return rule


@pytest.fixture
def forwarded(tmp_path: Path) -> Path:
    path = tmp_path / "forwarded.ndjson"
    lines = [{**example("complaint.received"), "id": "a", "ticket": "T"}]
    lines += [{**example("complaint.forwarded"), "id": name, "ticket": "T"} for name in ("b", "c")]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


@ON_BOTH
def test_listed_shown_and_resumed_in_order(fragile: Fragile, acme: Shell, forwarded: Path) -> None:
    assert "没有" in acme("parked", "list").err
    assert acme("append", str(forwarded)).code == 0
    listed = acme("parked", "list", "--json").json
    assert [(one["rule"], one["error"], one["type"]) for one in listed] == [
        ("fragile", "ZeroDivisionError", "complaint.forwarded")
    ] * 2
    assert [one["place"] for one in listed] == sorted(one["place"] for one in listed)
    first, second = (one["event_id"] for one in listed)
    assert "customer" not in acme("parked", "list").out, "the text of an error may hold anything"
    shown = acme("parked", "show", first)
    assert "ZeroDivisionError" in shown.out
    assert acme("parked", "show", first, "--rule", "promises").code == Exit.UNKNOWN
    assert acme("parked", "resume").code == Exit.USAGE
    assert acme("parked", "resume", first, "--by", "it-007").code == 0
    assert [one["event_id"] for one in acme("parked", "list", "--json").json] == [first, second], "not mended"

    fragile.where = ""
    done = acme("parked", "resume", "--all", "--by", "it-007", "--json").json
    assert [one["event_id"] for one in done] == [first, second]
    assert done[0]["resumed"] < done[1]["resumed"], "resumed in the order recorded"
    assert acme("parked", "list", "--json").json == []
    assert acme("parked", "resume", first).code == Exit.UNKNOWN
    assert acme("recheck").code == 0


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path / "served")
    made.start()
    yield made
    made.stop()


def test_over_http(fragile: Fragile, site: Site) -> None:
    with site.client(site.key()) as reader, site.client(site.key(admin=True)) as admin:
        told = {"ticket": "T", **complaint("a", site.now())}
        assert reader.post("/events", json=told).status_code == 202
        bad = {**complaint("b", site.now()), "type": "complaint.forwarded", "ticket": "T"}
        bad["data"] = {"to_department": "engineering_dept"}
        event_id = reader.post("/events", json=bad).json()["event_id"]
        (parked,) = until(lambda: reader.get("/parked").json())
        assert (parked["event_id"], parked["rule"]) == (event_id, "fragile")
        assert "touchline_parked 1.0" in reader.get("/metrics").text
        assert "暂停处理" in reader.get("/wall/board").text or "parked" in reader.get("/wall/board").text
        asked = {"rule": "fragile", "by": "it-007"}
        assert reader.post(f"/parked/{event_id}/resume", json=asked).status_code == 403
        assert admin.post(f"/parked/{event_id}/resume", json={**asked, "rule": "promises"}).status_code == 404
        fragile.where = ""
        kept = admin.post(f"/parked/{event_id}/resume", json=asked)
        assert kept.status_code == 202, kept.text
        assert kept.json()["place"] > 0
        assert until(lambda: reader.get("/parked").json() == [])


def test_a_scope_that_stands_still_over_http(clockwork: Clockwork, site: Site) -> None:
    """The server goes on, and so does what falls due after it."""
    with site.client(site.key()) as reader, site.client(site.key(admin=True)) as admin:
        bad = reader.post("/events", json={**complaint("bad", site.now()), "ticket": "T"}).json()
        good = reader.post("/events", json={**complaint("good", site.now()), "ticket": "U"}).json()
        (parked,) = until(lambda: reader.get("/parked").json())
        assert (parked["event_id"], parked["rule"], parked["scope"]) == (
            bad["event_id"],
            "clockwork",
            bad["case_id"],
        )
        assert parked["case_id"] == bad["case_id"]

        def said(case_id: str) -> list[str]:
            found = reader.get(f"/cases/{case_id}/history").json()["verdicts"]
            return [one["type"] for one in found]

        assert until(lambda: "obligation.breached" in said(good["case_id"]))
        assert "event.parked" in said(bad["case_id"])
        assert "obligation.breached" not in said(bad["case_id"])
        assert reader.get("/readyz").status_code == 200
        assert "touchline_parked 1.0" in reader.get("/metrics").text
        clockwork.broken = ()
        asked = {"rule": "clockwork", "by": "it-007"}
        assert admin.post(f"/parked/{bad['event_id']}/resume", json=asked).status_code == 202
        assert until(lambda: reader.get("/parked").json() == [])
        assert until(lambda: "obligation.breached" in said(bad["case_id"]))
