"""A trace context goes with a fact and is no part of it: not of its content, not of what rules see; and who exports when."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from alerts.channels import open_channels
from alerts.settings import AlertSettings
from ledger import tracing
from ledger.candidate import Appended
from ledger.clock import SimulatedClock
from ledger.tracing import span
from ledger.wire import Record, written
from producers.records import Delivery, event_of
from schemas.instants import DAY, HOUR, MINUTE, Instant, parse_instant
from tests.alerts.support import SECRET, alert, inbox
from tests.kit.world import START, World, event
from tests.touchline.commands import ROOT
from tests.web.site import START as MONDAY
from tests.web.site import Site, complaint, until
from touchline import telemetry
from touchline.exits import Refused

ONE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TWO = "00-11111111111111111111111111111111-2222222222222222-00"
NONE = (
    "",
    "hello",
    7,
    {"a": ["王女士"]},
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
    "00-00000000000000000000000000000000-b7ad6b7169203331-01",
    "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
    "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    ONE.upper(),
    ONE + "\n",
)
DATA = {"subject": "engineering", "category": "leak", "description": "渗水"}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path / "data", alert_log=False)
    made.start()
    yield made
    made.stop()


@pytest.fixture(autouse=True)
def untraced() -> Iterator[None]:
    yield
    tracing.use(None)


def stored(world: World, place: int) -> str:
    with world.database.read() as conn:
        return world.ledger.facts_at(conn, world.tenant, [place])[place].traceparent


def received(name: str, **more: object) -> dict[str, object]:
    return event("complaint.received", name, START, ticket=name, data=DATA, **more)


def test_a_retry_under_another_trace_is_a_duplicate(world: World) -> None:
    first = world.keep(received("c1", traceparent=ONE, tracestate="vendor=王女士"))
    for again in ({"traceparent": TWO}, {"tracestate": "x=1"}, {}, {"traceparent": NONE[3]}):
        (outcome,) = world.append(received("c1", **again))
        assert isinstance(outcome, Appended)
        assert (outcome.duplicate, outcome.place, outcome.event_id) == (True, first.place, first.event_id)
    assert stored(world, first.place) == ONE  # the first
    other = world.append({**received("c1", traceparent=ONE), "ticket": "c9"})
    assert getattr(other[0], "code", "") == "duplicate_conflict"


@pytest.mark.parametrize("given", NONE)
def test_what_is_no_trace_context_is_ignored_and_kept_nowhere(world: World, given: object) -> None:
    kept = world.keep(received("c1", traceparent=given, tracestate=given))
    assert stored(world, kept.place) == ""
    with world.database.read() as conn:
        (body,) = conn.exec_driver_sql(f"SELECT body FROM facts WHERE place = {kept.place}").one()
    assert b"trace" not in bytes(body)


def test_tracestate_is_not_kept(world: World) -> None:
    kept = world.keep(received("c1", traceparent=ONE, tracestate="vendor=138"))
    with world.database.read() as conn:
        (body,) = conn.exec_driver_sql(f"SELECT body FROM facts WHERE place = {kept.place}").one()
    assert f'"traceparent":"{ONE}"'.encode() in bytes(body)
    assert b"tracestate" not in bytes(body)


def test_rules_conclude_the_same_with_it_and_without(tmp_path: Path) -> None:
    lanes = []
    for name, more in (("with", {"traceparent": ONE}), ("without", {})):
        world = World(tmp_path / name)
        for n in range(3):
            world.keep(received(f"c{n}", **more), START + n * HOUR)
        world.tick(START + 9 * DAY)
        lanes.append((world.lane(), world.tables()))
        assert world.rebuild().differences == {}
        world.close()
    assert lanes[0] == lanes[1]
    assert lanes[0][0]
    for path in (ROOT / "processors" / "rules").rglob("*.py"):
        assert "trace" not in path.read_text(encoding="utf-8"), path


def test_the_requests_context_is_kept_with_what_it_brought(site: Site) -> None:
    with site.client(site.key()) as http:
        mine = {"traceparent": ONE}
        batch = [complaint("c-1", site.now()), complaint("c-2", site.now(), traceparent=TWO)]
        first, second = http.post("/events", json=batch, headers=mine).json()
        binary = http.post(
            "/events",
            json={"description": "渗水"},
            headers={
                "ce-specversion": "1.0", "ce-id": "c-3", "ce-type": "complaint.received",
                "ce-time": complaint("x", site.now())["time"], "ce-traceparent": TWO,
            },
        ).json()  # fmt: skip
        bare = http.post("/events", json=complaint("c-4", site.now())).json()
        refused = http.post("/events", json={**complaint("c-5", site.now()), "traceparent": 7, "type": "x"})
        assert "traceparent" not in refused.text
    house = site.house
    tenant = house.ledger.tenants()[0]
    ids = [one["event_id"] for one in (first, second, binary, bare)]
    with house.database.read() as conn:
        found = house.ledger.traces(conn, tenant, [*ids, "no-uuid", ""])
    assert found == {ids[0]: ONE, ids[1]: TWO, ids[2]: TWO}


def test_a_stream_and_a_webhook_say_by_which_request(tmp_path: Path) -> None:
    with inbox() as box:
        site = Site(
            tmp_path / "data",
            SimulatedClock(MONDAY),
            webhook_url=box.url,
            webhook_secret=SECRET,
            alert_log=False,
        )
        site.start()
        try:
            with site.client(site.key()) as http:
                told = http.post("/events", json=complaint("c-1", site.now()), headers={"traceparent": ONE})
                place = told.json()["place"]
                http.get(f"/cases/{told.json()['case_id']}", params={"after": place})
                due = min(parse_instant(one["due"]) for one in http.get("/promises").json() if one["due"])
                site.let_pass(due + MINUTE - site.now())
                until(lambda: box.calls)
                lines = []
                with http.stream("GET", "/stream", headers={"Last-Event-ID": f"{place - 1}.0"}) as stream:
                    for line in stream.iter_lines():
                        if line.startswith("data: "):
                            lines.append(line)
                        if len(lines) == 2:
                            break
        finally:
            site.stop()
    assert box.calls[0].headers["traceparent"] == ONE
    assert [f'"traceparent":"{ONE}"' in line for line in lines] == [True, True]
    assert ['"lane":"verdict"' in line for line in lines] == [False, True]


def test_a_record_of_kafka_bears_the_facts_context_and_its_own() -> None:
    def record(body: bytes) -> Record:
        return Record(
            tenant=1, place=1, recorded=Instant(0), after=None, hash=b"\0" * 32, ledger_id="l", timeline="l", body=body
        )  # fmt: skip

    body = b'{"event_id":"e","source":"s","type":"t","time":0%s}'
    traced = record(body % b',"traceparent":"%s"' % ONE.encode())
    headers = dict(written(traced, lambda context: TWO if context == ONE else "")[1])
    assert (headers["ce_traceparent"], headers["traceparent"]) == (ONE.encode(), TWO.encode())
    assert dict(written(traced)[1])["traceparent"] == ONE.encode()
    assert not [name for name, _ in written(record(body % b""))[1] if "trace" in name]


def test_an_event_of_another_systems_topic_brings_its_records_context() -> None:
    def read(given: dict[str, object], *headers: tuple[str, bytes]) -> object:
        content = Delivery.of(
            "theirs", 0, 7, [("content-type", b"application/json"), *headers], json.dumps(given).encode()
        ).content
        return event_of(content)

    plain = received("c1")
    traced = ("traceparent", ONE.encode())
    assert read(plain, traced) == {**plain, "traceparent": ONE}
    assert read({**plain, "traceparent": TWO}, traced) == {**plain, "traceparent": TWO}
    assert read(plain, ("traceparent", b"\xff")) == read(plain) == plain
    assert read(plain, ("Traceparent", ONE.encode())) == {**plain, "traceparent": ONE}


def test_nobody_exports_without_an_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in telemetry.ENDPOINTS:
        monkeypatch.delenv(name, raising=False)
    telemetry.start("touchline-gateway")()
    assert not tracing.on()
    with span("work", ONE) as made:
        assert (made.context, tracing.here()) == (ONE, ONE)
    assert tracing.here() == ""
    assert tracing.past("work", ONE) == ONE


def test_spans_reach_a_collector(monkeypatch: pytest.MonkeyPatch) -> None:
    with inbox() as box:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", box.url)
        end = telemetry.start("touchline-gateway")
        with span("work", ONE, "server") as made:
            made.tell("better name", place=7)
            tracing.past("child", made.context)
        end()
        assert not tracing.on()
    assert {call.path for call in box.calls} == {"/v1/traces"}
    sent = b"".join(call.body for call in box.calls)
    for word in (
        b"better name",
        b"child",
        b"touchline-gateway",
        bytes.fromhex(ONE[3:35]),
        bytes.fromhex(ONE[36:52]),
    ):
        assert word in sent


def test_an_endpoint_without_the_extra_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(Refused, match="scale"):
        telemetry.start("touchline-gateway")
    assert not tracing.on()


def test_an_alert_without_a_trace_is_sent_without_one() -> None:
    with inbox() as box:
        (channel,) = open_channels(AlertSettings(log=False, webhook_url=box.url, webhook_secret=SECRET))
        channel.send([alert()], START)
        channel.send([alert(traceparent=TWO)], START)
        channel.close()
    assert [call.headers.get("traceparent") for call in box.calls] == [None, TWO]
    assert box.calls[0].body == box.calls[1].body
