"""POST /events over real HTTP: every status that a sender may meet, and what it finds kept afterwards."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from ledger.errors import Busy, NotKept, Stopped
from schemas.instants import DAY
from tests.web.site import Site, complaint, until

ONE, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"


@pytest.fixture
def http(site: Site) -> Iterator[httpx.Client]:
    with site.client(site.key()) as client:
        yield client


def head(site: Site) -> int:
    with site.house.database.read() as conn:
        return site.house.ledger.head(conn, site.tenant()).place


def send(http: httpx.Client, body: object, kind: str = ONE) -> httpx.Response:
    return http.post("/events", content=json.dumps(body), headers={"Content-Type": kind})


def test_one_event_is_kept_and_can_be_read(site: Site, http: httpx.Client) -> None:
    answer = send(http, complaint("c-1", site.now()))
    assert answer.status_code == 202
    told = answer.json()
    assert set(told) == {"event_id", "case_id", "place"}
    case = http.get(f"/cases/{told['case_id']}", params={"after": told["place"]})
    assert case.status_code == 200
    assert case.json()["kind"] == "complaint"
    promises = http.get("/promises", params={"case": told["case_id"]}).json()
    assert promises
    assert {promise["case_id"] for promise in promises} == {told["case_id"]}
    history = http.get(f"/cases/{told['case_id']}/history").json()
    assert history["touchpoints"][0]["data"]["customer"]["name"] == "王女士"
    why = http.get(f"/promises/{promises[0]['id']}/explain").json()
    assert why["policy"]["version"]


@pytest.mark.parametrize("kind", [ONE, "application/json", "application/json; charset=utf-8"])
def test_a_duplicate_gets_the_first_answer_again(site: Site, http: httpx.Client, kind: str) -> None:
    event = complaint("c-1", site.now())
    first, again = send(http, event, kind), send(http, event, kind)
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    other = send(http, {**event, "houseid": "yunqi-9-0101"}, kind)
    assert other.status_code == 409
    assert other.headers["content-type"] == "application/problem+json"
    assert send(http, event, kind).json() == first.json()


def test_what_senders_write_is_text_on_every_page(site: Site, http: httpx.Client) -> None:
    sent = complaint("c-1", site.now(), houseid="<u>9", projectid="<u>8", actorref="<u>7")
    sent["data"] = {"description": "<u>渗水", "customer": {"name": "<u>王女士", "phone": "13800000000"}}
    told = send(http, sent).json()
    case = f"/wall/cases/{told['case_id']}"
    pages = [http.get(path, params={"after": told["place"]}).text for path in (case, "/", "/today?when=all")]
    assert not any("<u>" in page for page in pages)
    assert all(f"&lt;u&gt;{word}" in pages[0] for word in ("渗水", "王女士", "9"))
    assert "&lt;u&gt;9" in pages[1]


def test_a_batch_answers_each_by_itself_in_order(site: Site, http: httpx.Client) -> None:
    good, bad = complaint("c-1", site.now()), {**complaint("c-2", site.now()), "time": "20261122"}
    answer = send(http, [good, bad, good, 7, complaint("c-3", site.now())], BATCH)
    assert answer.status_code == 207
    items = answer.json()
    assert [item["status"] for item in items] == [202, 422, 202, 422, 202]
    assert items[0] == items[2]
    assert items[1]["problem"]["errors"][0]["field"] == "time"
    assert items[4]["place"] == items[0]["place"] + 1
    assert send(http, [], "application/json").json() == []


def test_all_flaws_are_listed_in_two_languages(site: Site, http: httpx.Client) -> None:
    event = complaint("c-1", site.now())
    event["data"] = {"severity": "huge", "colour": "red"}
    answer = send(http, event)
    assert answer.status_code == 422
    errors = {error["field"]: error for error in answer.json()["errors"]}
    assert {"data.colour", "data.description", "data.severity"} <= set(errors)
    assert all(error["reason"] and error["reason_zh"] for error in errors.values())


def test_shapes_that_contradict_their_media_type_are_refused(site: Site, http: httpx.Client) -> None:
    event = complaint("c-1", site.now())
    assert send(http, [event], ONE).status_code == 422
    assert send(http, event, BATCH).status_code == 422
    assert http.post("/events", content=b"{", headers={"Content-Type": ONE}).status_code == 422
    assert http.post("/events", content=b"\xff", headers={"Content-Type": ONE}).status_code == 422
    doubled = json.dumps(event)[:-1] + ', "id": "c-2"}'
    answer = http.post("/events", content=doubled, headers={"Content-Type": ONE})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "id"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/json; charset=gbk"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
)
def test_other_media_types_are_refused(http: httpx.Client, headers: dict[str, str]) -> None:
    answer = http.post("/events", content=b"{}", headers=headers)
    assert answer.status_code == 415
    assert "application/cloudevents+json" in answer.headers["accept-post"]


def test_a_body_that_is_too_long_is_answered_after_it_was_sent(site: Site, http: httpx.Client) -> None:
    before = head(site)
    body = b'{"pad": "' + b"x" * (4 << 20) + b'"}'
    known = http.post("/events", content=body, headers={"Content-Type": ONE})
    assert known.status_code == 413

    def chunks() -> Iterator[bytes]:
        for start in range(0, len(body), 65_536):
            yield body[start : start + 65_536]

    chunked = http.post("/events", content=chunks(), headers={"Content-Type": ONE})
    assert chunked.status_code == 413
    assert chunked.json()["errors"][0]["reason_zh"]
    assert head(site) == before


def test_a_length_beyond_all_bounds_is_refused_unread(site: Site) -> None:
    key, place = site.key(), urlsplit(site.url)
    with socket.create_connection((place.hostname or "", place.port or 0), 10) as line:
        line.sendall(
            b"POST /events HTTP/1.1\r\nHost: touchline\r\nContent-Type: application/json\r\n"
            b"Content-Length: 99999999999\r\nAuthorization: Bearer " + key.encode() + b"\r\n\r\n"
        )
        assert line.recv(64).startswith(b"HTTP/1.1 413")


def test_a_batch_that_is_too_long_is_refused_whole(site: Site, http: httpx.Client) -> None:
    before = head(site)
    events = [complaint(f"c-{n}", site.now()) for n in range(501)]
    assert send(http, events, BATCH).status_code == 413
    assert head(site) == before


def test_a_key_that_sends_too_fast_waits(tmp_path: Path) -> None:
    site = Site(tmp_path / "slow", rate=0.01, burst=2)
    site.start()
    try:
        with site.client(site.key()) as http, site.client(site.key("other")) as other:
            assert [send(http, complaint(f"c-{n}", site.now())).status_code for n in range(3)] == [
                202,
                202,
                429,
            ]
            assert int(send(http, complaint("c-9", site.now())).headers["retry-after"]) > 1
            assert send(other, complaint("c-1", site.now())).status_code == 202
    finally:
        site.stop()


@pytest.mark.parametrize("error", [Busy, Stopped, NotKept])
def test_what_cannot_be_kept_now_is_503(
    site: Site, http: httpx.Client, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    failed: Future[object] = Future()
    failed.set_exception(error("disk"))
    monkeypatch.setattr(site.house.ledger, "append", lambda *_: failed)
    answer = send(http, complaint("c-1", site.now()))
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1
    monkeypatch.undo()
    assert send(http, complaint("c-1", site.now())).status_code == 202


def test_a_read_waits_for_its_place_but_not_for_ever(tmp_path: Path) -> None:
    site = Site(tmp_path / "busy")
    site.wait = 0.05
    site.start()
    try:
        with site.client(site.key()) as http:
            runner = site.house.runner
            assert runner is not None
            with runner.pause():  # the engine does not get there
                told = send(http, complaint("c-1", site.now())).json()
                answer = http.get(f"/cases/{told['case_id']}", params={"after": told["place"]})
            assert (answer.status_code, answer.json()["errors"][0]["field"]) == (503, "after")
            assert int(answer.headers["retry-after"]) >= 1
            until(lambda: site.house.progress.at(site.tenant().number)[0] >= told["place"])
            again = http.get(f"/cases/{told['case_id']}", params={"after": told["place"]})
            assert (again.status_code, again.json()["id"]) == (200, told["case_id"])
    finally:
        site.stop()


def test_many_senders_at_once_are_all_kept_once(site: Site) -> None:
    key = site.key()
    before = head(site)

    def work(sender: int) -> list[int]:
        with site.client(key) as http:
            # each event is sent twice, by neighbours
            return [
                send(http, complaint(f"c-{n}", 1_790_000_000_000_000)).json()["place"]
                for n in range(sender, sender + 20)
            ]

    with ThreadPoolExecutor(8) as pool:
        places = [place for found in pool.map(work, range(0, 80, 10)) for place in found]
    assert len(set(places)) == 90
    assert sorted(set(places)) == list(range(before + 1, before + 91))


def test_waiting_for_a_place_that_is_not_there(site: Site, http: httpx.Client) -> None:
    case = send(http, complaint("c-1", site.now())).json()
    answer = http.get(f"/cases/{case['case_id']}", params={"after": case["place"] + 1000})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "after"
    assert http.get("/cases/none").status_code == 404
    assert http.get("/cases/none/history", params={"as_of": "2026"}).status_code == 422
    assert http.get("/promises/none/explain").status_code == 404


def test_lists_are_arrays_and_lead_on(site: Site, http: httpx.Client) -> None:
    for n in range(5):
        send(http, complaint(f"c-{n}", site.now()))
    last = send(http, complaint("c-5", site.now())).json()
    http.get(f"/cases/{last['case_id']}", params={"after": last["place"]})
    for path in ("/cases", "/promises"):
        whole = http.get(path).json()
        seen, url = [], f"{path}?limit=2"
        while url:
            page = http.get(url)
            seen += page.json()
            url = page.links.get("next", {}).get("url", "")
        assert seen == whole
        assert len(whole) >= 6
        assert http.get(path, params={"after": "nonsense"}).status_code == 422


def test_an_alert_is_acknowledged_as_a_fact(timed: Site) -> None:
    with timed.client(timed.key()) as http:
        told = send(http, complaint("c-1", timed.now())).json()
        http.get(f"/cases/{told['case_id']}", params={"after": told["place"]})
        timed.let_pass(10 * DAY)

        def breaches() -> list[dict[str, Any]]:
            return [alert for alert in http.get("/alerts").json() if alert["type"] == "obligation.breached"]

        breach = until(breaches)[0]
        assert breach["case_id"] == told["case_id"]
        assert breach["acknowledged_at"] is None
        assert http.get("/promises", params={"wall": "breached"}).json()
        kept = http.post(f"/alerts/{breach['verdict_id']}/acknowledge", json={"by": "staff-17"})
        assert kept.status_code == 202
        assert kept.json()["place"] > told["place"]
        noted = until(lambda: next((a for a in breaches() if a["acknowledged_at"]), None))
        assert noted is not None
        assert noted["acknowledged_by"] == "staff-17"
        assert http.get(f"/promises/{breach['promise_id']}").json()["acknowledged_by"] == "staff-17"
        assert http.post("/alerts/5d0f6a52-6c9e-5b0b-9a3f-0e6a0a0f9f51/acknowledge").status_code == 404
        assert "touchline_alert_lateness_seconds_max" in http.get("/metrics").text


def figures(http: httpx.Client) -> dict[str, float]:
    """Counted events by what became of them; refused of all statuses together."""
    found: dict[str, float] = {}
    for line in http.get("/metrics").text.splitlines():
        if line.startswith("touchline_events_") and "_created" not in line:
            name, value = line.rsplit(" ", 1)
            word = name.removeprefix("touchline_events_").partition("_total")[0]
            found[word] = found.get(word, 0) + float(value)
    return found


def test_counters_reconcile(site: Site, http: httpx.Client) -> None:
    """received = kept + duplicates + refused + dead + skipped + failed, whatever was sent."""
    good = complaint("c-1", site.now())
    send(http, good)
    send(http, good)
    http.post("/events", json=[complaint("c-2", site.now()), 7, good, {**good, "ticket": "other"}])
    http.post("/events", content=b"{", headers={"Content-Type": "application/json"})
    http.post("/events", json=good, headers={"If-Match": '"1"'})
    http.post("/events", content=b"x" * (2 << 20), headers={"Content-Type": "application/json"})
    found = figures(http)
    assert found == {
        "received": 9, "kept": 2, "duplicate": 2, "refused": 5, "dead": 0, "skipped": 0, "failed": 0,
    }  # fmt: skip
    site.house.writer.close()
    assert http.post("/events", json=[complaint("c-3", site.now())] * 2).status_code == 503
    found = figures(http)
    assert found["failed"] == 2
    assert found.pop("received") == sum(found.values()) == 11


def test_metrics_health_and_readiness(site: Site, http: httpx.Client) -> None:
    send(http, complaint("c-1", site.now()))
    text = http.get("/metrics").text
    for name in (
        "touchline_events_kept_total 1.0",
        "touchline_append_seconds_count",
        "touchline_promises{",
        "touchline_parked 0.0",
    ):
        assert name in text
    with site.client() as anybody:
        assert anybody.get("/healthz").json()["status"] == "ok"
        assert anybody.get("/readyz").json()["status"] == "ready"
        assert anybody.get("/metrics").status_code == 401
        site.house.runner.stop() if site.house.runner else None
        answer = anybody.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["reasons"][0]["what"] == "engine"
