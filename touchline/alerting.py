"""One process that sends alerts and nothing else, beside gateways that do not (``touchline up --no-alerts``)."""

from __future__ import annotations

import signal
import threading
from contextlib import ExitStack

from prometheus_client import CollectorRegistry

from alerts.meters import AlertMeters
from alerts.service import Alerts
from alerts.settings import BadSettings
from ledger.leases import ALERTS, Turn
from ledger.timeline import refuse_a_backup
from touchline import logs, telemetry
from touchline.exits import Exit, Refused
from touchline.options import say
from touchline.place import Shared
from touchline.pulse import Pulse
from touchline.settings import Settings
from touchline.wing import Wing, opened

STUCK = 60.0
"""Seconds for which something may keep it from going on before ``/healthz`` says so."""


def ring(place: Shared, settings: Settings, host: str, port: int) -> None:
    """Returns after SIGTERM or SIGINT, with the call under way finished and the turn given up. ``port`` 0: no pulse."""
    logs.configure(settings.log_format)
    ended = threading.Event()
    before = {n: signal.signal(n, lambda *_: ended.set()) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        with ExitStack() as rooms:
            rooms.callback(telemetry.start("touchline-alerts"))
            wing = opened(place, rooms)
            refuse_a_backup(wing.database)
            alerts = _alerts(wing, settings)
            if port:
                registry = CollectorRegistry()
                registry.register(AlertMeters(alerts, wing.database, wing.ledger))
                rooms.callback(Pulse(registry, lambda: health(alerts), host, port).close)
            alerts.start()
            rooms.callback(alerts.stop)
            say(
                "提醒进程已启动" + ("。" if alerts.ringing else "，另一进程正在发送，待命。"),
                "Alerts are watched.",
            )
            ended.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    say("提醒进程已停止。", "Alerts have stopped.")


def _alerts(wing: Wing, settings: Settings) -> Alerts:
    try:
        return Alerts(
            wing.database,
            wing.writer,
            wing.ledger,
            wing.clock,
            settings.alerts(settings.public_url),
            listen=lambda heard: wing.writer.listen(lambda: heard(0)),
            turn=Turn(wing.writer, ALERTS),
        )
    except BadSettings as error:
        raise Refused(Exit.USAGE, "提醒通道的设置不对。", f"{error}.") from None


def health(alerts: Alerts) -> tuple[int, dict[str, object]]:
    """Standing by is well; so is a trouble that has not lasted."""
    stuck = alerts.held_up()
    told = {"ringing": alerts.ringing, "problem": alerts.problem, "held_up_seconds": round(stuck, 3)}
    return (200, {"status": "ok", **told}) if stuck < STUCK else (503, {"status": "stuck", **told})
