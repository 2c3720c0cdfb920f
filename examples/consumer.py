#!/usr/bin/env python3
"""Follow one lane of a Touchline tenant on Kafka, and prove that nothing is missing, doubled, altered or foreign.

    pip install 'kafka-python[crc32c]>=3.0.12'
    TOUCHLINE_KEY=tl_… python3 consumer.py --kafka localhost:9092 --tenant 1 --name 云栖集团 --url http://127.0.0.1:8311

Every row of a lane has a place (1, 2, 3 …) and the hash of all rows up to it. A record that is not the next link (one is
missing, it was sent twice, forged, or its body was left out) is not believed: from there on the rows are read from the ledger,
GET /events, until the next record fits again. What was handled stands in the file --state, so a restart goes on behind it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import struct
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kafka import KafkaConsumer, TopicPartition


@dataclass(frozen=True)
class Row:
    """``value`` is None where the ledger withholds it from this key; "" of a record stands for a body that was left out."""

    place: int
    recorded: int
    after: int | None
    hash: str
    timeline: str
    type: str | None
    id: str | None
    value: bytes | None


def handle(row: Row, source: str) -> None:
    """Yours: called for each row once, in order; again for the last one if the process died before it was noted."""
    print(json.dumps({"place": row.place, "type": row.type, "id": row.id, "from": source}), flush=True)


def frame(field: bytes) -> bytes:
    return len(field).to_bytes(4, "big") + field


def number(value: int) -> bytes:
    return frame(struct.pack(">q", value))


class Lane:
    """How far we are, and what the next row must look like."""

    def __init__(self, lane: str, tenant: int, name: str, url: str, key: str, state: Path) -> None:
        self.lane, self.url, self.key, self.state = lane, url, key, state
        self.opening = frame(lane.encode()) + number(tenant) + frame(name.encode())
        self.place, self.hash, self.timeline, self.offset = 0, bytes(32).hex(), "", 0
        if state.exists():
            self.place, self.hash, self.timeline, self.offset = json.loads(state.read_text())

    def fits(self, row: Row) -> bool:
        """Whether it is the next link of the chain."""
        if row.place != self.place + 1 or row.value is None or self.timeline not in ("", row.timeline):
            return False
        after = b"" if row.after is None else number(row.after)
        link = (
            frame(bytes.fromhex(self.hash)) + self.opening + number(row.place) + number(row.recorded) + after
        )
        return hashlib.sha256(link + frame(row.value)).hexdigest() == row.hash

    def take(self, row: Row, source: str) -> None:
        handle(row, source)
        self.place, self.hash, self.timeline = row.place, row.hash, row.timeline

    def heard(self, row: Row | None, offset: int) -> None:
        """A record of the topic; None for one that is no row at all."""
        if row is not None and self.fits(row):
            self.take(row, "kafka")
        elif row is None or row.place > self.place or row.timeline != self.timeline:
            self.catch_up()
        self.offset = offset + 1

    def catch_up(self) -> None:
        """All that the ledger has by now. Raises SystemExit where it is not the ledger that we know."""
        where = f"/events?lane={self.lane}&after={self.place}&limit=500"
        while where:
            asked = urllib.request.Request(self.url + where, headers={"Authorization": f"Bearer {self.key}"})
            try:
                with urllib.request.urlopen(asked, timeout=30) as answer:
                    rows = json.load(answer)
            except urllib.error.HTTPError as error:
                sys.exit(f"GET {where}: {error.code} {error.read().decode()}")
            for told in rows:
                row = Row(
                    told["place"], told["recorded"], told["after"], told["chainhash"], told["timeline"],
                    told["type"], told["id"], None if told["value"] is None else told["value"].encode(),
                )  # fmt: skip
                if self.timeline not in ("", row.timeline):
                    sys.exit("the ledger was restored from a backup: remove the state file and begin again")
                if not (told["withheld"] and row.place == self.place + 1) and not self.fits(row):
                    sys.exit(f"place {row.place} of the ledger itself does not chain: touchline verify")
                self.take(row, "ledger")
            where = f"/events?lane={self.lane}&after={self.place}&limit=500" if rows else ""

    def note(self) -> None:
        """Atomically, after what it says was handled."""
        half = self.state.with_suffix(".half")
        half.write_text(json.dumps([self.place, self.hash, self.timeline, self.offset]))
        half.replace(self.state)


def row_of(record: Any) -> Row | None:
    """A record of the topic, None for what is none of ours."""
    said = {name: text.decode("utf-8", "replace") for name, text in record.headers if text is not None}
    try:
        after = int(said["ce_after"]) if "ce_after" in said else None
        return Row(
            int(said["ce_place"]), int(said["ce_recorded"]), after, said["ce_chainhash"],
            said["ce_timeline"], said["ce_type"], said["ce_id"], record.value or b"",
        )  # fmt: skip
    except (KeyError, ValueError):
        return None


def main() -> None:
    asked = argparse.ArgumentParser(description="Follow one lane of a Touchline tenant on Kafka.")
    asked.add_argument("--kafka", required=True, help="host:port,…")
    asked.add_argument("--topics", default="touchline", help="first word of the topics")
    asked.add_argument("--lane", default="facts", choices=("facts", "verdicts"))
    asked.add_argument("--tenant", type=int, required=True, help="its number; its partition is one less")
    asked.add_argument("--name", required=True, help="its name, which is hashed too")
    asked.add_argument("--url", required=True, help="of any Touchline server, to catch up")
    asked.add_argument("--state", type=Path, default=Path("consumer.state"))
    asked.add_argument("--until", type=int, default=0, help="end when this place is handled")
    given = asked.parse_args()
    lane = Lane(
        given.lane, given.tenant, given.name, given.url, os.environ.get("TOUCHLINE_KEY", ""), given.state
    )
    consumer = KafkaConsumer(
        bootstrap_servers=given.kafka.split(","),
        enable_auto_commit=False,  # what was handled is noted by us
        auto_offset_reset="earliest",  # where records expired: what they were is read from the ledger
        reconnect_backoff_max_ms=500,
    )
    part = TopicPartition(f"{given.topics}.{given.lane}", given.tenant - 1)
    consumer.assign([part])
    consumer.seek(part, lane.offset)
    try:
        while not given.until or lane.place < given.until:
            for records in consumer.poll(timeout_ms=1000).values():
                for record in records:
                    lane.heard(row_of(record), record.offset)
                lane.note()
    finally:
        consumer.close()


if __name__ == "__main__":
    main()
