"""POST /in/{source} as a vendor's switch sees it, and the dead letters as an operator does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from producers.inbox.known import Inbox
from tests.producers.test_inbox import MAPPING, PHONE, TOKEN, call, headers
from tests.web.site import Site, until
from tests.web.test_events_api import figures


def opened(site: Site, source: str = "pbx", mapping: str = MAPPING, **said: str) -> str:
    asked = {"tenant": "云栖集团", "source": source, "mapping": mapping, "file": "pbx.yaml", "aliases": ""}
    made: Any = site.house.admin.perform(
        "inbox.add", {**asked, "verify": "token", "place": "", "secret": "", **said}
    )
    return str(made["secret"] or "")


@pytest.fixture
def token(site: Site) -> str:
    site.tenant()
    return opened(site)


@pytest.fixture
def http(site: Site, token: str) -> Iterator[httpx.Client]:
    with site.client(site.key("desk")) as client:
        yield client


def settled(http: httpx.Client, letter: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = http.get(f"/dead-letters/{letter}").json()
        return found if found["state"] != "waiting" else None

    found = until(look)
    assert found is not None
    return found


def test_whatever_comes_is_kept_and_answered(site: Site, http: httpx.Client, token: str) -> None:
    with site.client() as vendor:
        good = vendor.post("/in/pbx", json=call(), headers={"X-Token": token})
        assert (good.status_code, good.json()["again"]) == (200, False)
        assert vendor.post("/in/pbx", json=call(), headers={"X-Token": token}).json() == {
            **good.json(), "again": True,
        }  # fmt: skip
        bad = vendor.post("/in/pbx", content=b"\xff\xfe\x00", headers={"X-Token": token})
        assert bad.status_code == 200
        assert vendor.post("/in/pbx", headers={"X-Token": token}).status_code == 200, "nothing at all, too"
    assert settled(http, good.json()["letter"])["state"] == "mapped"
    assert settled(http, bad.json()["letter"])["state"] == "dead"
    (case,) = until(lambda: http.get("/cases").json())
    assert case["ticket"] == "c-1"
    until(lambda: figures(http)["dead"] == 2)
    found = figures(http)
    assert found.pop("received") == sum(found.values()) == 4
    assert 'touchline_letters{state="dead"} 2.0' in http.get("/metrics").text
    assert "touchline dead replay" in http.get("/wall/board").text


def test_what_the_sender_is_told(site: Site, http: httpx.Client, token: str) -> None:
    with site.client() as vendor:
        assert vendor.post("/in/pbx", json=call()).status_code == 401
        assert vendor.post("/in/pbx", json=call(), headers={"X-Token": "x" * 43}).status_code == 401
        assert vendor.post("/in/nobody", json=call(), headers={"X-Token": token}).status_code == 404
        assert vendor.post("/in/pbx", content=b"x" * (2 << 20), headers={"X-Token": token}).status_code == 413
        assert vendor.get("/in/pbx", headers={"X-Token": token}).status_code == 405
        assert vendor.get("/dead-letters").status_code == 401
    assert http.get("/dead-letters").json() == []
    found = figures(http)
    assert (found["received"], found["refused"]) == (3, 3)
    site.house.writer.close()
    with site.client() as vendor:
        late = vendor.post("/in/pbx", json=call(), headers={"X-Token": token})
    assert late.status_code == 503
    assert "Retry-After" in late.headers
    found = figures(http)
    assert found.pop("received") == sum(found.values())


def test_a_token_in_the_query_is_not_kept(site: Site, http: httpx.Client) -> None:
    opened(site, "old-pbx", place="query:key", secret=TOKEN)
    with site.client() as vendor, site.client(site.key(admin=True)) as admin:
        kept = vendor.post(f"/in/old-pbx?key={TOKEN}&id=c-1&who=%E7%8E%8B")
        assert kept.status_code == 200
        letter = kept.json()["letter"]
        assert settled(http, letter)["field"] == "call.id"
        told = admin.get(f"/dead-letters/{letter}/content").json()
        assert told == {"media": "", "query": [["id", "c-1"], ["who", "王"]], "body": ""}


def test_standard_webhooks(site: Site, http: httpx.Client) -> None:
    secret = opened(site, "crm", verify="standard-webhooks")
    body = json.dumps(call()).encode()
    told = headers(secret, "msg_1", body)
    with site.client() as vendor:
        first = vendor.post("/in/crm", content=body, headers=told)
        assert (first.status_code, first.json()["again"]) == (200, False)
        assert vendor.post("/in/crm", content=body, headers=told).json()["again"]
        for wrong in ({}, {**told, "webhook-signature": "v1"}, {**told, "webhook-timestamp": "nan"}):
            assert vendor.post("/in/crm", content=body, headers=wrong).status_code == 401


def test_dead_letters_over_http(site: Site, http: httpx.Client, token: str) -> None:
    opened(site, mapping=MAPPING.replace("call.id", "call.number"))
    with site.client() as vendor:
        sent = [
            vendor.post("/in/pbx", json=call(f"c-{n}"), headers={"X-Token": token}).json()["letter"]
            for n in (2, 1, 3)
        ]
    assert {settled(http, letter)["state"] for letter in sent} == {"dead"}
    page = http.get("/dead-letters", params={"limit": 2})
    assert [one["id"] for one in page.json()] == sent[:2]
    assert [one["id"] for one in http.get(page.links["next"]["url"]).json()] == sent[2:]
    assert http.get("/dead-letters", params={"source": "other"}).json() == []
    assert http.get("/dead-letters", params={"stat": "dead"}).status_code == 422
    assert PHONE not in page.text
    asked = {"by": "it-007"}
    drop = {**asked, "reason": "test_data"}
    for word, body in (("replay", asked), (f"{sent[0]}/replay", asked), (f"{sent[0]}/discard", drop)):
        assert http.post(f"/dead-letters/{word}", json=body).status_code == 403, word
    assert http.get(f"/dead-letters/{sent[0]}/content").status_code == 403
    with site.client(site.key("it", admin=True)) as admin:
        assert PHONE in admin.get(f"/dead-letters/{sent[0]}/content").json()["body"]
        assert http.get(f"/dead-letters/{sent[0]}").json()["opened_by"] == "it"
        gone = admin.post(f"/dead-letters/{sent[2]}/discard", json=drop)
        assert (gone.status_code, gone.json()["cause"]) == (200, "test_data")
        assert admin.get(f"/dead-letters/{sent[2]}/content").status_code == 410
        opened(site)
        done = admin.post("/dead-letters/replay", json=asked).json()
        assert [(one["id"], one["state"]) for one in done] == [(letter, "replayed") for letter in sent[:2]]
        assert admin.post(f"/dead-letters/{sent[0]}/replay", json=asked).status_code == 404
    until(lambda: {case["ticket"] for case in http.get("/cases").json()} == {"c-1", "c-2"})


def test_the_source_belongs_to_one_tenant(site: Site, http: httpx.Client, token: str) -> None:
    site.house.admin.perform("tenant.add", {"name": "yunhe"})
    assert "refused" in site.house.admin.call(
        "inbox.add",
        {
            "tenant": "yunhe", "source": "pbx", "mapping": MAPPING, "file": "pbx.yaml", "aliases": "",
            "verify": "token", "place": "", "secret": "",
        },
    )  # fmt: skip
    inbox = site.house.inbox.find("pbx")
    assert isinstance(inbox, Inbox)
    assert inbox.tenant.name == "云栖集团"


def test_strangers_take_nothing_out_of_a_sources_bucket(tmp_path: Path) -> None:
    site = Site(tmp_path / "data", rate=0.01, burst=2)
    site.start()
    try:
        site.tenant()
        token = opened(site)
        with site.client() as http:
            tries = [http.post("/in/pbx", json=call(), headers={"X-Token": "wrong"}) for _ in range(3)]
            assert {one.status_code for one in tries} == {401}
            answers = [http.post("/in/pbx", json=call(), headers={"X-Token": token}) for _ in range(3)]
            assert [one.status_code for one in answers] == [200, 200, 429]
    finally:
        site.stop()
