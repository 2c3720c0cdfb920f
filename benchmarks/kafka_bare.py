"""Bare loops, each a process: ``python benchmarks/kafka_bare.py faust|kafka-python|quixstreams SERVER TOPIC COUNT``.

Reads so many records of a topic from its beginning, counts them, and prints one line of JSON: records, seconds and seconds of
processor from the first batch (or record) to the last, and the client's version. Imports nothing of ours: the last of them
runs in another environment.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
import time
import warnings
from importlib import import_module
from importlib.metadata import version
from typing import Any

MOST = 500


class Count:
    """``add`` is told what came; ``done`` when it is all."""

    def __init__(self, most: int) -> None:
        self.most, self.seen, self.first = most, 0, 0

    def add(self, count: int) -> None:
        if not self.seen:
            self.first, self._began, self._spent = count, time.monotonic(), time.process_time()
        self.seen += count
        if self.done:
            self.seconds = time.monotonic() - self._began
            self.processor = time.process_time() - self._spent

    @property
    def done(self) -> bool:
        return self.seen >= self.most


def by_faust(server: str, topic: str, count: Count) -> str:
    warnings.simplefilter("ignore")
    faust: Any = import_module("faust")

    async def run() -> None:
        app = faust.App(
            f"bare.{secrets.token_hex(4)}", broker=f"kafka://{server}", store="memory://", web_enabled=False,
            topic_disable_leader=True, topic_allow_declare=False, autodiscover=False, stream_wait_empty=False,
            consumer_auto_offset_reset="earliest", broker_max_poll_records=MOST,
        )  # fmt: skip
        over = asyncio.Event()

        async def counting(stream: Any) -> None:
            async for batch in stream.take_events(MOST, within=0.05):
                if not count.done:
                    count.add(len(batch))
                if count.done:
                    over.set()

        source = app.topic(
            topic, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw"
        )
        app.agent(source, concurrency=1)(counting)
        app.finalize()
        await app.start()
        await over.wait()
        await app.stop()

    asyncio.run(run())
    return "faust-streaming"


def by_kafka_python(server: str, topic: str, count: Count) -> str:
    kafka: Any = import_module("kafka")
    consumer = kafka.KafkaConsumer(
        topic, bootstrap_servers=[server], group_id=f"bare.{secrets.token_hex(4)}", enable_auto_commit=False,
        auto_offset_reset="earliest", max_poll_records=MOST,
    )  # fmt: skip
    while not count.done:
        if got := sum(map(len, consumer.poll(timeout_ms=100).values())):
            count.add(got)
    consumer.close()
    return "kafka-python"


def by_quixstreams(server: str, topic: str, count: Count) -> str:
    quix: Any = import_module("quixstreams")
    app = quix.Application(
        broker_address=server, consumer_group=f"bare.{secrets.token_hex(4)}", auto_offset_reset="earliest",
        auto_create_topics=False, loglevel="ERROR",
    )  # fmt: skip

    def counting(_: Any) -> None:
        if not count.done:
            count.add(1)
            if count.done:
                app.stop()

    source = app.topic(topic, key_deserializer="bytes", value_deserializer="bytes")
    app.dataframe(source).update(counting)
    app.run()
    return "quixstreams"


LOOPS = {"faust": by_faust, "kafka-python": by_kafka_python, "quixstreams": by_quixstreams}


def main(which: str, server: str, topic: str, most: str) -> None:
    count = Count(int(most))
    package = LOOPS[which](server, topic, count)
    told = {
        "records": count.seen - count.first, "seconds": count.seconds, "processor": count.processor,
        "version": version(package),
    }  # fmt: skip
    print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
