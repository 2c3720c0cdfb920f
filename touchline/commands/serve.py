"""``touchline up`` and ``touchline demo``: the server."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Annotated

import typer

from touchline.door import listening
from touchline.exits import Exit, Refused
from touchline.options import DATA, DatabaseOption, DataOption
from touchline.place import Place, place_of

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
    place = place_of(data, database)
    with _door(host, port, place) as door:
        from touchline.serving import serve

        serve(place, door, alerts=alerts)


def demo(port: PortOption = PORT, data: DataOption = DATA) -> None:
    """演示：云栖花园七天的触点，然后实时继续。Seven days of an invented estate in seconds, then it goes on in real time.

    \b
    Example:
      touchline demo --port 8311
    """
    with _door("127.0.0.1", port, data) as door:
        from touchline.demo import run

        run(data, door)


def _door(host: str, port: int, place: Place) -> socket.socket:
    """The port. Raises Refused. Where this folder is served already that is said first: another port would not help."""
    try:
        return listening(host, port)
    except Refused as refused:
        if refused.code != Exit.UNAVAILABLE or not isinstance(place, Path):
            raise
        from ledger.folder import read_server
        from touchline.desk import server_of

        served = read_server(place)
        if served is None or server_of(place) is None:
            raise
        raise Refused(
            Exit.UNAVAILABLE,
            f"数据目录 {place} 已有服务：{served.url}（进程 {served.pid}）。打开它，或先结束它。",
            f"The data folder {place} is served already: {served.url}, process {served.pid}. Open that, or end it first.",
        ) from None
