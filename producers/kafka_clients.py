"""What every kafka-python client of the house is opened with, and what its defaults would do to us."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Any, TypeVar

from kafka.net.compat import KafkaNetClient
from kafka.net.inet import KafkaNetSocket
from kafka.record import memory_records
from kafka.record.default_records import DefaultRecordBatch

from ledger.brokers import Brokers


class ClosedSocket(KafkaNetSocket):  # type: ignore[misc]  # the library has no types
    """kafka-python (3.0.12) leaves the socket of a connection that fails to the garbage collector: two a second through an
    outage. Chosen by its scheme, as the library's own SOCKS sockets are."""

    SCHEMES = ("closed",)

    async def sock_connect(self, net: Any, sock: Any, sockaddr: Any, timeout_at: float | None = None) -> Any:
        try:
            return await super().sock_connect(net, sock, sockaddr, timeout_at=timeout_at)
        except BaseException:
            sock.close()
            raise


T = TypeVar("T")


class Loose(bytearray):
    """Bytes whose stretches decode, whatever they hold."""

    def __getitem__(self, at: Any) -> Any:
        found = super().__getitem__(at)
        return Loose(found) if isinstance(at, slice) else found

    def decode(self, encoding: str = "utf-8", errors: str = "backslashreplace") -> str:
        return super().decode(encoding, errors)


class AnyHeaders(DefaultRecordBatch):  # type: ignore[misc]  # the library has no types
    """kafka-python (3.0.12) calls a batch corrupt for a header's name that is no UTF-8, and never gets past it: one such,
    which the brokers take, would hold a partition up for good. Such a name is told escaped."""

    def _read_msg(self) -> Any:
        try:
            return super()._read_msg()
        except UnicodeDecodeError:
            self._buffer: Any = Loose(self._buffer)
            return super()._read_msg()


memory_records.DefaultRecordBatch = AnyHeaders


def opened(kind: Callable[..., T], brokers: Brokers, name: str, **more: Any) -> T:
    """A KafkaProducer, KafkaConsumer or KafkaAdminClient. One that finds no broker raises (KafkaError), and would leave its
    thread and its wires behind each time (3.0.12)."""
    inner: list[Any] = []

    def client(*arguments: Any, **config: Any) -> Any:
        inner.append(KafkaNetClient(*arguments, **config))
        return inner[-1]

    try:
        return kind(**options(brokers, name), kafka_client=client, **more)
    except BaseException:
        for one in inner:
            one.close()
        raise


def options(brokers: Brokers, name: str) -> dict[str, Any]:
    """For a producer, a consumer or an admin client; ``name`` is seen in the brokers' logs.

    ``reconnect_backoff_max_ms`` is 30 s by default: after an outage a client would stay away for that long.
    Raises OSError (ssl.SSLError) for a certificate or key that cannot be read.
    """
    given: dict[str, Any] = {
        "bootstrap_servers": list(brokers.servers),
        "client_id": f"touchline-{name}",
        "reconnect_backoff_ms": 50,
        "reconnect_backoff_max_ms": 500,
        "security_protocol": brokers.protocol,
        "proxy_url": "closed://",
    }
    if brokers.tls:
        context = ssl.create_default_context(cafile=brokers.ca_file or None)
        if brokers.cert_file:
            context.load_cert_chain(brokers.cert_file, brokers.key_file or None)
        given["ssl_context"] = context
    if brokers.mechanism:
        given |= {
            "sasl_mechanism": brokers.mechanism,
            "sasl_plain_username": brokers.user,
            "sasl_plain_password": brokers.password,
        }
    return given
