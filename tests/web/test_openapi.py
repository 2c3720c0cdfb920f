"""The description of the API says what the API does: every operation, every status met, every shape answered."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter

from tests.web.site import Site, complaint
from web.lanes import RecordBody
from web.problems import ProblemBody
from web.shapes import Accepted, AlertBody, BatchItem, CaseBody, HistoryBody, PromiseBody, WorkItem

PATHS = {
    "/events": {"get", "post"},
    "/cases": {"get"},
    "/cases/{case_id}": {"get"},
    "/cases/{case_id}/history": {"get"},
    "/promises": {"get"},
    "/promises/{promise_id}": {"get"},
    "/worklist": {"get"},
    "/promises/{promise_id}/explain": {"get"},
    "/alerts": {"get"},
    "/alerts/{verdict_id}/acknowledge": {"post"},
    "/penalties": {"get"},
    "/penalties/{penalty_id}/confirm": {"post"},
    "/penalties/{penalty_id}/waive": {"post"},
    "/persons/find": {"post"},
    "/persons/{person}/events": {"get"},
    "/persons/{person}/erasure": {"post"},
    "/parked": {"get"},
    "/parked/{event_id}/resume": {"post"},
    "/in/{source}": {"post"},
    "/dead-letters": {"get"},
    "/dead-letters/{letter}": {"get"},
    "/dead-letters/{letter}/content": {"get"},
    "/dead-letters/{letter}/discard": {"post"},
    "/dead-letters/{letter}/replay": {"post"},
    "/dead-letters/replay": {"post"},
    "/reports/late-entries": {"get"},
    "/reports/obligations": {"get"},
    "/satisfaction": {"get"},
    "/satisfaction/cases": {"get"},
    "/satisfaction/coverage": {"get"},
    "/defects": {"get"},
    "/defects/cases": {"get"},
    "/stream": {"get"},
    "/metrics": {"get"},
    "/healthz": {"get"},
    "/readyz": {"get"},
}
OPEN = ("/healthz", "/readyz")


@pytest.fixture
def described(site: Site) -> dict[str, Any]:
    with site.client() as anybody:
        found: dict[str, Any] = anybody.get("/openapi.json").json()
    return found


def operations(described: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(path, how) for path, verbs in described["paths"].items() for how in verbs.values()]


def test_every_operation_is_there_with_words_and_tag(described: dict[str, Any]) -> None:
    assert {path: set(verbs) for path, verbs in described["paths"].items()} == PATHS
    tags = {tag["name"] for tag in described["tags"]}
    for path, how in operations(described):
        assert how["summary"], path
        assert set(how["tags"]) <= tags


def test_all_but_health_needs_a_key_or_a_session(described: dict[str, Any]) -> None:
    """And the raw webhook, whose callers prove themselves each in their own way."""
    assert set(described["components"]["securitySchemes"]) == {"key", "session", "inbox"}
    for path, how in operations(described):
        named = {name for choice in how.get("security", []) for name in choice}
        expected = set() if path in OPEN else {"inbox"} if path == "/in/{source}" else {"key", "session"}
        assert named == expected, path


def test_errors_are_problems(described: dict[str, Any]) -> None:
    for path, how in operations(described):
        for status, answer in how["responses"].items():
            if status.startswith(("4", "5")) and path not in OPEN:
                kind = answer["content"]["application/problem+json"]["schema"]["$ref"]
                assert kind == "#/components/schemas/ProblemBody", (path, status)
    assert {"202", "207", "401", "403", "409", "413", "415", "422", "429", "503"} <= set(
        described["paths"]["/events"]["post"]["responses"]
    )


def test_every_reference_leads_somewhere(described: dict[str, Any]) -> None:
    def references(part: Any) -> list[str]:
        if isinstance(part, dict):
            own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
            return own + [name for inner in part.values() for name in references(inner)]
        return [name for inner in part for name in references(inner)] if isinstance(part, list) else []

    found = set(references(described))
    assert found
    assert found <= {f"#/components/schemas/{name}" for name in described["components"]["schemas"]}


def test_the_example_can_be_sent_as_it_is(site: Site, described: dict[str, Any]) -> None:
    body = described["paths"]["/events"]["post"]["requestBody"]["content"]
    at = complaint("x", site.now())["time"]
    with site.client(site.key()) as http:
        for media, way in body.items():
            example = way["example"]
            one = example[0] if isinstance(example, list) else example
            one["time"] = at
            sent = http.post("/events", json=example, headers={"Content-Type": media})
            assert sent.status_code == (207 if isinstance(example, list) else 202), sent.text


def test_answers_have_the_shapes_described(site: Site) -> None:
    shapes: dict[str, Any] = {}

    def check(shape: Any, answer: Any) -> None:
        TypeAdapter(shape).validate_python(answer)
        if isinstance(shape, type) and issubclass(shape, BaseModel):
            shapes[shape.__name__] = set(shape.model_fields) - set(answer)

    with site.client(site.key()) as http:
        kept = http.post("/events", json=complaint("c-1", site.now())).json()
        check(Accepted, kept)
        check(list[BatchItem], http.post("/events", json=[complaint("c-1", site.now()), {}]).json())
        case = f"/cases/{kept['case_id']}"
        check(CaseBody, http.get(case, params={"after": kept["place"]}).json())
        check(list[RecordBody], http.get("/events").json())
        check(list[RecordBody], http.get("/events", params={"lane": "verdicts"}).json())
        check(list[CaseBody], http.get("/cases").json())
        promises = http.get("/promises").json()
        check(list[PromiseBody], promises)
        check(PromiseBody, http.get(f"/promises/{promises[0]['id']}").json())
        check(list[WorkItem], http.get("/worklist", params={"when": "all"}).json())
        check(list[AlertBody], http.get("/alerts").json())
        at = complaint("x", site.now())["time"]
        for query in ({}, {"as_of": at}, {"known_at": at}, {"known_at": "2001-01-01T00:00:00Z"}):
            check(HistoryBody, http.get(f"{case}/history", params=query).json())
        check(ProblemBody, http.get("/cases/none").json())
        check(ProblemBody, http.get("/nothing").json())
        check(ProblemBody, http.delete("/cases").json())
        check(ProblemBody, http.get("/promises", params={"limit": "many", "wall": "blue"}).json())
    assert shapes == {name: set() for name in shapes}
