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
        str, typer.Option("--host", help="目前只接受本机地址 loopback only, for now")
    ] = "127.0.0.1",
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

        serve(place_of(data, database), door)


def demo(port: PortOption = PORT, data: DataOption = DATA) -> None:
    """演示：云栖花园七天的触点，然后实时继续。Seven days of an invented estate in seconds, then it goes on in real time.

    \b
    Example:
      touchline demo --port 8311
    """
    with listening("127.0.0.1", port) as door:
        from touchline.demo import run

        run(data, door)
