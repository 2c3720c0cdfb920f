"""``touchline feed``: what feeds the engines, the ledger itself or Kafka."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from touchline.exits import Exit, Refused
from touchline.options import DATA, DatabaseOption, DataOption, JsonOption, say, show, table
from touchline.place import Place, place_of

feed = typer.Typer(help="引擎的数据来源。What feeds the engines: the ledger, or Kafka.", no_args_is_help=True)


def add(app: typer.Typer) -> None:
    app.add_typer(feed, name="feed")


@feed.command("show")
def shown(data: DataOption = DATA, database: DatabaseOption = "", as_json: JsonOption = False) -> None:
    """显示由谁判定、每个租户判定到哪里。Show what feeds the engines, and how far each tenant's has come.

    \b
    Example:
      touchline feed show --database postgresql://touchline@localhost/touchline --json
    """
    from ledger.feeding import feed_of
    from ledger.lanes import standings
    from touchline.library import Library

    with Library(place_of(data, database)) as library, library.ledger.database.read() as conn:
        name, standing = feed_of(conn), standings(conn)
        names = {tenant.number: tenant.name for tenant in library.ledger.tenants()}
    tenants = [
        {"tenant": names[one.tenant], "head": one.head, "decided": one.decided, "epoch": one.epoch}
        for one in standing
        if one.tenant in names
    ]
    if as_json:
        show({"feed": name, "tenants": tenants})
        return
    say(*WORDS[name])
    table(
        ("租户 tenant", "事实 head", "已判定 decided", "任次 epoch"),
        ([str(value) for value in one.values()] for one in tenants),
    )


@feed.command("use")
def use(
    name: Annotated[Literal["embedded", "kafka"], typer.Argument(help="embedded | kafka")],
    data: DataOption = DATA,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """改由 Kafka 工作进程判定，或改回服务进程自己判定（限 PostgreSQL）。服务不停，台账不动，判定结果不变。
    Move the engines of a PostgreSQL database to Kafka's workers, or back into the processes that serve. Nothing is stopped
    or converted: what ran before is fenced in the same transaction, and the others go on at the decided place.

    \b
    Example:
      touchline feed use kafka --database postgresql://touchline@localhost/touchline
    """
    place = place_of(data, database)
    was = _used(place, name)
    if as_json:
        show({"feed": name, "before": was})
    else:
        say(*WORDS[name])


WORDS = {
    "embedded": (
        "由服务进程自己判定（touchline up）。",
        "The processes that serve run the engines (touchline up).",
    ),
    "kafka": (
        "由 Kafka 工作进程判定（touchline worker，另需 touchline relay）。",
        "Kafka's workers run the engines (touchline worker; touchline relay carries the facts to them).",
    ),
}


def _used(place: Place, name: str) -> str:
    from pathlib import Path

    from ledger.feeding import use as change
    from touchline.house import House

    if isinstance(place, Path):
        raise Refused(
            Exit.USAGE,
            "数据目录只归一个进程，由它自己判定；Kafka 需要 PostgreSQL（--database）。",
            "A data folder belongs to one process, which runs its engines; Kafka needs PostgreSQL (--database).",
        )
    with House.open(place, create=False) as house:
        return house.writer.call(lambda conn: change(conn, name))
