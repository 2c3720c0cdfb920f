"""The whole API under generated requests: whatever is sent, an answer of the description comes back, and never a 5xx."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
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

EXAMPLES = 25
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(tmp_path_factory.mktemp("fuzz") / "data", rate=1e6, burst=10**6)
    site.start()
    with site.client(site.key()) as http:
        for n in range(3):
            http.post("/events", json=complaint(f"c-{n}", site.now()))
    yield site
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
def test_nothing_sent_is_a_fault_of_ours(fuzzed: Site, path: str, verb: str, mode: GenerationMode) -> None:
    operation = schemathesis.openapi.from_url(f"{fuzzed.url}/openapi.json")[path][verb]
    signed = {"Authorization": f"Bearer {fuzzed.key('fuzz')}"}

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(operation.as_strategy(generation_mode=mode))
    def sent(case: Any) -> None:
        case.call_and_validate(headers=signed, checks=CHECKS)

    sent()
