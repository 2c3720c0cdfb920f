"""The whole API under generated requests: whatever is sent, an answer of the description comes back, and never a 5xx,
on either database."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from ledger.clock import SimulatedClock
from schemas.instants import DAY
from tests.kit.places import KINDS
from tests.kit.postgres import Cluster
from tests.web.site import START, Site, complaint, until
from tests.web.test_inbox import opened
from tests.web.test_openapi import OPEN, PATHS
from touchline.place import Shared

EXAMPLES = 100 if "TOUCHLINE_DEEP" in os.environ else 8
"""Requests of each operation on each database, good ones and bad ones each; by one seed, so that a failure comes again."""
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]

FIELDS = ("data", "time", "type", "houseid", "ticket", "caseid", "actorrole", "correctsid", "traceparent")


@dataclass(frozen=True)
class Fuzzed:
    """A site, its description read once, and one line to it."""

    schema: Any
    line: requests.Session
    keys: dict[str, str]
    """First word of a path -> the key of who may go on behind the door: an administrator, an approver; "" for anybody else."""
    known: dict[str, str]
    """Parameter of a path -> something that is there: what is invented is 404, and nothing behind that would be tried."""
    token: str
    good: dict[str, Any]
    """An event that is kept."""

    def headers(self, path: str) -> dict[str, str]:
        if path == "/in/{source}":
            return {"X-Token": self.token}
        return {"Authorization": f"Bearer {self.keys.get(path.split('/')[1], self.keys[''])}"}

    def meet(self, case: Any, path: str, field: str) -> None:
        """Have a generated request name what is there, and be an event but for one field."""
        for name in set(case.path_parameters or {}) & self.known.keys():
            case.path_parameters[name] = self.known[name]
        if path == "/events" and case.method == "POST" and isinstance(case.body, dict):
            odd = case.body.get(field, next(iter(case.body.values()), None))
            case.body = {**self.good, "id": f"odd {odd!r}"[:60], field: odd}
            case.media_type = "application/json"


@pytest.fixture(scope="module", params=KINDS)
def fuzzed(
    request: pytest.FixtureRequest, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Fuzzed]:
    folder = tmp_path_factory.mktemp("fuzz") / "data"
    made = None if request.param == "sqlite" else cluster.ledger()
    where = Shared(made.url, folder=folder) if made else folder
    site = Site(where, SimulatedClock(START), rate=1e6, burst=10**6, alert_log=False)
    site.start()
    with site.client(site.key()) as http:
        kept = [http.post("/events", json=complaint(f"c-{n}", site.now())).json() for n in range(3)]
        token = opened(site)
        letter = http.post("/in/pbx", content=b"{", headers={"X-Token": token}).json()["letter"]
        site.let_pass(9 * DAY)
        (alert, *_) = until(lambda: http.get("/alerts").json())
        (promise, *_) = http.get("/promises").json()
    with site.house.database.read() as conn:
        (fact,) = site.house.ledger.facts(conn, site.tenant(), kept[0]["place"] - 1, 1)
    known = {
        "case_id": kept[0]["case_id"], "promise_id": promise["id"], "verdict_id": alert["verdict_id"],
        "letter": letter, "person": fact.customer_ref, "event_id": fact.event_id, "source": "pbx",
    }  # fmt: skip
    with requests.Session() as line:
        line.trust_env = False
        schema = schemathesis.openapi.from_url(f"{site.url}/openapi.json")
        keys = {"": site.key("fuzz"), "penalties": site.key("fuzz", approver=True)}
        keys |= dict.fromkeys(("persons", "parked", "dead-letters"), site.key("fuzz", admin=True))
        yield Fuzzed(schema, line, keys, known, token, complaint("", site.now()))
    site.stop()
    if made:
        cluster.drop(made)


OPERATIONS = [
    (path, verb, mode)
    for path, verbs in PATHS.items()
    for verb in sorted(verbs)
    for mode in GenerationMode
    # a stream does not end, tests of its own read it; health takes nothing that could be wrong
    if path != "/stream" and (path not in OPEN or mode is GenerationMode.POSITIVE)
]


@pytest.mark.parametrize(("path", "verb", "mode"), OPERATIONS)
def test_nothing_sent_is_a_fault_of_ours(fuzzed: Fuzzed, path: str, verb: str, mode: GenerationMode) -> None:
    operation = fuzzed.schema[path][verb]

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(operation.as_strategy(generation_mode=mode), st.booleans(), st.sampled_from(FIELDS))
    def sent(case: Any, there: bool, field: str) -> None:
        if there:
            fuzzed.meet(case, path, field)
        case.call_and_validate(headers=fuzzed.headers(path), session=fuzzed.line, checks=CHECKS)

    sent()
