"""One relay process: signals, figures on loopback, and what it says when it may not publish."""

from __future__ import annotations

import signal
from time import monotonic

import structlog

from ledger.brokers import Brokers
from ledger.postgres import PostgresDatabase
from producers.relay import Relay
from producers.relay_check import OtherLife
from producers.relay_lane import Gap
from touchline import logs, telemetry
from touchline.exits import Exit, Refused
from touchline.options import say
from touchline.place import Shared, open_database
from touchline.pulse import Pulse
from touchline.settings import Settings

STALLED = 60.0
"""Seconds since the relay last came round, after which ``/healthz`` says that it hangs."""


def relay(place: Shared, settings: Settings, brokers: Brokers, metrics: tuple[str, int]) -> None:
    """Returns after Ctrl-C or SIGTERM. ``metrics``: where its pulse is felt; port 0 for none."""
    logs.configure(settings.log_format)
    sent = telemetry.start("touchline-relay")
    database = open_database(place, create=False)
    assert isinstance(database, PostgresDatabase)
    before = {}
    try:
        running = Relay(database, brokers)
        pulse = Pulse(running.meters.registry, lambda: health(running), *metrics) if metrics[1] else None
        try:
            for number in (signal.SIGINT, signal.SIGTERM):
                before[number] = signal.signal(number, lambda *_: running.stop())
            say(f"正在转发到 Kafka {', '.join(brokers.servers)}", "Relaying (Ctrl-C 结束 ends it)")
            running.run()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            if pulse is not None:
                pulse.close()
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
        sent()
    say("已停止转发。", "Stopped.")


def health(running: Relay) -> tuple[int, dict[str, object]]:
    """Waiting for Kafka or the database is well, and so is standing by: a restart would help neither."""
    age = monotonic() - running.turned
    told = {"age_seconds": round(age, 3)}
    return (200, {"status": "ok", **told}) if age < STALLED else (503, {"status": "stalled", **told})
