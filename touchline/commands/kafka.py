"""``touchline kafka``: the two topics that carry the ledger to other machines."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from touchline.exits import Exit, Refused
from touchline.options import (
    DATA,
    DatabaseOption,
    DataOption,
    JsonOption,
    MetricsHostOption,
    say,
    show,
    table,
)
from touchline.place import folder_of, open_database, place_of

kafka = typer.Typer(help="Kafka 主题。The topics that carry the ledger.", no_args_is_help=True)
KafkaOption = Annotated[
    str, typer.Option("--kafka", metavar="HOST:PORT", help="代替 TOUCHLINE_KAFKA instead of TOUCHLINE_KAFKA")
]


def add(app: typer.Typer) -> None:
    app.add_typer(kafka, name="kafka")
    app.command("relay")(relay)


def relay(
    metrics_port: Annotated[
        int,
        typer.Option("--metrics-port", min=0, max=65535, help="指标端口；0 为不开 figures; 0: none"),
    ] = 9465,
    metrics_host: MetricsHostOption = "127.0.0.1",
    servers: KafkaOption = "",
    data: DataOption = DATA,
    database: DatabaseOption = "",
) -> None:
    """把台账两条线转发到 Kafka（只限 PostgreSQL 上的台账）；可在多台机器上各开一个，一个停了另一个接着转。
    Publish both lanes of every tenant to Kafka, from a ledger on PostgreSQL. Start one on each of several machines: one of
    them publishes a tenant, and when it falls another goes on. It waits out whatever is away, Kafka or the database.

    \b
    Example:
      touchline relay --kafka localhost:9092 --database postgresql://touchline@localhost/touchline
    """
    from touchline.brokers import brokers_of, kafka_answers
    from touchline.place import Shared
    from touchline.settings import Settings

    place = place_of(data, database)
    if not isinstance(place, Shared):
        raise Refused(
            Exit.USAGE,
            "转发需要 PostgreSQL 上的台账：数据目录只归一个进程所有。先用 touchline ledger copy 搬过去。",
            "The relay needs a ledger on PostgreSQL (--database): a data folder belongs to one process. "
            "Move it with touchline ledger copy.",
        )
    settings = Settings.of(folder_of(place))
    brokers = brokers_of(settings, servers)
    with kafka_answers(brokers):
        from touchline.relaying import relay as run

        run(place, settings, brokers, (metrics_host, metrics_port))


@kafka.command("init")
def init(
    partitions: Annotated[
        int, typer.Option("--partitions", min=0, help="分区数；0：比租户多备几个 0: some more than tenants")
    ] = 0,
    servers: KafkaOption = "",
    data: DataOption = DATA,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """建立或扩充 touchline.facts 与 touchline.verdicts：租户 n 用分区 n-1；设置不对则改正，分区只增不减。
    登记新租户后再执行一次即可。
    Make or grow the two topics: tenant n has partition n-1. Settings that are wrong are set right; partitions are never taken
    away. Run it again after adding tenants; doing it twice changes nothing.

    \b
    Example:
      touchline kafka init --kafka localhost:9092 --database postgresql://touchline@localhost/touchline
    """
    tenants, brokers = _asked(data, database, servers)
    from touchline.brokers import kafka_answers

    with kafka_answers(brokers):
        from producers.topics import WrongCount, topics_of

        try:
            with topics_of(brokers) as topics:
                made = topics.init(tenants, partitions)
        except WrongCount as error:
            raise Refused(
                Exit.USAGE, "分区只增不减，每个租户要有自己的分区。", f"{error}; {WrongCount.__doc__}"
            ) from None
    _show(made, [], as_json)


@kafka.command("check")
def check(
    servers: KafkaOption = "",
    data: DataOption = DATA,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """核对两个主题：分区够不够、副本是否同步、设置对不对。Look at both topics: partitions, copies in step, settings.
    Ends with 1 where something is wrong.

    \b
    Example:
      touchline kafka check --kafka localhost:9092 --json
    """
    tenants, brokers = _asked(data, database, servers)
    from touchline.brokers import kafka_answers

    with kafka_answers(brokers):
        from producers.topics import topics_of

        with topics_of(brokers) as topics:
            found, wrong = topics.check(tenants)
    _show(found, wrong, as_json)
    if wrong:
        raise typer.Exit(Exit.NOT_SO)


def _asked(data: Path, database: str, servers: str) -> tuple[int, Any]:
    """(number of the last tenant, where Kafka is)"""
    from ledger.tenants import listed
    from touchline.brokers import brokers_of
    from touchline.settings import Settings

    place = place_of(data, database)
    brokers = brokers_of(Settings.of(folder_of(place)), servers)
    opened = open_database(place, create=False, writing=False)
    try:
        with opened.read() as connection:
            return max((tenant.number for tenant in listed(connection)), default=0), brokers
    finally:
        opened.close(checkpoint=False)


def _show(topics: Any, wrong: Any, as_json: bool) -> None:
    shown = ("retention.ms", "max.message.bytes", "min.insync.replicas", "message.timestamp.type")
    if as_json:
        rows = [asdict(topic) for topic in topics]
        for row in rows:
            row["settings"] = {key: value for key, value in row["settings"].items() if key in shown}
        show({"topics": rows, "wrong": [asdict(one) for one in wrong]})
        return
    head = ("主题 topic", "分区 partitions", "副本 copies", "同步 in step", *shown)
    table(
        head,
        [
            (
                t.name,
                str(t.partitions),
                str(t.copies),
                str(t.least),
                *(t.settings.get(key, "") for key in shown),
            )
            for t in topics
        ],
    )
    for one in wrong:
        say(f"{one.topic}：{one.zh}。", f"{one.topic}: {one.en}.")
