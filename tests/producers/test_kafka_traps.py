"""What kafka-python does to whoever takes its defaults, seen against a real broker, and that the relay's settings avoid it.
Were one of these to change in a later version, the setting that avoids it could be thought over."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaProducer
from kafka.errors import KafkaError

from ledger.brokers import Brokers
from producers import relay
from producers.kafka_clients import opened
from producers.topics import topics_of
from tests.kit.kafka import Kafka
from tests.touchline.commands import until

SHORT = {"request_timeout_ms": 500, "delivery_timeout_ms": 1000, "max_block_ms": 500, "batch_size": 16384}


@pytest.mark.crash
def test_after_an_outage_longer_than_its_patience_the_idempotent_producer_stalls_and_ours_goes_on(
    kafka: Kafka,
) -> None:
    brokers = kafka.access()
    with topics_of(brokers) as topics:
        topics.init(1)
    name = brokers.facts
    ours, idempotent = hasty(brokers, name, "ours"), hasty(brokers, name, "theirs", enable_idempotence=True)
    try:
        kafka.pause()
        failed = [ours.send(name, b"x" * 512, partition=0) for _ in range(500)]
        stalled = [idempotent.send(name, b"x" * 512, partition=0) for _ in range(500)]
        until(lambda: all(sent.is_done for sent in failed), "ours gives up on time", 30)
        assert all(sent.failed() for sent in failed)
        until(lambda: any(sent.is_done for sent in stalled), "it gives up the first", 30)
        kafka.resume()
        until(lambda: kept(ours, name), "the same producer goes on", 30)
        after = idempotent.send(name, b"after", partition=0)
        with pytest.raises(KafkaError):
            after.get(3)  # three times its delivery timeout, and the broker has long answered others
        assert not after.is_done
    finally:
        for producer in (ours, idempotent):
            relay._closed(producer)


def hasty(brokers: Brokers, name: str, who: str, **more: Any) -> KafkaProducer:
    """A producer with the relay's settings and little patience, which has sent one record: a busy machine may need a second
    try for that, with a fresh one, since what is shown is what comes after."""
    for _ in range(20):
        producer = opened(KafkaProducer, brokers, who, **relay.PRODUCER | SHORT | more)
        if kept(producer, name):
            return producer
        relay._closed(producer)
    raise AssertionError("no record of twenty was kept")


def kept(producer: KafkaProducer, name: str) -> bool:
    try:
        producer.send(name, b"one", partition=0).get(10)
    except KafkaError:
        return False
    return True


@contextmanager
def refusing() -> Iterator[tuple[Brokers, list[float]]]:
    """An address that answers and hangs up at once; and when it was called."""
    called: list[float] = []
    with socket.create_server(("127.0.0.1", 0)) as door:

        def serve() -> None:
            while True:
                try:
                    caller, _ = door.accept()
                except OSError:
                    return
                called.append(monotonic())
                caller.close()

        threading.Thread(target=serve, daemon=True).start()
        yield Brokers(servers=(f"127.0.0.1:{door.getsockname()[1]}",)), called
        door.shutdown(socket.SHUT_RDWR)


def test_the_default_stays_away_longer_and_longer_and_ours_half_a_second() -> None:
    def gaps(**more: Any) -> list[float]:
        with refusing() as (brokers, called):
            with pytest.raises(KafkaError):
                opened(
                    lambda **config: KafkaAdminClient(**config | more),
                    brokers,
                    "test",
                    bootstrap_timeout_ms=4500,
                )
            return [later - sooner for sooner, later in pairwise(called)]

    with ThreadPoolExecutor(2) as both:
        mine, defaults = both.submit(gaps), both.submit(gaps, reconnect_backoff_max_ms=30_000)
        ours, theirs = mine.result(), defaults.result()
    assert (
        sorted(ours)[-3] < 1.25 < max(theirs)
    )  # which doubles, up to half a minute; a busy machine may stretch two of ours
    assert len(ours) > len(theirs)


def lines() -> set[str]:
    """The sockets and pipes of this process, by the names that the system has for each."""
    found = set()
    for one in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # that which listed them is gone
            found.add(os.readlink(one))
    return {name for name in found if name.startswith(("socket:", "pipe:"))}


def test_a_client_that_finds_nobody_leaves_nothing_behind() -> None:
    brokers = Brokers(servers=("127.0.0.1:1",))

    # What other tests left behind may end meanwhile, so only what is new counts.
    threads, before = set(threading.enumerate()), lines()
    for kind, more in ((KafkaAdminClient, {}), (KafkaProducer, relay.PRODUCER)):
        for _ in range(2):
            with pytest.raises(KafkaError):
                opened(kind, brokers, "test", **{**more, "bootstrap_timeout_ms": 200})
    assert set(threading.enumerate()) <= threads
    assert lines() <= before
