"""``touchline clock``: what to do when the machine's clock was moved."""

from __future__ import annotations

import typer

from touchline.exits import Exit, Refused
from touchline.options import DATA, DatabaseOption, DataOption, JsonOption, say, show
from touchline.place import place_of

clock = typer.Typer(help="时钟。The machine's clock, when it was moved.", no_args_is_help=True)


def add(app: typer.Typer) -> None:
    app.add_typer(clock, name="clock")


@clock.command("accept")
def accept(data: DataOption = DATA, database: DatabaseOption = "", as_json: JsonOption = False) -> None:
    """认可被调整过的系统时钟：服务器立即恢复时限判定，不再等 60 秒。Accept a clock that was moved: the running server goes on
    concluding deadlines at once instead of after 60 s of agreement.

    \b
    Example:
      touchline clock accept
    """
    from touchline.desk import server_of

    counter = server_of(place_of(data, database))
    if counter is None:
        raise Refused(
            Exit.UNAVAILABLE,
            "这个数据目录上没有运行中的服务器，无须认可时钟；PostgreSQL 上请重启该进程或等 60 秒。",
            "No server runs on this folder, so there is no doubt to settle; on PostgreSQL start the process in doubt again, "
            "or wait for 60 s of agreement.",
        )
    done = counter.perform("clock.accept", {})
    if as_json:
        show(done)
    else:
        say("时钟已认可。", "The clock is accepted.")
