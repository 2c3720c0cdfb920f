"""One subscriber process: whose events they become, where they are kept, signals, and its pulse."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from time import monotonic
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from ledger.brokers import Brokers
from ledger.errors import Busy, NotKept, Stopped, trouble
from ledger.ledger import Ledger
from ledger.timeline import timelines
from producers.inbox.taking import Taken, take
from producers.records import Delivery
from producers.subscriber import NotNow, Subscriber
from touchline import logs, telemetry
from touchline.admin import HouseAdmin
from touchline.choosing import only_tenant
from touchline.desk import server_of
from touchline.exits import Exit, Refused
from touchline.house import House
from touchline.library import Library
from touchline.options import say
from touchline.place import Place
from touchline.pulse import Pulse
from touchline.settings import Settings

Take = Callable[[Sequence[Delivery]], Taken]
STALLED = 60.0
"""Seconds since it last came round, after which ``/healthz`` says that it hangs."""


def subscribe(
    place: Place,
    settings: Settings,
    brokers: Brokers,
    topics: Sequence[str],
    source: str,
    tenant: str,
    group: str,
    session: float,
    metrics: tuple[str, int],
) -> Taken:
    """Returns after Ctrl-C or SIGTERM. ``metrics``: where its pulse is felt; port 0 for none. Raises Refused."""
    logs.configure(settings.log_format)
    if ours := {brokers.facts, brokers.verdicts} & set(topics):
        raise Refused(
            Exit.USAGE,
            f"{'、'.join(ours)} 是台账自己的主题，不能再收进来。",
            f"{', '.join(ours)}: this ledger's own topic would be taken into itself.",
        )
    HouseAdmin.a_source(source)
    with ExitStack() as rooms:
        rooms.callback(telemetry.start("touchline-subscriber"))
        if isinstance(place, Path):
            whose, usual = _named(place, tenant, source)
            keep = _through_the_server(place, whose, source)
        else:
            house = rooms.enter_context(House.open(place, settings, create=False))
            found = only_tenant(house.ledger, tenant)
            usual = group_of(house.ledger, source)
            keep = _here(house, found.name, source)
        running = Subscriber(brokers, topics, group or usual, keep, session)
        if metrics[1]:
            rooms.callback(Pulse(running.meters.registry, lambda: health(running), *metrics).close)
        for number in (signal.SIGINT, signal.SIGTERM):
            before = signal.signal(number, lambda *_: running.stop())
            rooms.callback(signal.signal, number, before)
        say(
            f"正在接收 {'、'.join(topics)}，来源 {source}，消费组 {group or usual}",
            f"Taking {', '.join(topics)} in as {source}, group {group or usual} (Ctrl-C 结束 ends it)",
        )
        running.run()
    say("已停止接收。", "Stopped.")
    return running.taken


def group_of(ledger: Ledger, source: str) -> str:
    """Of this ledger and this source alone; after a restore another, which begins at the beginning: what was taken after the
    backup was made is delivered once more."""
    with ledger.database.read() as conn:
        life = timelines(conn, ledger.database.ledger_id).current
    return f"touchline.{life}.{source}"


def _named(folder: Path, tenant: str, source: str) -> tuple[str, str]:
    if server_of(folder) is None:
        raise Refused(
            Exit.UNAVAILABLE,
            "数据目录只归一个进程所有：请先启动 touchline up，记录经由它写入。",
            "One process owns a data folder: start touchline up first, records are kept through it.",
        )
    with Library(folder) as library:
        return only_tenant(library.ledger, tenant).name, group_of(library.ledger, source)


def _through_the_server(folder: Path, tenant: str, source: str) -> Take:
    def keep(deliveries: Sequence[Delivery]) -> Taken:
        from http.client import HTTPException

        asked: dict[str, Any] = {
            "tenant": tenant,
            "source": source,
            "deliveries": [one.plain() for one in deliveries],
        }
        try:
            counter = server_of(folder)
            if counter is None:
                raise NotNow("the server is away")
            return Taken(**counter.perform("kafka.take", asked))
        except (OSError, HTTPException) as error:
            raise NotNow(f"the server is away ({type(error).__name__})") from None
        except Refused as error:
            if error.code is Exit.UNAVAILABLE:
                raise NotNow(error.en) from None
            raise

    return keep


def _here(house: House, tenant: str, source: str) -> Take:
    longest = house.settings.body_limit

    def keep(deliveries: Sequence[Delivery]) -> Taken:
        try:
            found = house.ledger.tenant(tenant)
            return take(house.intake, house.inbox.letters, found, source, deliveries, longest)
        except (Busy, NotKept, Stopped, TimeoutError) as error:
            raise NotNow(str(error) or type(error).__name__) from None
        except (DBAPIError, NoConnectionFree) as error:
            if why := trouble(error):
                raise NotNow(why) from None
            raise

    return keep


def health(running: Subscriber) -> tuple[int, dict[str, object]]:
    """Waiting for Kafka or the ledger is well: a restart would help neither."""
    age = monotonic() - running.turned
    told = {"age_seconds": round(age, 3)}
    return (200, {"status": "ok", **told}) if age < STALLED else (503, {"status": "stalled", **told})
