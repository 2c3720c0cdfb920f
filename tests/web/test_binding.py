"""The HTTP binding of CloudEvents: an event says the same in each of its modes, and is kept once whatever mode repeats it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.web.site import Site, complaint

ONE, BATCH, PLAIN = "application/cloudevents+json", "application/cloudevents-batch+json", "application/json"


@pytest.fixture
def http(site: Site) -> Iterator[httpx.Client]:
    with site.client(site.key()) as client:
        yield client


def binary(http: httpx.Client, event: dict[str, Any], **headers: str) -> httpx.Response:
    said = {f"ce-{k}": quote(str(v), safe="!#$&'()*+,/:;=?@[]-._~") for k, v in event.items() if k != "data"}
    body = json.dumps(event["data"]).encode() if "data" in event else b""
    named = {"Content-Type": PLAIN} if body else {}
    return http.post("/events", content=body, headers={**named, **said, **headers})


def test_the_three_modes_are_one_event(site: Site, http: httpx.Client) -> None:
    event = complaint("投诉 1/甲", site.now(), ticket="工单-7", schemaversion="1")
    first = binary(http, event)
    assert first.status_code == 202, first.text
    structured = http.post("/events", json=event, headers={"Content-Type": ONE})
    batched = http.post("/events", json=[event], headers={"Content-Type": BATCH})
    assert structured.json() == first.json()
    assert batched.json() == [{"status": 202, **first.json()}]
    case = http.get(f"/cases/{first.json()['case_id']}", params={"after": first.json()["place"]}).json()
    assert case["ticket"] == "工单-7"
    other = binary(http, {**event, "houseid": "yunqi-9-0101"})
    assert other.status_code == 409


def test_quoted_values_and_capital_headers_are_read(site: Site, http: httpx.Client) -> None:
    event = complaint("c-1", site.now(), ticket='T "7"')
    plain = {f"CE-{k.upper()}": str(v) for k, v in event.items() if k not in ("data", "ticket")}
    headers = {**plain, "CE-Ticket": '"T \\"7\\""', "Content-Type": "application/json; charset=UTF-8"}
    answer = http.post("/events", content=json.dumps(event["data"]), headers=headers)
    assert answer.status_code == 202, answer.text
    assert http.post("/events", json=event, headers={"Content-Type": ONE}).json() == answer.json()


def test_an_event_without_data_has_no_body(http: httpx.Client, site: Site) -> None:
    kept = http.post("/events", json=complaint("c-1", site.now())).json()
    event = complaint("c-2", site.now())
    del event["data"]
    withdrawn = {**event, "type": "event.withdrawn", "correctsid": kept["event_id"]}
    answer = binary(http, withdrawn)
    assert answer.status_code == 202, answer.text
    assert http.post("/events", json=withdrawn).json() == answer.json()


@pytest.mark.parametrize(
    ("header", "value", "status", "field"),
    [
        ("ce-type", "complaint.received%00", 422, "type"),
        ("ce-time", "20261122", 422, "time"),
        ("ce-Bad_Name", "x", 422, "ce-bad_name"),
        ("ce-data", "{}", 422, "ce-data"),
        ("ce-datacontenttype", "text/plain", 422, "ce-datacontenttype"),
        ("ce-ticket", "%ff", 422, "ce-ticket"),
        ("ce-colour", "red", 422, "colour"),
        ("Content-Type", "text/plain", 415, ""),
        ("Content-Type", "", 422, "content-type"),
    ],
)
def test_what_is_not_well_formed_is_named(
    site: Site, http: httpx.Client, header: str, value: str, status: int, field: str
) -> None:
    answer = binary(http, complaint("c-1", site.now()), **{header: value})
    assert answer.status_code == status, answer.text
    assert field in [error["field"] for error in answer.json()["errors"]]


def test_raw_bytes_and_doubled_headers_are_refused(site: Site, http: httpx.Client) -> None:
    event = complaint("c-1", site.now())
    said = [(f"ce-{k}".encode(), str(v).encode()) for k, v in event.items() if k != "data"]
    for more in ((b"ce-ticket", "工单".encode()), (b"ce-id", b"c-2")):
        answer = http.post(
            "/events",
            content=json.dumps(event["data"]),
            headers=[*said, (b"content-type", b"application/json"), more],
        )
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == more[0].decode()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ticket=st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=30))
def test_any_text_crosses_the_headers(site: Site, http: httpx.Client, ticket: str) -> None:
    """Whatever one mode takes or refuses, the other takes or refuses alike."""
    event = complaint(f"t-{ticket.encode().hex()}", site.now() - 10**9, ticket=ticket)
    there, here = binary(http, event), http.post("/events", json=event)
    assert (there.status_code, there.json()) == (here.status_code, here.json())
