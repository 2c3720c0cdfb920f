"""Facts a second through Kafka: our two runners beside bare loops on the same broker, in one run, on the same records.

The bare loops read every record and count it: Faust (an agent with ``take_events(500, within=0.05)``), kafka-python
(``poll`` of 500), Quix Streams (a dataframe that counts; installed in ``build/quix`` from requirements/quix.lock). Ours check
each batch against the ledger's chain and fold it on PostgreSQL (fsync on) in one transaction: *all rules* with the shipped
policies, *rules idle* for tenants without any policy. Facts are those of ``benchmarks.traffic``, appended before, four
tenants, one worker; the group's offsets are set to the beginning, so that Kafka brings what lies there. A rate is taken from
the first decided batch to the last; *a core* is by the worker's own processor time, which a busy machine spoils less.
"""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
import venv
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import monotonic

from kafka import KafkaConsumer, OffsetAndMetadata, TopicPartition

from benchmarks import traffic
from benchmarks.kafka_plant import Engines, Plant, Watch, plant, used
from benchmarks.places import opened
from ledger.brokers import Brokers
from producers.candidates import candidate
from producers.kafka_clients import options
from tests.kit.kafka import free_ports
from tests.kit.postgres import Place, migrated
from touchline.defaults import publications

TENANTS = 4
LOT = 500
ROOT = Path(__file__).parents[1]
QUIX = ROOT / "build" / "quix"
LOCK = ROOT / "requirements" / "quix.lock"
RUNNERS = ("faust", "kafka-python")


def figures(facts: int = 12_000) -> dict[str, float]:
    """Facts a second, µs of processor a fact, and our share of the bare loop."""
    with plant() as here:
        return dict(_measured(here, facts)) if here is not None else {}


def _measured(here: Plant, facts: int) -> Iterator[tuple[str, float]]:
    bare: dict[str, float] = {}
    for rules in ("all rules", "rules idle"):
        brokers = here.kafka.access()
        place = _ledger(here, facts, rules)
        here.done(place, brokers, "kafka", "init")
        rate, spent = _relayed(here, place, brokers, facts)
        if not bare:
            yield "kafka_speed: relay, facts/s", rate
            yield "kafka_speed: relay, µs of processor a fact", spent
            yield "kafka_speed: bytes in Kafka a fact", _carried(here, brokers) / facts
            bare = dict(_bare(brokers, facts))
            for name, value in bare.items():
                yield f"kafka_speed: bare {name}", value
        for runner in RUNNERS:
            for name, value in _worked(here, brokers, runner, facts, rules):
                yield f"kafka_speed: {runner} worker, {rules}: {name}", value
                said = f"kafka_speed: {runner} worker, {rules}: share of the bare loop"
                if name == "facts/s":
                    yield said, value / bare[f"{runner}, records/s"]
                if name == "µs of processor a fact":
                    yield f"{said} by processor time", bare[f"{runner}, µs of processor a record"] / value


def _ledger(here: Plant, facts: int, rules: str) -> Place:
    """A database with facts that nobody has decided; always the same one, made once."""

    def filled(place: Place) -> None:
        migrated(place)
        with opened(place) as house:  # its first tenant has no publications, and no facts
            for n in range(TENANTS):
                now = house.ledger.clock.now()
                tenant = house.ledger.add_tenant(f"t{n}", publications(now) if rules == "all rules" else [])
                for at in range(0, facts // TENANTS, LOT):
                    numbers = range(at, min(at + LOT, facts // TENANTS))
                    offered = [candidate(traffic.event(i), traffic.SOURCE, now) for i in numbers]
                    house.ledger.append(tenant, offered).result(120)

    return here.server.database(f"speed, {rules}", filled)


def _reset(brokers: Brokers) -> None:
    """The group of the workers begins at the beginning."""
    consumer = KafkaConsumer(
        **options(brokers, "bench"), group_id=f"{brokers.topics}.workers", enable_auto_commit=False
    )
    with closing(consumer):
        parts = [TopicPartition(brokers.facts, n) for n in consumer.partitions_for_topic(brokers.facts)]
        consumer.assign(parts)
        consumer.commit({part: OffsetAndMetadata(0, "", -1) for part in parts})


def _relayed(here: Plant, place: Place, brokers: Brokers, facts: int) -> tuple[float, float]:
    """(facts/s, µs of processor a fact) of ``touchline relay``, from its first record to its last."""
    consumer = KafkaConsumer(**options(brokers, "bench"), enable_auto_commit=False)
    with closing(consumer):
        parts = [TopicPartition(brokers.facts, n) for n in consumer.partitions_for_topic(brokers.facts)]

        def there() -> int:
            return sum(consumer.end_offsets(parts).values())

        relay = here.run(place, brokers, "relay", "--metrics-port", "0")
        here.until(lambda: there() > 0, relay)
        began, spent, first = monotonic(), used(relay.pid), there()
        with closing(Engines(place)) as engines:
            heads = engines.heads()
        here.until(lambda: there() >= heads, relay)
        took, spent = monotonic() - began, used(relay.pid) - spent
        here.end(relay)
    return (heads - first) / took, spent / max(1, heads - first) * 1e6


def _carried(here: Plant, brokers: Brokers) -> int:
    """Bytes of the facts topic on the broker's disk."""
    logs = (here.kafka.nodes[0].folder / "data").glob(f"{brokers.facts}-*/*.log")
    return sum(log.stat().st_size for log in logs)


def _bare(brokers: Brokers, facts: int) -> Iterator[tuple[str, float]]:
    for which in ("faust", "kafka-python", "quixstreams"):
        python = str(_quix()) if which == "quixstreams" else sys.executable
        words = [
            python,
            str(ROOT / "benchmarks" / "kafka_bare.py"),
            which,
            brokers.servers[0],
            brokers.facts,
            str(facts),
        ]
        done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True, timeout=120, cwd="/")
        told = json.loads(done.stdout.splitlines()[-1])
        print(f"{which} {told['version']}", file=sys.stderr)
        yield f"{which}, records/s", told["records"] / told["seconds"]
        yield f"{which}, µs of processor a record", told["processor"] / told["records"] * 1e6


def _quix() -> Path:
    """The Python of an environment that has what requirements/quix.lock says, made where there is none."""
    python, mark = QUIX / "bin" / "python", QUIX / "made-of"
    if not mark.exists() or mark.read_bytes() != LOCK.read_bytes():
        venv.create(QUIX, with_pip=True, clear=True)
        words = [str(python), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(LOCK)]
        subprocess.run(words, check=True, stdout=sys.stderr)
        mark.write_bytes(LOCK.read_bytes())
    return python


def _worked(
    here: Plant, brokers: Brokers, runner: str, facts: int, rules: str
) -> Iterator[tuple[str, float]]:
    place = _ledger(here, facts, rules)
    here.done(place, brokers, "feed", "use", "kafka")
    _reset(brokers)
    with closing(Engines(here.server.ledger())) as engines:
        empty = engines.size()
    with Watch(place) as watch, closing(Engines(place)) as engines:
        heads, record = engines.heads(), engines.size()
        (port,) = free_ports(1)
        worker = here.run(place, brokers, "worker", "--runner", runner, "--metrics-port", str(port))
        here.until(lambda: sum(engines.decided().values()) > 0, worker)
        spent, parts = used(worker.pid), used(*here.parts().values())
        began, first = monotonic(), sum(engines.decided().values())
        here.until(lambda: sum(engines.decided().values()) >= heads, worker)
        spent, parts = used(worker.pid) - spent, used(*here.parts().values()) - parts
        watch.until(heads)
        ended = max(line[-1][0] for line in watch.seen.values())
        text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10).read().decode()
        here.end(worker)
        size = engines.size()
    done = heads - first
    carried = sum(
        float(line.rpartition(" ")[2])
        for line in text.splitlines()
        if line.startswith("touchline_worker_facts_total") and 'via="kafka"' in line
    )
    yield "facts/s", done / (ended - began)
    yield "facts/s a core", done / spent
    yield "µs of processor a fact", spent / done * 1e6
    yield "µs of processor a fact of PostgreSQL and Kafka", parts / done * 1e6
    yield "share that Kafka brought", carried / heads
    if runner == RUNNERS[0]:
        yield "bytes in PostgreSQL a fact, the record", (record - empty) / heads
        yield "bytes in PostgreSQL a fact, the tables", (size - record) / heads
