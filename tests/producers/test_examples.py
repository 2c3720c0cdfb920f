"""The example consumers on a real Kafka whose topics lack, double, forge and leave out: they end with the ledger's own lane."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from kafka import KafkaProducer

from ledger.clock import SimulatedClock
from ledger.rows import page
from ledger.wire import Record, key_of, written
from producers.kafka_clients import options
from tests.kit.kafka import IN_ORDER, RECIPE, Kafka, jars
from tests.kit.records import make_topic
from tests.touchline.commands import ROOT
from tests.web.site import START, Site, complaint, until

TENANT = "云栖集团"
DAY = 86_400_000_000


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path / "data", SimulatedClock(START))
    made.start()
    yield made
    made.stop()


def happen(site: Site, http: httpx.Client, first: int, count: int) -> None:
    """So many complaints, and what becomes of them when nobody answers."""
    before = len(rows(site, "verdicts"))
    for n in range(first, first + count):
        assert http.post("/events", json=complaint(f"c{n}", site.now())).status_code == 202
    site.let_pass(2 * DAY)
    until(lambda: len(rows(site, "verdicts")) >= before + count)


def rows(site: Site, lane: str) -> list[Record]:
    database = site.house.database
    with database.read() as conn:
        return page(conn, 1, lane, 0, database.ledger_id, database.ledger_id)


def publish(kafka: Kafka, topic: str, records: Sequence[Record]) -> None:
    """As the relay does it, and behind them what is no row at all."""
    producer = KafkaProducer(**options(kafka.access(), "test"), acks="all", **IN_ORDER)
    try:
        for record in records:
            value, headers = written(record)
            if record.left_out:
                value, headers = b"", [*headers, ("ce_leftout", b"%d" % len(record.body))]
            producer.send(topic, value, key=key_of(1), partition=0, headers=headers)
        producer.send(topic, b"?", key=b"?", partition=0, headers=[("ce_place", b"x")])
        producer.send(topic, None, key=b"?", partition=0)
        producer.flush(20)
    finally:
        producer.close()


def spoilt(records: list[Record]) -> list[Record]:
    """The second is missing, one comes twice, one again later, one is forged, of one the body is left out, the last is not
    there yet."""
    one, _, three, four, five, six, *rest = records
    forged = replace(four, body=four.body.replace(b'"event_id":"', b'"event_id":"f'))
    assert forged != four
    return [one, three, three, one, forged, five, replace(six, left_out=True), *rest[:-1]]


@pytest.mark.parametrize(("language", "lane"), [("python", "facts"), ("java", "verdicts")])
def test_what_the_topic_withholds_is_read_from_the_ledger(
    language: str, lane: str, site: Site, kafka: Kafka, tmp_path: Path
) -> None:
    key, word = site.key(), kafka.name()
    make_topic(kafka, name=f"{word}.{lane}")
    where = [kafka.servers[0], word, lane, "1", TENANT, site.url, str(tmp_path / "state")]

    def seen(upto: int) -> list[dict[str, Any]]:
        if language == "java":
            machine = ["-XX:TieredStopAtLevel=1", f"-Dlog4j2.configurationFile={RECIPE / 'log4j2.xml'}"]
            command = ["java", *machine, "-cp", f"{jars()}/*", "examples/Consumer.java", *where, str(upto)]
        else:
            names = ("--kafka", "--topics", "--lane", "--tenant", "--name", "--url", "--state")
            words = [word for pair in zip(names, where, strict=True) for word in pair]
            command = [sys.executable, "examples/consumer.py", *words, "--until", str(upto)]
        own = {**os.environ, "TOUCHLINE_KEY": key, "no_proxy": "127.0.0.1"}
        done = subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True, timeout=90)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    with site.client(key) as http:
        happen(site, http, 0, 12)
        known = rows(site, lane)
        publish(kafka, f"{word}.{lane}", spoilt(known))
        first = seen(len(known))
        happen(site, http, 100, 3)
        fresh = rows(site, lane)[len(known) :]
        publish(kafka, f"{word}.{lane}", fresh)
        second = seen(len(known) + len(fresh))
    assert [row["place"] for row in first + second] == list(range(1, len(known) + len(fresh) + 1))
    ids = [json.loads(record.body)["event_id"] for record in (*known, *fresh)]
    told = [row["id"] for row in first + second]
    assert [one for one, own in zip(told, ids, strict=True) if one not in (own, None)] == []
    assert [row["from"] for row in first] == ["kafka"] + ["ledger"] * (len(known) - 1)
    assert {row["from"] for row in second} == {"kafka"}, "in order again, behind the noted place"


def test_an_altered_ledger_is_told(site: Site, kafka: Kafka, tmp_path: Path) -> None:
    """Under another name of the tenant nothing chains: neither the topic nor the ledger is believed."""
    key, word = site.key(), kafka.name()
    make_topic(kafka, name=f"{word}.verdicts")
    with site.client(key) as http:
        happen(site, http, 0, 1)
    publish(kafka, f"{word}.verdicts", rows(site, "verdicts"))
    done = subprocess.run(
        [sys.executable, "examples/consumer.py", "--kafka", kafka.servers[0], "--topics", word, "--lane", "verdicts",
         "--tenant", "1", "--name", "别家", "--url", site.url, "--state", str(tmp_path / "state"), "--until", "1"],
        cwd=ROOT, env={**os.environ, "TOUCHLINE_KEY": key, "no_proxy": "127.0.0.1"}, capture_output=True, text=True,
        timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert "place 1 of the ledger itself does not chain" in done.stderr
