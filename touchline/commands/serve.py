"""``touchline up`` and ``touchline demo``: the server."""

from __future__ import annotations

from typing import Annotated

import typer

from touchline.door import listening
from touchline.options import DATA, DatabaseOption, DataOption
from touchline.place import place_of

PortOption = Annotated[
    int, typer.Option("--port", min=0, max=65535, help="端口；0 为任一空闲端口 0: any free one")
]
PORT = 8311


def add(app: typer.Typer) -> None:
    app.command("up")(up)
    app.command("demo")(demo)


def up(
    port: PortOption = PORT,
    host: Annotated[
        str,
        typer.Option(
            "--host",
            help="监听的地址；本机以外须设 beyond loopback needs TOUCHLINE_BIND_BEYOND_LOOPBACK=yes",
        ),
    ] = "127.0.0.1",
    alerts: Annotated[
        bool,
        typer.Option(
            "--alerts/--no-alerts",
            help="是否由本进程发出提醒 --no-alerts: touchline alerts sends them, from a process of its own",
        ),
    ] = True,
    data: DataOption = DATA,
    database: DatabaseOption = "",
) -> None:
    """启动服务：接口、看板、判定引擎和提醒，一个进程。Serve API, pages, engine and alerts in one process; Ctrl-C ends it.
    同一个 PostgreSQL 上可以开几个。Several may run on one PostgreSQL.

    \b
    Example:
      touchline up --port 8311 --data data
      touchline up --port 8311 --database postgresql://touchline@localhost/touchline
    """
    with listening(host, port) as door:
        from touchline.serving import serve

        serve(place_of(data, database), door, alerts=alerts)


def demo(port: PortOption = PORT, data: DataOption = DATA) -> None:
    """演示：云栖花园七天的触点，然后实时继续。Seven days of an invented estate in seconds, then it goes on in real time.

    \b
    Example:
      touchline demo --port 8311
    """
    with listening("127.0.0.1", port) as door:
        from touchline.demo import run

        run(data, door)
