"""``touchline worker``: engines on other machines, fed by Kafka."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from touchline.exits import Exit, Refused
from touchline.options import DATA, DatabaseOption, DataOption, MetricsHostOption
from touchline.place import folder_of, place_of


def add(app: typer.Typer) -> None:
    app.command("worker")(worker)


def worker(
    runner: Annotated[
        Literal["faust", "kafka-python"],
        typer.Option("--runner", help="哪个 Kafka 客户端 which Kafka client"),
    ] = "faust",
    metrics_port: Annotated[
        int,
        typer.Option("--metrics-port", min=0, max=65535, help="指标端口；0 为不开 figures; 0: none"),
    ] = 9466,
    metrics_host: MetricsHostOption = "127.0.0.1",
    session: Annotated[
        float,
        typer.Option(
            "--session",
            min=1.0,
            max=60.0,
            help="静默多少秒后由他人接手 seconds of silence until others take over",
        ),
    ] = 6.0,
    servers: Annotated[
        str,
        typer.Option("--kafka", metavar="HOST:PORT", help="代替 TOUCHLINE_KAFKA instead of TOUCHLINE_KAFKA"),
    ] = "",
    data: DataOption = DATA,
    database: DatabaseOption = "",
) -> None:
    """在多台机器上判定：Kafka 把租户分给各工作进程并送来事实，与台账核对，不符即读台账。先执行 touchline feed use kafka。
    Run engines on as many machines as there are tenants to share: Kafka assigns tenants and brings their facts, which are
    checked against the ledger. Let a supervisor restart it: it ends with 75 when its tenants were taken over behind its back,
    and with another code than 0 on any error.

    \b
    Example:
      touchline worker --kafka localhost:9092 --database postgresql://touchline@localhost/touchline
    """
    from touchline.brokers import brokers_of
    from touchline.settings import Settings

    place = place_of(data, database)
    if isinstance(place, Path):
        raise Refused(
            Exit.USAGE,
            "工作进程需要 PostgreSQL（--database）。",
            "A worker needs PostgreSQL (--database): a data folder belongs to one process.",
        )
    brokers = brokers_of(Settings.of(folder_of(place)), servers)
    from touchline.working import work

    work(place, brokers, runner, (metrics_host, metrics_port), session)
