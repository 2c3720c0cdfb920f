"""``touchline subscribe``: events of other systems' Kafka topics into the intake."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from touchline.commands.kafka import KafkaOption
from touchline.options import (
    DATA,
    DatabaseOption,
    DataOption,
    JsonOption,
    MetricsHostOption,
    TenantOption,
    say,
    show,
)
from touchline.place import folder_of, place_of


def add(app: typer.Typer) -> None:
    app.command("subscribe")(subscribe)


def subscribe(
    topics: Annotated[
        list[str], typer.Option("--topic", help="主题，可写多个 a topic, may be given several times")
    ],
    source: Annotated[str, typer.Option("--source", "-s", help="记作此来源 the source that they become")],
    group: Annotated[
        str,
        typer.Option("--group", help="消费组；默认按台账和来源取名 consumer group, by ledger and source"),
    ] = "",
    session: Annotated[
        float,
        typer.Option(
            "--session",
            min=1,
            max=300,
            help="失联几秒后分区转给别的进程 seconds of silence before others take over",
        ),
    ] = 10.0,
    metrics_port: Annotated[
        int,
        typer.Option("--metrics-port", min=0, max=65535, help="指标端口；0 为不开 figures; 0: none"),
    ] = 9468,
    metrics_host: MetricsHostOption = "127.0.0.1",
    servers: KafkaOption = "",
    tenant: TenantOption = "",
    data: DataOption = DATA,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """从别的系统的 Kafka 主题接收 CloudEvents（结构化或二进制模式），与 POST /events 同样校验；不是事件的、被拒绝的记为死信
    （touchline dead）。先入账，后提交位点：断电、再均衡只会重复送达，不会重复入账，也不遗漏。数据目录须有 touchline up 运行。
    Take CloudEvents, structured or binary, from other systems' Kafka topics, checked as by POST /events; what is no event, or
    is refused, becomes a dead letter. Offsets are committed after the ledger's. A data folder needs touchline up running.

    \b
    Example:
      touchline subscribe --topic crm.tickets --source crm --kafka localhost:9092 --database postgresql://touchline@localhost/t
    """
    from touchline.brokers import brokers_of, kafka_answers
    from touchline.settings import Settings

    place = place_of(data, database)
    settings = Settings.of(folder_of(place))
    brokers = brokers_of(settings, servers)
    with kafka_answers(brokers):
        from touchline.subscribing import subscribe as run

        done = run(
            place, settings, brokers, topics, source, tenant, group, session, (metrics_host, metrics_port)
        )
    if as_json:
        show(asdict(done))
    else:
        say(
            f"收到 {done.received}：入账 {done.kept}，重复 {done.duplicates}，死信 {done.dead}。",
            f"{done.received} received: {done.kept} kept, {done.duplicates} duplicates, {done.dead} dead letters.",
        )
