"""A real Apache Kafka for tests: one or three brokers in KRaft mode on free ports of 127.0.0.1, the jars fetched by Maven.

In a test, ask for the fixture ``kafka`` (tests/conftest.py): one broker, started when the first test asks, once per test
process. Its topics are everybody's, so take names of your own: ``kafka.access()``, ``kafka.name()``. ``kafka.servers`` leads to
the brokers; ``kafka.proxied`` leads there through ``kafka.proxies`` (``tests.kit.proxy``), which can be cut, slowed, or go
dead; ``kafka.secure()`` by TLS and with a password. A test may ``kill``, ``start``, ``pause`` and ``resume`` it: the fixture
heals what was broken. ``with started(3) as kafka`` gives three brokers (7 s of processor time: rarely).

The jars (46, 43 MB) are kept in build/kafka under a name that follows from pom.xml; the first process makes them while
the others wait. Beside them stands what makes a broker start with 1.8 s of processor time instead of 5: its classes as the JVM
has them in memory, and what formatting a folder writes; one broker is started to make them. ``TOUCHLINE_TEST_KAFKA=host:port``
uses a running Kafka instead (what would kill or cut it is skipped then). Without either, tests that ask are skipped with one
loud line, and with CI=true they fail.
"""

from __future__ import annotations

import contextlib
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import NewTopic, ScramMechanism, UserScramCredentialUpsertion
from kafka.errors import KafkaError

from ledger.brokers import Brokers
from producers.kafka_clients import options
from tests.kit.alone import alone
from tests.kit.certificate import identity
from tests.kit.proxy import Proxy

MISSING = "KAFKA IS MISSING: what is claimed of it was NOT tested"
RECIPE = Path(__file__).parent / "kafka_broker"
KEPT = Path(__file__).parents[2] / "build" / "kafka"
PORTS = range(20_000, 32_000)
"""Below those that the system gives to outgoing connections: while a broker is down nobody else gets its port, nor can a
client that calls it be answered by itself."""
PROBE = "probe"
JVM = ("-Xms128m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")
SETTINGS = """
process.roles=broker,controller
node.id={node}
controller.quorum.voters={voters}
listeners=PLAINTEXT://127.0.0.1:{port},PROXIED://127.0.0.1:{second},SECURE://127.0.0.1:{third},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},PROXIED://127.0.0.1:{proxy},SECURE://127.0.0.1:{third}
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,SECURE:SASL_SSL
ssl.keystore.type=PEM
ssl.keystore.location={identity}
listener.name.secure.sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.secure.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs={logs}
default.replication.factor={copies}
min.insync.replicas={least}
offsets.topic.replication.factor={copies}
offsets.topic.num.partitions=2
transaction.state.log.replication.factor={copies}
transaction.state.log.min.isr={least}
transaction.state.log.num.partitions=2
share.coordinator.state.topic.replication.factor={copies}
share.coordinator.state.topic.min.isr={least}
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
broker.session.timeout.ms=1500
broker.heartbeat.interval.ms=300
replica.lag.time.max.ms=3000
log.segment.bytes=16777216
log.index.size.max.bytes=1048576
num.network.threads=2
num.io.threads=2
num.replica.fetchers=1
log.cleaner.dedupe.buffer.size=4194304
auto.create.topics.enable=false
"""


IN_ORDER: dict[str, Any] = {"enable_idempotence": False, "max_in_flight_requests_per_connection": 1}
"""For a producer whose records must stand as they were sent: a new topic's leader may refuse a batch while the next is under
way already."""
ARCHIVE, FORMATTED = "classes.jsa", "bootstrap.checkpoint"
"""What is kept beside the jars."""


class Unavailable(Exception):
    """What the machine lacks for a Kafka of our own."""


def jars() -> Path:
    """The folder with Kafka's jars, fetched where they are not there yet. Raises Unavailable."""
    for program, package in (("java", "openjdk-17-jre-headless"), ("mvn", "maven")):
        if shutil.which(program) is None:
            raise Unavailable(f"no {program} (apt-get install {package})")
    pom = RECIPE / "pom.xml"
    there = KEPT / sha256(pom.read_bytes()).hexdigest()[:16]
    with alone(KEPT / "lock"):
        if not there.is_dir():
            made = Path(tempfile.mkdtemp(prefix="half-", dir=KEPT))
            done = subprocess.run(
                ["mvn", "-q", "-B", "-f", pom, "dependency:copy-dependencies", "-DincludeScope=runtime",
                 f"-DoutputDirectory={made}"],
                capture_output=True, text=True, cwd=KEPT,
            )  # fmt: skip
            if done.returncode:
                shutil.rmtree(made)
                raise Unavailable(f"Maven could not fetch its jars: {done.stdout.strip()[:500]}")
            made.rename(there)
    return there


def prepared() -> Path:
    """The jars, and what is kept beside them, made where it is not there yet. Raises Unavailable."""
    there = jars()
    with alone(KEPT / "preparing"):
        if not (there / ARCHIVE).exists():
            made = Kafka(1, dump=there / "half.jsa")
            (node,) = made.nodes
            assert node.process is not None
            try:
                shutil.copy(node.folder / "data" / FORMATTED, there / FORMATTED)
                node.signal(signal.SIGTERM)  # as it ends it writes
                node.process.wait(60)
                node.process = None
            finally:
                made.close()
            (there / "half.jsa").rename(there / ARCHIVE)
    return there


def free_ports(count: int) -> list[int]:
    """Ports of ``PORTS`` on which nobody listens."""
    found: list[int] = []
    with contextlib.ExitStack() as held:
        while len(found) < count:
            probe = held.enter_context(socket.socket())
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", random.choice(PORTS)))
                found.append(probe.getsockname()[1])
    return found


def base64_id() -> str:
    """As Kafka writes its ids."""
    return urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")


class Node:
    """One broker: a process group of its own, in a folder of its own."""

    def __init__(self, number: int, folder: Path, port: int, proxy: Proxy) -> None:
        self.number, self.folder, self.port, self.proxy = number, folder, port, proxy
        self.process: subprocess.Popen[bytes] | None = None

    def run(self, *arguments: str, dump: Path | None = None) -> subprocess.Popen[bytes]:
        """A program of Kafka's on this broker's settings; what it says is kept in ``log``. ``dump``: where it writes its
        classes as it ends."""
        there = jars()
        archive = f"SharedArchiveFile={there / ARCHIVE}" if dump is None else f"ArchiveClassesAtExit={dump}"
        command = ["java", *JVM, f"-XX:{archive}", f"-Dlog4j2.configurationFile={RECIPE / 'log4j2.xml'}"]
        command += ["-cp", f"{there}/*"]
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [*command, *arguments], cwd=self.folder, stdout=log, stderr=log, start_new_session=True
            )

    def format(self, cluster: str) -> None:
        """As Kafka's own tool would, with the settings of this module, in 1.2 s of processor time."""
        data = self.folder / "data"
        data.mkdir()
        shutil.copy(jars() / FORMATTED, data / FORMATTED)
        names = {"version": "1", "cluster.id": cluster, "node.id": self.number, "directory.id": base64_id()}
        lines = (f"{name}={value}\n" for name, value in names.items())
        (data / "meta.properties").write_text("".join(lines))

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        os.killpg(self.process.pid, number)

    def still(self) -> bool:
        """Whether SIGSTOP has come to every thread of it: on a busy machine some go on for a while."""
        assert self.process is not None
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/stat")
        return all(task.read_text().rpartition(")")[2].split()[0] == "T" for task in tasks)

    def said(self) -> str:
        return (self.folder / "log").read_text(errors="replace")[-2000:]


class Kafka:
    """Brokers of our own, numbered 1, 2, 3; ``close`` ends them and removes their folders."""

    def __init__(self, brokers: int = 1, properties: str = SETTINGS, dump: Path | None = None) -> None:
        """``properties``: server.properties with the same places for addresses as SETTINGS. ``dump``: see ``prepared``."""
        if dump is None:
            prepared()
        self.brokers = brokers
        self._dump = dump
        self.folder = Path(tempfile.mkdtemp(prefix="tl-kafka-"))
        ports = free_ports(4 * brokers)
        outer, inner, third, controllers = (ports[n * brokers : (n + 1) * brokers] for n in range(4))
        self.secured = [f"127.0.0.1:{port}" for port in third]
        self.identity = identity(self.folder)
        self.proxies = [Proxy(f"kafka://127.0.0.1:{port}") for port in inner]
        self.nodes = [
            Node(number, self.folder / str(number), port, proxy)
            for number, port, proxy in zip(range(1, brokers + 1), outer, self.proxies, strict=True)
        ]
        self.servers = [f"127.0.0.1:{node.port}" for node in self.nodes]
        self.proxied = [f"127.0.0.1:{proxy.port}" for proxy in self.proxies]
        voters = ",".join(
            f"{node.number}@127.0.0.1:{c}" for node, c in zip(self.nodes, controllers, strict=True)
        )
        cluster = base64_id()
        try:
            formatting = []
            for node, second, last, controller in zip(self.nodes, inner, third, controllers, strict=True):
                node.folder.mkdir()
                settings = properties.format(
                    node=node.number, voters=voters, port=node.port, second=second, third=last, controller=controller,
                    proxy=node.proxy.port, logs=node.folder / "data", copies=brokers, least=2 if brokers > 2 else 1,
                    identity=self.identity,
                )  # fmt: skip
                (node.folder / "server.properties").write_text(settings)
                if dump is None and properties == SETTINGS:
                    node.format(cluster)
                    continue
                words = (
                    "kafka.tools.StorageTool",
                    "format",
                    f"--cluster-id={cluster}",
                    "-c",
                    "server.properties",
                )
                formatting.append((node, node.run(*words)))
            for node, process in formatting:
                if process.wait(60):
                    raise RuntimeError(node.said())
            self.start()
        except BaseException:
            self.close()
            raise

    def start(self, *numbers: int) -> None:
        """Start brokers (all, where none is named), again or for the first time, and wait until they take part."""
        for node in self._of(numbers):
            assert node.process is None
            node.process = node.run("kafka.Kafka", "server.properties", dump=self._dump)
        self.ready()

    def ready(self, within: float = 60.0) -> None:
        """Wait until every broker that runs has its copy of what is written, and one more record was taken."""
        end = time.monotonic() + within
        running = {node.number for node in self.nodes if node.process is not None}
        while True:
            try:
                for node in self.nodes:
                    if node.process is not None:
                        socket.create_connection(("127.0.0.1", node.port), 1).close()
                if self._in_sync() >= running:
                    return
                lacks = "not all copies are in step"
            except (KafkaError, OSError) as error:
                lacks = repr(error)
            for node in self.nodes:
                if node.process is not None and node.process.poll() is not None:
                    raise RuntimeError(f"broker {node.number} ended: {node.said()}")
            if time.monotonic() > end:
                raise RuntimeError(f"{lacks}: {''.join(node.said() for node in self.nodes)}")
            time.sleep(0.05)

    def _in_sync(self) -> set[int]:
        with contextlib.closing(self.admin(bootstrap_timeout_ms=2000, request_timeout_ms=5000)) as admin:
            if PROBE not in admin.list_topics():
                admin.create_topics([NewTopic(PROBE, num_partitions=1, replication_factor=self.brokers)])
            (topic,) = admin.describe_topics([PROBE])
            if topic["error_code"] or not topic["partitions"]:
                return set()
            found = set(topic["partitions"][0]["isr_nodes"])
        producer = KafkaProducer(
            **options(self.access(), "test"), acks="all", enable_idempotence=False, bootstrap_timeout_ms=2000,
            request_timeout_ms=5000, delivery_timeout_ms=5000, max_block_ms=5000,
        )  # fmt: skip
        with contextlib.closing(producer):
            producer.send(PROBE, b"", partition=0).get(5)
        return found

    def admin(self, **more: Any) -> KafkaAdminClient:
        """For the test's own questions; close it."""
        return KafkaAdminClient(**options(self.access(), "test"), **more)

    def access(self, *, proxied: bool = False) -> Brokers:
        """As the house is told where Kafka is, under names for topics that no other test has."""
        return Brokers(servers=tuple(self.proxied if proxied else self.servers), topics=self.name())

    def secure(self) -> Brokers:
        """As ``access``, by TLS and with a user and password of its own."""
        user = secrets.token_hex(4)
        made = UserScramCredentialUpsertion(user, ScramMechanism.SCRAM_SHA_512, user[::-1], 4096)
        with contextlib.closing(self.admin()) as admin:
            admin.alter_user_scram_credentials([made])
        return Brokers(
            servers=tuple(self.secured), topics=self.name(), tls=True, ca_file=str(self.identity),
            mechanism="SCRAM-SHA-512", user=user, password=user[::-1],
        )  # fmt: skip

    def name(self, word: str = "touchline") -> str:
        """A name for topics or groups that no other test has."""
        return f"{word}.{secrets.token_hex(4)}"

    def kill(self, *numbers: int) -> None:
        """SIGKILL to brokers (all, where none is named)."""
        for node in self._of(numbers):
            if node.process is not None:
                node.signal(signal.SIGKILL)
                node.process.wait(60)
                node.process = None

    def pause(self, *numbers: int) -> None:
        """Stopped in mid-thought (SIGSTOP): its connections stay open."""
        for node in self._of(numbers):
            node.signal(signal.SIGSTOP)
        end = time.monotonic() + 60
        while not all(node.still() for node in self._of(numbers)):
            assert time.monotonic() < end, "it goes on"
            time.sleep(0.005)

    def resume(self, *numbers: int) -> None:
        for node in self._of(numbers):
            if node.process is not None:
                node.signal(signal.SIGCONT)

    def heal(self) -> None:
        """As it was before a test broke it: the proxies let pass, and what was killed or stopped runs."""
        for proxy in self.proxies:
            proxy.heal()
        self.resume()
        if dead := [node.number for node in self.nodes if node.process is None]:
            self.start(*dead)

    def _of(self, numbers: Sequence[int]) -> list[Node]:
        return [node for node in self.nodes if not numbers or node.number in numbers]

    def close(self) -> None:
        """Nothing of it is kept."""
        self.kill()
        for proxy in self.proxies:
            proxy.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class GivenKafka(Kafka):
    """The Kafka that ``TOUCHLINE_TEST_KAFKA`` names. It can be neither killed nor cut off."""

    def __init__(self, server: str) -> None:
        self.servers, self.brokers = [server], 1
        self.nodes = []

    def __getattr__(self, name: str) -> object:
        if name in ("proxied", "proxies"):
            pytest.skip("connections to a given Kafka are not cut by tests")
        raise AttributeError(name)

    def start(self, *numbers: int) -> None:
        pytest.skip("a given Kafka is not started by tests")

    def kill(self, *numbers: int) -> None:
        pytest.skip("a given Kafka is not killed by tests")

    pause = resume = kill

    def secure(self) -> Brokers:
        pytest.skip("a given Kafka is reached without TLS")

    def heal(self) -> None:
        return

    def close(self) -> None:
        return


def shared() -> Kafka:
    """That of this test process. Skips, or fails with CI=true, where there is none."""
    if given := os.environ.get("TOUCHLINE_TEST_KAFKA"):
        return GivenKafka(given)
    needed()
    return Kafka(1)


@contextlib.contextmanager
def started(brokers: int = 1, properties: str = SETTINGS) -> Iterator[Kafka]:
    """A cluster to be broken. Skips, or fails with CI=true, where there can be none."""
    needed()
    made = Kafka(brokers, properties)
    try:
        yield made
    finally:
        made.close()


def needed() -> None:
    """Skip, or fail with CI=true, where there can be none that is killed and started."""
    if os.environ.get("TOUCHLINE_TEST_KAFKA"):
        pytest.skip("a given Kafka is neither killed nor started by tests")
    try:
        jars()
    except Unavailable as error:
        line = f"{MISSING}: {error}"
        if os.environ.get("CI") == "true":
            pytest.fail(line)
        pytest.skip(line)
