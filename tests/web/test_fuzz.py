"""The whole API under generated requests: whatever is sent, an answer of the description comes back, and never a 5xx."""

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

from tests.web.site import Site, complaint
from tests.web.test_openapi import OPEN, PATHS

EXAMPLES = 200 if "TOUCHLINE_DEEP" in os.environ else 15
"""Requests of each operation, good ones and bad ones each; by one seed, so that a failure comes again."""
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@dataclass(frozen=True)
class Fuzzed:
    """A site, its description read once, and one line to it."""

    schema: Any
    line: requests.Session
    headers: dict[str, str]


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzzed]:
    site = Site(tmp_path_factory.mktemp("fuzz") / "data", rate=1e6, burst=10**6)
    site.start()
    with site.client(site.key()) as http:
        for n in range(3):
            http.post("/events", json=complaint(f"c-{n}", site.now()))
    with requests.Session() as line:
        line.trust_env = False
        schema = schemathesis.openapi.from_url(f"{site.url}/openapi.json")
        yield Fuzzed(schema, line, {"Authorization": f"Bearer {site.key('fuzz')}"})
    site.stop()


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
        case.call_and_validate(headers=fuzzed.headers, session=fuzzed.line, checks=CHECKS)

    sent()
