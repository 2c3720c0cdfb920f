"""docs/asyncapi.yaml says what the topics are: names, settings, keys, headers, and the shape of every value of a long story."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from ledger.brokers import Brokers
from ledger.rows import page
from ledger.wire import LARGEST, Record, key_of, written
from producers.topics import KEPT, MESSAGE, wanted
from schemas.event import ENVELOPE
from tests.golden.make import sendings
from tests.kit.world import START, World
from tests.touchline.commands import ROOT

DAY = 86_400_000_000


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    text = (ROOT / "docs" / "asyncapi.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def schema(document: dict[str, Any], name: str) -> Any:
    """A JSON Schema of its own."""
    schemas = copy.deepcopy(document["components"]["schemas"])
    return jsonschema_rs.validator_for(
        {"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}}
    )


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        part = list(part.values())
    for inner in part if isinstance(part, list) else []:
        yield from references(inner)


def test_names_settings_and_keys(document: dict[str, Any]) -> None:
    brokers = Brokers(servers=("localhost:9092",))
    channels = document["channels"]
    assert [channels[lane]["address"] for lane in ("facts", "verdicts")] == [brokers.facts, brokers.verdicts]
    ours = KEPT | wanted(1)
    for channel in channels.values():
        told = channel["bindings"]["kafka"]["topicConfiguration"]
        assert told["cleanup.policy"] == [ours["cleanup.policy"]]
        for name in ("retention.ms", "retention.bytes", "max.message.bytes"):
            assert str(told[name]) == ours[name]
    for message in document["components"]["messages"].values():
        key = jsonschema_rs.validator_for(message["bindings"]["kafka"]["key"])
        assert key.is_valid(key_of(17).decode())
    found = set(references(document))
    assert found
    for reference in found:
        place: Any = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]
    assert {operation["action"] for operation in document["operations"].values()} == {"send"}
    assert MESSAGE > LARGEST


@pytest.fixture
def lanes(tmp_path: Path) -> Iterator[dict[str, list[Record]]]:
    """Both lanes of a part of the golden ledger: a week of an estate, and hostile ones with corrections and withdrawals."""
    world = World(tmp_path)
    for at, raw in islice(sendings(), 250):
        world.append(raw, at=at)
    world.tick(START + 40 * DAY)
    life = world.database.ledger_id
    with world.database.read() as conn:
        yield {lane: page(conn, 1, lane, 0, life, life) for lane in ("facts", "verdicts")}
    world.close()


def test_every_record_of_a_story_is_as_described(
    document: dict[str, Any], lanes: dict[str, list[Record]]
) -> None:
    for lane, name in (("facts", "fact"), ("verdicts", "verdict")):
        values, headers = schema(document, name), schema(document, f"{name}Headers")
        described = set(document["components"]["schemas"][name]["properties"]) | set(ENVELOPE)
        assert len(lanes[lane]) > 20
        for record in lanes[lane]:
            value, given = written(record)
            body = json.loads(value)
            values.validate(body)
            assert set(body) <= described, "every field stands in the description"
            headers.validate({header: text.decode() for header, text in given})
        last = lanes[lane][-1]
        value, given = written(replace(last, body=last.body[:-1] + b',"x":"' + b"x" * LARGEST + b'"}'))
        assert value == b""
        told = {header: text.decode() for header, text in given}
        headers.validate(told)
        assert "ce_leftout" in told
        traced = last.body[:-1] + b',"traceparent":"00-' + b"a" * 32 + b'-00f067aa0ba902b7-01"}'
        _, given = written(replace(last, body=traced))
        told = {header: text.decode() for header, text in given}
        headers.validate(told)
        assert "ce_traceparent" in told
        assert not headers.is_valid({**told, "ce_chainhash": "x"})
        assert not values.is_valid({**json.loads(last.body), "time": "2026-11-22"})
    assert {json.loads(record.body)["type"] for record in lanes["facts"]} >= {
        "event.withdrawn",
        "complaint.received",
    }
    personal = [record for record in lanes["facts"] if b'"sealed":' in record.body]
    sealed = schema(document, "sealed")
    assert any(sealed.is_valid(json.loads(record.body)["data"].get("description")) for record in personal)
