"""One relay process: signals, figures on loopback, and what it says when it may not publish."""

from __future__ import annotations

import signal

import structlog
from prometheus_client import start_http_server

from ledger.brokers import Brokers
from ledger.postgres import PostgresDatabase
from producers.relay import Relay
from producers.relay_check import OtherLife
from producers.relay_lane import Gap
from touchline import logs
from touchline.exits import Exit, Refused
from touchline.options import say
from touchline.place import Shared, open_database
from touchline.settings import Settings


def relay(place: Shared, settings: Settings, brokers: Brokers, port: int) -> None:
    """Returns after Ctrl-C or SIGTERM. ``port`` of 127.0.0.1 for the figures, 0 for none."""
    logs.configure(settings.log_format)
    database = open_database(place, create=False)
    assert isinstance(database, PostgresDatabase)
    before = {}
    try:
        running = Relay(database, brokers)
        server = None
        if port:
            try:
                server, _ = start_http_server(port, "127.0.0.1", running.meters.registry)
            except OSError:
                raise Refused(
                    Exit.UNAVAILABLE,
                    f"端口 {port} 已被占用。",
                    f"Port {port} is taken: name another, or 0 for none.",
                ) from None
        try:
            for number in (signal.SIGINT, signal.SIGTERM):
                before[number] = signal.signal(number, lambda *_: running.stop())
            say(f"正在转发到 Kafka {', '.join(brokers.servers)}", "Relaying (Ctrl-C 结束 ends it)")
            running.run()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            if server is not None:
                server.shutdown()
                server.server_close()
    except OtherLife as error:
        structlog.get_logger("relay").error("refused", detail=str(error))
        raise Refused(
            Exit.NOT_SO,
            f"主题里是另一条时间线或另一本台账，未转发：{error}。若恢复过备份，请用 TOUCHLINE_KAFKA_TOPICS 另取主题名并执行 "
            "touchline kafka init。",
            f"Nothing was published, for the topic tells another life or another ledger: {error}. After a restore give this "
            "ledger topics of its own (TOUCHLINE_KAFKA_TOPICS), make them with touchline kafka init, and start again.",
        ) from None
    except Gap as error:
        raise Refused(
            Exit.NOT_SO, f"台账缺号：{error}。请执行 touchline verify。", f"{error}: {Gap.__doc__}"
        ) from None
    finally:
        database.close()
    say("已停止转发。", "Stopped.")
