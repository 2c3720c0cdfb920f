"""Kafka as the settings name it; and what its clients say when it does not answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ledger.brokers import Brokers
from touchline.exits import Exit, Refused
from touchline.secret_files import read
from touchline.settings import Settings

CLIENTS = ("kafka", "faust", "mode", "aiokafka")
"""Modules that come with touchline[scale]."""


def brokers_of(settings: Settings, given: str = "") -> Brokers:
    """``given`` (host:port,…) instead of TOUCHLINE_KAFKA. Raises Refused, which never repeats a password."""
    servers = tuple(part.strip() for part in (given or settings.kafka).split(",") if part.strip())
    if not servers:
        raise Refused(
            Exit.USAGE,
            "没有指明 Kafka：请设 TOUCHLINE_KAFKA=主机:端口，或用 --kafka。",
            "No Kafka is named: set TOUCHLINE_KAFKA=host:port, or use --kafka.",
        )
    for server in servers:
        host, _, port = server.rpartition(":")
        if not host or not port.isascii() or not port.isdigit():
            raise Refused(
                Exit.USAGE, f"Kafka 地址须写成 主机:端口，而不是 {server}。", f"{server}: write host:port."
            )
    password = read(settings.kafka_password_file, "TOUCHLINE_KAFKA_PASSWORD_FILE").rstrip("\r\n")
    if settings.kafka_sasl and not (settings.kafka_user and password):
        raise Refused(
            Exit.USAGE,
            "TOUCHLINE_KAFKA_SASL 需要 TOUCHLINE_KAFKA_USER 和 TOUCHLINE_KAFKA_PASSWORD_FILE。",
            "TOUCHLINE_KAFKA_SASL needs TOUCHLINE_KAFKA_USER and TOUCHLINE_KAFKA_PASSWORD_FILE.",
        )
    for name in ("ca", "cert", "key"):
        read(getattr(settings, f"kafka_{name}_file"), f"TOUCHLINE_KAFKA_{name.upper()}_FILE")
    return Brokers(
        servers=servers,
        topics=settings.kafka_topics,
        tls=settings.kafka_tls,
        tls_hostname=settings.kafka_tls_hostname,
        ca_file=settings.kafka_ca_file,
        cert_file=settings.kafka_cert_file,
        key_file=settings.kafka_key_file,
        mechanism=settings.kafka_sasl,
        user=settings.kafka_user,
        password=password,
    )


def no_client(error: ModuleNotFoundError) -> Exception:
    """What to raise where a client's module is missing; the error itself, where it is another's."""
    if (error.name or "").partition(".")[0] not in CLIENTS:
        return error
    return Refused(
        Exit.UNAVAILABLE,
        "没有安装 Kafka 客户端：pip install 'touchline[scale]'。",
        "The Kafka client is not installed: pip install 'touchline[scale]'.",
    )


@contextmanager
def kafka_answers(brokers: Brokers) -> Iterator[None]:
    """Raises Refused where the client is not installed, Kafka is away, or it does not let us."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise no_client(error) from None
    except Exception as error:
        if not type(error).__module__.startswith(("kafka.", "ssl")):
            raise
        from producers.kafka_clients import why

        unanswered = type(error).__name__ == "KafkaTimeoutError"
        raise Refused(
            Exit.UNAVAILABLE,
            f"Kafka（{', '.join(brokers.servers)}）没有照办。"
            + unanswered * "若它在运行，请核对 TLS 与 SASL 的设置。",
            f"Kafka at {', '.join(brokers.servers)}: {why(error)}."
            + unanswered * " If it runs, look at the settings of TLS and SASL.",
        ) from None
