"""What both Kafka clients of the worker have in common: how a record of the topic becomes one for the engine, and what a client
is to the process. Kafka's own types are not known here.

Both deal partitions out one by one (Kafka's "roundrobin"). By ranges, as each does by default, the first worker would get
the lower half of the partitions: all tenants, where more partitions were made ahead than there are tenants.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from ledger import wire
from processors.delivery import Record

MOST = 500
"""Records of one batch."""
METADATA = 10.0
"""Seconds after which a client asks again which partitions there are: those of new tenants, of a topic made again. By default
it would be five minutes."""
PROBE = 2.0
AGAIN = 1.0
"""Seconds that a broker has to take a connection, and until it is tried again."""


class Carried(Protocol):
    """A Kafka record of either client, as far as it matters: the partition says whose it is, and everything else is only
    claimed."""

    @property
    def value(self) -> bytes | None: ...

    @property
    def headers(self) -> Iterable[tuple[str, bytes]]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """How the brokers are reached. ``options`` are those that every kafka-python client of the house is opened with."""

    topic: str
    group: str
    ledger_id: str
    options: Mapping[str, Any] = field(repr=False)
    session: float = 6.0
    """Seconds of silence after which the group gives a worker's tenants to another."""


def reachable(servers: Iterable[str]) -> bool:
    """Whether anybody listens at one of these ``host:port``. A client that is started while nobody does gives up, and the
    worker, which can do without, would go with it."""
    for server in servers:
        host, _, port = server.rpartition(":")
        with suppress(OSError), socket.create_connection((host.strip("[]"), int(port)), PROBE):
            return True
    return False


class ClientDied(RuntimeError):
    """The Kafka client gave up by itself."""


class Client(Protocol):
    """``run`` in the main thread until ``end`` is called, from any thread; then the worker is stopped, and the group left."""

    def run(self) -> None:
        """Raises ClientDied, the client's own errors, and whatever went wrong where it hands records over."""
        ...

    def end(self) -> None: ...


def records(ledger_id: str, carried: Iterable[Carried]) -> list[Record]:
    """What may be of this ledger; the rest (something else, another ledger's, a body that was too large to be carried) is left
    out, as if it had been lost."""
    found, mine = [], ledger_id.encode()
    for one in carried:
        claimed = wire.fact_of(mine, one.headers)
        if claimed is not None:
            found.append(Record(*claimed, one.value or b""))
    return found
