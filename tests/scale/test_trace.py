"""One request, followed: HTTP, ledger, relay, a worker fed by Kafka, alert. One trace, and nothing of the customer in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from kafka import KafkaConsumer, TopicPartition
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from ledger import feeding, tracing
from ledger.brokers import Brokers
from ledger.clock import SimulatedClock
from processors.kafka_worker import KafkaPython
from processors.transport import Reached
from processors.worker import Worker
from producers.kafka_clients import opened, options
from producers.topics import topics_of
from projections.store import SqlStore, open_store
from schemas.instants import MINUTE, parse_instant
from tests.alerts.support import SECRET, inbox
from tests.kit.kafka import Kafka
from tests.kit.postgres import Cluster
from tests.kit.relays import relaying
from tests.scale.clients import running
from tests.web.site import START, Site, complaint, until
from touchline.house import House
from touchline.place import Shared
from touchline.telemetry import OpenTelemetry

TRACE = "0af7651916cd43dd8448eb211c80319c"
SENDER = "b7ad6b7169203331"
CLEAR = ("13800000000", "王女士", "渗水", "C-1", "yunqi")


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing.use(OpenTelemetry(provider))
    yield exporter
    tracing.use(None)
    provider.shutdown()


def worker_of(house: House) -> Worker:
    """An engine on the house's clock, which a test may set; its facts come by Kafka all the same."""

    def store() -> SqlStore:
        return open_store(house.database, house.writer, house.rules)

    return Worker(house.ledger, store(), house.rules, house.progress, "worker", store)


def of_trace(spans: InMemorySpanExporter, name: str) -> ReadableSpan | None:
    for span in spans.get_finished_spans():
        context = span.get_span_context()
        if span.name == name and context is not None and f"{context.trace_id:032x}" == TRACE:
            return span
    return None


def headers_of(brokers: Brokers, place: int) -> dict[str, str]:
    """Of the fact at that place in the topic."""
    part = TopicPartition(brokers.facts, 0)
    consumer = opened(KafkaConsumer, brokers, "test", enable_auto_commit=False, auto_offset_reset="earliest")
    with closing(consumer):
        consumer.assign([part])
        for _ in range(100):
            for records in consumer.poll(timeout_ms=200).values():
                for record in records:
                    found = {name: value.decode() for name, value in record.headers}
                    if found["ce_place"] == str(place):
                        return found
    raise AssertionError(f"place {place} is not in the topic")


def test_one_request_is_one_trace_from_http_to_the_alert(
    cluster: Cluster, kafka: Kafka, tmp_path: Path, spans: InMemorySpanExporter
) -> None:
    place, brokers = cluster.ledger(), kafka.access()
    with topics_of(brokers) as topics:
        topics.init(1)
    with ExitStack() as rooms:
        rooms.callback(cluster.drop, place)
        box = rooms.enter_context(inbox())
        site = Site(
            Shared(place.url, folder=tmp_path), SimulatedClock(START),
            alert_log=False, webhook_url=box.url, webhook_secret=SECRET,
        )  # fmt: skip
        site.start()
        rooms.callback(site.stop)
        http = rooms.enter_context(site.client(site.key()))
        house = site.house
        house.writer.call(lambda conn: feeding.use(conn, feeding.KAFKA))
        worker = worker_of(house)
        reached = Reached(
            topic=brokers.facts,
            group=f"{brokers.topics}.workers",
            ledger_id=house.database.ledger_id,
            options=options(brokers, "worker"),
        )
        client = KafkaPython(worker, reached)
        worker.on_end = client.end
        worker.start()
        rooms.callback(worker.stop)
        rooms.enter_context(running(client))
        until(lambda: 1 in worker.held())
        rooms.enter_context(relaying(place, brokers))

        told = http.post(
            "/events", json=complaint("c-1", START), headers={"traceparent": f"00-{TRACE}-{SENDER}-01"}
        ).json()
        until(lambda: of_trace(spans, "decide"))
        (due, *_) = sorted(parse_instant(one["due"]) for one in http.get("/promises").json() if one["due"])
        site.let_pass(due + MINUTE - site.now())
        until(lambda: box.calls and of_trace(spans, "alert"))
        sent = headers_of(brokers, told["place"])

        seen = {}
        for name in ("POST /events", "append", "publish", "decide", "alert"):
            until(lambda name=name: of_trace(spans, name))  # type: ignore[misc]
            span = of_trace(spans, name)
            assert span is not None
            seen[name] = span
        parents = {name: f"{span.parent.span_id:016x}" for name, span in seen.items() if span.parent}
        request = seen["POST /events"].get_span_context()
        assert request is not None
        whole = f"00-{TRACE}-{request.span_id:016x}-01"
        assert parents == dict.fromkeys(seen, f"{request.span_id:016x}") | {"POST /events": SENDER}
        assert sent["ce_traceparent"] == whole
        publish = seen["publish"].get_span_context()
        assert publish is not None
        assert sent["traceparent"] == f"00-{TRACE}-{publish.span_id:016x}-01"
        alerted = {call.headers["traceparent"][:35] for call in box.calls}
        assert alerted == {f"00-{TRACE}"}
        assert dict(seen["POST /events"].attributes or {}) == {
            "http.request.method": "POST", "http.route": "/events", "http.response.status_code": 202,
        }  # fmt: skip
        text = "".join(span.to_json() for span in spans.get_finished_spans())
        assert not [word for word in CLEAR if word in text or ascii(word)[1:-1] in text]
