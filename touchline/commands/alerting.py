"""``touchline alerts``: alerts from a process of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from touchline.exits import Exit, Refused
from touchline.options import DATA, DatabaseOption, DataOption, MetricsHostOption
from touchline.place import folder_of, place_of


def add(app: typer.Typer) -> None:
    app.command("alerts")(alerts)


def alerts(
    metrics_port: Annotated[
        int,
        typer.Option("--metrics-port", min=0, max=65535, help="指标端口；0 为不开 figures; 0: none"),
    ] = 9467,
    metrics_host: MetricsHostOption = "127.0.0.1",
    data: DataOption = DATA,
    database: DatabaseOption = "",
) -> None:
    """由单独的进程发出提醒（只限 PostgreSQL）；可开几个，只有一个在发送，它停了另一个接着发。服务进程用 up --no-alerts。
    Send alerts from a process of its own, on PostgreSQL, beside gateways that were started with --no-alerts. Of several one is
    at work, and when it falls another goes on, so that nobody is told twice.

    \b
    Example:
      touchline alerts --database postgresql://touchline@localhost/touchline
    """
    place = place_of(data, database)
    if isinstance(place, Path):
        raise Refused(
            Exit.USAGE,
            "单独的提醒进程需要 PostgreSQL（--database）；数据目录只归一个进程，由它自己发出提醒。",
            "Alerts of their own need PostgreSQL (--database): a data folder belongs to one process, which sends them itself.",
        )
    from touchline.alerting import ring
    from touchline.settings import Settings

    ring(place, Settings.of(folder_of(place)), metrics_host, metrics_port)
