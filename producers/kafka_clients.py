"""What every kafka-python client of the house is opened with, and what its defaults would do to us."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable
from typing import Any, TypeVar

from kafka.errors import KafkaError, KafkaTimeoutError, RequestTimedOutError
from kafka.net import manager
from kafka.net.compat import KafkaNetClient
from kafka.net.inet import KafkaNetSocket
from kafka.net.transport import KafkaSSLTransport
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


class ClosedTransport(KafkaSSLTransport):  # type: ignore[misc]  # the library has no types
    """The same of the socket of a TLS handshake that fails."""

    async def handshake(self) -> None:
        try:
            await super().handshake()
        except BaseException:
            self._sock.close()
            raise


manager.KafkaSSLTransport = ClosedTransport
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


class _Heard(logging.Handler):
    """kafka-python (3.0.12) raises that it found no broker, and why, a certificate or a password, it tells its log alone."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.reasons: dict[str, str] = {}

    def emit(self, record: logging.LogRecord) -> None:
        for one in record.args if isinstance(record.args, tuple) else ():
            if isinstance(one, KafkaError) and not isinstance(one, (KafkaTimeoutError, RequestTimedOutError)):
                self.reasons[type(one).__name__] = str(one)


def why(error: BaseException) -> str:
    """What the client or the brokers said, without the requests that kafka-python quotes after it."""
    said = str(error).partition(": Request '")[0]
    return "; ".join([said or type(error).__name__, *getattr(error, "__notes__", ())])


def opened(kind: Callable[..., T], brokers: Brokers, name: str, **more: Any) -> T:
    """A KafkaProducer, KafkaConsumer or KafkaAdminClient. One that finds no broker raises (KafkaError, with the reasons as
    notes), and would leave its thread and its wires behind each time (3.0.12)."""
    inner: list[Any] = []
    log, heard = logging.getLogger("kafka.net.manager"), _Heard()

    def client(*arguments: Any, **config: Any) -> Any:
        inner.append(KafkaNetClient(*arguments, **config))
        return inner[-1]

    log.addHandler(heard)
    try:
        return kind(**options(brokers, name), kafka_client=client, **more)
    except BaseException as error:
        for one in inner:
            one.close()
        for reason in heard.reasons.values():
            error.add_note(reason)
        raise
    finally:
        log.removeHandler(heard)


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
        context.check_hostname = brokers.tls_hostname  # who signed it is verified either way
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
