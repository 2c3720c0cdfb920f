"""Two groups on one server: nothing that one is told or may do touches the other, whatever it asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from producers.inbox.known import Inbox
from schemas.instants import DAY
from tests.producers.test_inbox import MAPPING, TOKEN
from tests.web.site import Site, complaint, until
from tests.web.test_openapi import PATHS

THEIRS = "taoyuan-group"
PAGES = (
    "/", "/wall/board", "/wall/lately", "/wall/cases/{case_id}", "/wall/cases/{case_id}/history",
    "/wall/promises/{promise_id}/explain", "/wall/defects", "/wall/defects/cases", "/wall/satisfaction",
    "/wall/satisfaction/cases", "/wall/satisfaction/coverage", "/today", "/today/board",
)  # fmt: skip
READS = [path for path, verbs in PATHS.items() if "get" in verbs and path != "/stream"]
NOTHING = {
    "/metrics", "/healthz", "/readyz", "/parked", "/penalties", "/reports/late-entries",
    "/wall/promises/{promise_id}/explain",
}  # fmt: skip
"""Reads that tell this group itself nothing by which it could be known."""
WRITES = (
    "/alerts/{verdict_id}/acknowledge", "/dead-letters/{letter}/replay", "/dead-letters/{letter}/discard",
    "/persons/{person}/erasure", "/parked/{event_id}/resume",
)  # fmt: skip
BODIES = {
    "/parked/{event_id}/resume": {"by": "it-9", "rule": "promises"},
    "/dead-letters/{letter}/discard": {"by": "it-9", "reason": "test_data"},
    "/persons/{person}/erasure": {"by": "it-9", "basis": "consent_withdrawn"},
}


@dataclass(frozen=True)
class Group:
    """``ids`` of something of everything that it has."""

    http: httpx.Client
    ids: dict[str, str]

    def tells(self, text: str) -> list[str]:
        return [mark for mark in ("taoyuan", *self.ids.values()) if mark in text]


@pytest.fixture
def theirs(timed: Site) -> Iterator[Group]:
    key = timed.key("taoyuan-desk", tenant=THEIRS, admin=True)
    inbox = Inbox(
        "taoyuan-pbx", timed.tenant(THEIRS), MAPPING, "m.yaml", "", "token", "header:x-token", timed.now()
    )
    timed.house.inbox.put(inbox, TOKEN)
    at = {"houseid": "taoyuan-9", "projectid": "taoyuan"}
    window = {"description": "渗水", "component": "window", "customer": {"number": "C-1"}}
    events = [
        complaint("e", timed.now(), ticket="taoyuan-3", **at),
        complaint("a", timed.now(), ticket="taoyuan-1", **at),
        complaint("b", timed.now(), ticket="taoyuan-2", type="repair.reported", data=window, **at),
        complaint("c", timed.now(), ticket="taoyuan-1", type="complaint.closed", data={}, **at),
        complaint(
            "d",
            timed.now(),
            ticket="taoyuan-1",
            type="followup.complaint_close_completed",
            data={"satisfied": True},
            **at,
        ),
    ]
    with timed.client(key) as http:
        answers = [http.post("/events", json=event).json() for event in events]
        told, last = answers[0], answers[-1]
        timed.let_pass(10 * DAY)
        http.get(f"/cases/{told['case_id']}", params={"after": last["place"]})
        alerts = until(
            lambda: [one for one in http.get("/alerts").json() if one["case_id"] == told["case_id"]]
        )
        sent = http.post("/in/taoyuan-pbx", json={"odd": "taoyuan"}, headers={"X-Token": TOKEN}).json()
        until(lambda: http.get("/dead-letters").json())
        case = http.get(f"/cases/{told['case_id']}").json()
        yield Group(
            http,
            {
                "case_id": told["case_id"],
                "event_id": told["event_id"],
                "promise_id": alerts[0]["promise_id"],
                "verdict_id": alerts[0]["verdict_id"],
                "letter": sent["letter"],
                "person": case["customer_ref"],
            },
        )


def test_nothing_of_one_group_is_told_to_another(timed: Site, theirs: Group) -> None:
    with timed.client(timed.key(admin=True)) as ours:
        own, found = (
            {path: client.get(path.format(**theirs.ids)) for path in (*READS, *PAGES)}
            for client in (theirs.http, ours)
        )
    assert {path for path, answer in own.items() if not theirs.tells(answer.text)} == NOTHING, (
        "what is looked for"
    )
    assert {path: told for path, answer in found.items() if (told := theirs.tells(answer.text))} == {}
    by_id = {path: answer.status_code for path, answer in found.items() if "{" in path}
    assert set(by_id.values()) == {404}, by_id


def test_nothing_of_one_group_is_changed_by_another(timed: Site, theirs: Group) -> None:
    kept = ("/alerts", "/dead-letters", "/cases", "/promises")
    before = [theirs.http.get(path).json() for path in kept]
    with timed.client(timed.key(admin=True)) as ours:
        for path in WRITES:
            answer = ours.post(path.format(**theirs.ids), json=BODIES.get(path, {"by": "it-9"}))
            assert answer.status_code == 404, (path, answer.text)
        page = {"Origin": timed.url}
        for path in ("/wall/promises/{promise_id}/acknowledge", "/today/visits/{promise_id}"):
            form = {"round": "0", "result": "visited"}
            assert ours.post(path.format(**theirs.ids), data=form, headers=page).status_code == 404, path
        event = complaint("x", timed.now(), correctsid=theirs.ids["event_id"])
        assert ours.post("/events", json=event).status_code == 422
        assert ours.post("/dead-letters/replay", json={"by": "it-9"}).json() == []
    assert [theirs.http.get(path).json() for path in kept] == before
