"""``touchline parked``: events that a rule failed on, and giving them to it again after a fix."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from touchline.exits import Exit, Refused
from touchline.options import DATA, DatabaseOption, DataOption, JsonOption, TenantOption, say, show, table
from touchline.place import place_of

parked = typer.Typer(help="暂停处理：规则未能处理的事件。Events that a rule failed on.", no_args_is_help=True)
EventArgument = Annotated[str, typer.Argument(metavar="EVENT", help="事件编号 the event id")]
RuleOption = Annotated[
    str, typer.Option("--rule", help="规则；只有一条时可省略 may be left out where there is one")
]


def add(app: typer.Typer) -> None:
    app.add_typer(parked, name="parked")


@parked.command("list")
def list_(
    tenant: TenantOption = "",
    data: DataOption = DATA,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """按记录先后列出暂停处理的事件。What is parked, in the order in which it was recorded. With a scope (范围) that one stands
    still, and the event is the newest in it; else the event is kept out.

    \b
    Example:
      touchline parked list
    """
    found = _listed(data, database, tenant)
    if as_json:
        show(found)
    elif found:
        headings = (
            "事件 event",
            "规则 rule",
            "错误 error",
            "类型 type",
            "暂停于 parked",
            "事项 case",
            "范围 scope",
        )
        names = ("event_id", "rule", "error", "type", "parked", "case_id", "scope")
        rows = [tuple(p[name] or "" for name in names) for p in found]
        table(headings, rows)
    else:
        say("没有暂停处理的事件。", "Nothing is parked.")


@parked.command("show")
def show_(
    event: EventArgument,
    rule: RuleOption = "",
    tenant: TenantOption = "",
    data: DataOption = DATA,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """一个暂停处理的事件及其原因。What is parked of one event, and why: the class of the error, never its text, which may
    hold anything; the rest stands in the case (touchline case show).

    \b
    Example:
      touchline parked show 5d0f6a52-6c9e-5b0b-9a3f-0e6a0a0f9f51
    """
    found = _of(_listed(data, database, tenant), event, rule)
    if as_json:
        show(found)
        return
    for one in found:
        print("\n".join(f"{name}: {value}" for name, value in one.items()))


@parked.command("resume")
def resume(
    event: Annotated[str, typer.Argument(metavar="[EVENT]", help="事件编号 the event id")] = "",
    rule: RuleOption = "",
    everything: Annotated[
        bool, typer.Option("--all", help="全部，按记录先后 all of them, in the order recorded")
    ] = False,
    by: Annotated[str, typer.Option("--by", help="经办人代码 who has it done")] = "",
    tenant: TenantOption = "",
    data: DataOption = DATA,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """修正规则后恢复处理；再次失败会再次列出。Give it to its rule again, after the rule was mended; a fact says so, and its
    evidence then stands in its place in time, and scopes that stand still on it go on. What fails again is parked again.

    \b
    Example:
      touchline parked resume --all --by it-007
    """
    from touchline.desk import desk

    if bool(event) == everything:
        raise Refused(Exit.USAGE, "请给事件编号，或 --all。", "Name an event, or --all.")
    place = place_of(data, database)
    found = _listed(data, database, tenant)
    chosen = found if everything else _of(found, event, rule)
    places: list[Any] = []
    if chosen:
        pairs = [[one["event_id"], one["rule"]] for one in chosen]
        with desk(place) as counter:
            places = counter.perform("parked.resume", {"tenant": tenant, "events": pairs, "by": by})
    if as_json:
        show([{**one, "resumed": at} for one, at in zip(chosen, places, strict=True)])
    else:
        say(
            f"已恢复 {len(chosen)} 个。",
            f"{len(chosen)} resumed; touchline parked list shows what failed again.",
        )


def _listed(data: Path, database: str, tenant: str) -> list[dict[str, Any]]:
    from touchline.library import Library

    with Library(place_of(data, database)) as library:
        return library.reading.engine.parked_list(library.tenant(tenant))


def _of(found: list[dict[str, Any]], event: str, rule: str) -> list[dict[str, Any]]:
    """Of one event, and of one rule where it is named. Raises Refused."""
    chosen = [one for one in found if one["event_id"] == event and rule in ("", one["rule"])]
    if not chosen:
        raise Refused(Exit.UNKNOWN, "该事件没有暂停处理。", f"Nothing is parked of event {event}.")
    return chosen
