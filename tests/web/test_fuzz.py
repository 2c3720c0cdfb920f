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
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.kit.places import KINDS
from tests.kit.postgres import Cluster
from tests.web.site import Site, complaint
from tests.web.test_openapi import OPEN, PATHS
from touchline.place import Shared

EXAMPLES = 100 if "TOUCHLINE_DEEP" in os.environ else 8
"""Requests of each operation on each database, good ones and bad ones each; by one seed, so that a failure comes again."""
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@dataclass(frozen=True)
class Fuzzed:
    """A site, its description read once, and one line to it."""

    schema: Any
    line: requests.Session
    keys: dict[str, str]
    """First word of a path -> the key of who may go on behind the door: an administrator, an approver; "" for anybody else."""

    def headers(self, path: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys.get(path.split('/')[1], self.keys[''])}"}


@pytest.fixture(scope="module", params=KINDS)
def fuzzed(
    request: pytest.FixtureRequest, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Fuzzed]:
    folder = tmp_path_factory.mktemp("fuzz") / "data"
    made = None if request.param == "sqlite" else cluster.ledger()
    site = Site(Shared(made.url, folder=folder) if made else folder, rate=1e6, burst=10**6)
    site.start()
    with site.client(site.key()) as http:
        for n in range(3):
            http.post("/events", json=complaint(f"c-{n}", site.now()))
    with requests.Session() as line:
        line.trust_env = False
        schema = schemathesis.openapi.from_url(f"{site.url}/openapi.json")
        keys = {"": site.key("fuzz"), "penalties": site.key("fuzz", approver=True)}
        keys |= dict.fromkeys(("persons", "parked", "dead-letters"), site.key("fuzz", admin=True))
        yield Fuzzed(schema, line, keys)
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
    @given(operation.as_strategy(generation_mode=mode))
    def sent(case: Any) -> None:
        case.call_and_validate(headers=fuzzed.headers(path), session=fuzzed.line, checks=CHECKS)

    sent()
