"""``touchline events``: the language, for whoever writes a connector."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from touchline.options import DATA, JsonOption, NoDataOption, show, table

events = typer.Typer(help="事件目录。The event types and an example of each.", no_args_is_help=True)

_POINTERS = ("correctssourceid",)
"""What names another example, which keeps its own id and date."""


def add(app: typer.Typer) -> None:
    app.add_typer(events, name="events")


@events.command("list")
def list_types(data: NoDataOption = DATA, as_json: JsonOption = False) -> None:
    """列出事件类型。List the event types.

    \b
    Example:
      touchline events list --json
    """
    from schemas.catalogue import CATALOGUE

    kinds = sorted(CATALOGUE.values(), key=lambda kind: kind.name)
    if as_json:
        show(
            [
                {
                    "type": kind.name,
                    "version": kind.version,
                    "zh": kind.zh,
                    "en": kind.en,
                    "case": kind.case,
                    "writer": kind.writer,
                    "meaning": kind.doc,
                }
                for kind in kinds
            ]
        )
        return
    table(
        ("类型 type", "名称", "name", "事项 case", "写入者 writer"),
        ((kind.name, kind.zh, kind.en, kind.case, kind.writer) for kind in kinds),
    )


@events.command("example")
def example(
    type_name: Annotated[str, typer.Argument(metavar="TYPE", help="事件类型 e.g. complaint.received")],
    now: Annotated[
        bool,
        typer.Option(
            "--now",
            help="时间为现在，编号、工单号、same_problem_key 全新，再发一次不算重复投诉 "
            "dated now, under a fresh id, ticket and same_problem_key: another one is no repeated complaint",
        ),
    ] = False,
    pretty: Annotated[bool, typer.Option("--pretty", help="分行缩进 indented; no longer one line")] = False,
    data: NoDataOption = DATA,
) -> None:
    """打印一条可原样提交的示例事件（一行）；再发一次不会重复登记。Print an event that can be posted as it is, on one line; sent
    again it is kept once.

    \b
    Example:
      touchline events example complaint.received --now | touchline append --source call-centre
    """
    from uuid import uuid4

    from ledger.clock import SystemClock
    from schemas.catalogue import CATALOGUE, UnknownType
    from schemas.catalogue import example as made
    from touchline.exits import Exit, Refused

    known = CATALOGUE.get(type_name)
    if known is not None and known.writer == "engine":
        raise Refused(
            Exit.USAGE,
            f"{type_name}（{known.zh}）只由判定引擎写入，没有可上报的示例。",
            f"{type_name} is written by the engine alone; there is nothing to post.",
        )
    try:
        event = made(type_name)
        if now:
            pointed = {name: event[name] for name in _POINTERS if name in event}
            fresh = uuid4().hex[:12]
            event = made(type_name, SystemClock().now(), f"{event['id']}-{fresh}") | pointed
            if CATALOGUE[type_name].case == "opens" and "ticket" in event:
                event["ticket"] += f"-{fresh}"
            if (
                "same_problem_key" in event["data"]
            ):  # else the second one posted is a repeated complaint, and rings
                event["data"]["same_problem_key"] += f"/{fresh}"
    except UnknownType as error:
        raise Refused(
            Exit.UNKNOWN, f"没有事件类型 {type_name}（touchline events list）。", f"{error}."
        ) from None
    print(json.dumps(event, ensure_ascii=False, indent=2 if pretty else None))
