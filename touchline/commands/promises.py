"""``touchline promises`` and ``touchline explain``: running promises, and why each is due when it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from touchline.exits import Exit, Refused
from touchline.lists import everything
from touchline.options import (
    DATA,
    DatabaseOption,
    DataOption,
    JsonOption,
    TenantOption,
    named,
    one_of,
    show,
    table,
)
from touchline.place import place_of
from touchline.tickets import case_of

STATES = "open, met, late, cancelled, waived, unreached, superseded"
WALLS = (
    "pending, due_soon, breached, unconfirmed, undated, worklist, met, met_late, late_entry, retracted, cancelled, waived, "
    "unreached, superseded"
)
ROLES = {"T": "触发 trigger", "D": "履行 discharge", "W": "豁免 waiver"}
"""What the roles of evidence are called; a role that is not here shows its letter."""
FLAGS = {
    "born_late": "首次登记时已逾期 born late",
    "late_entry": "补录达标 late entry",
    "retracted": "超时已撤回 breach retracted",
    "paused": "暂停计时 paused",
}
"""What stands beside the word of the wall."""


def add(app: typer.Typer) -> None:
    app.command("promises")(promises)
    app.command("explain")(explain)


def promises(
    state: Annotated[str, typer.Option("--state", help=f"状态 {STATES}")] = "",
    wall: Annotated[str, typer.Option("--wall", help=f"看板栏 {WALLS}")] = "",
    case: Annotated[
        str,
        typer.Option("--case", help="只看一个事项：事项号，或投诉、报修编号 of one case: its id or ticket"),
    ] = "",
    tenant: TenantOption = "",
    data: DataOption = DATA,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """履约时限，按到期先后。Promises by due instant.

    \b
    Example:
      touchline promises --wall breached --json
    """
    from touchline.library import Library

    for option, text, known in (("--state", state, STATES), ("--wall", wall, WALLS)):
        if text:
            one_of(option, text, known)
    with Library(place_of(data, database)) as library:
        whose, asked = library.tenant(tenant), library.reading.promises
        case = case_of(library.reading.cases, whose, case) if case else ""
        where = {"state": state or None, "wall": wall or None, "case_id": case or None}
        found = everything(lambda limit, after: asked.find(whose, **where, limit=limit, after=after), "due")
        if case and not found and not library.reading.cases.place(whose, case)[0]:
            raise Refused(Exit.UNKNOWN, f"没有事项 {case}。", f"There is no case {case}.")
        tickets = {} if as_json else library.reading.cases.tickets(whose, {p["case_id"] or "" for p in found})
    if as_json:
        show(found)
    else:
        print_promises(found, tickets)


def print_promises(found: list[dict[str, Any]], tickets: Mapping[str, str]) -> None:
    """The promises as a table for people. ``tickets``: their sources' own numbers by case id, which people know them by."""
    table(
        (
            "履约 promise",
            "看板 wall",
            "备注 flags",
            "到期 due",
            "编号 ticket",
            "房号 house",
            "事项 case",
            "履约号 id",
        ),
        (
            (
                p["zh"],
                named(p["wall"]),
                _flags(p),
                _due(p),
                tickets.get(p["case_id"] or "", ""),
                p["house_id"] or "",
                p["case_id"] or "",
                p["id"],
            )
            for p in found
        ),
    )


def _due(promise: dict[str, Any]) -> str:
    """Undated (待定) is one that lacks its calendar or date; what has no limit lacks nothing, and stands as a dash."""
    return _when(promise["due"]) if promise["due"] or promise["wall"] == "undated" else "—"


def _flags(promise: dict[str, Any]) -> str:
    """What the word of the wall does not say."""
    told = [name for flag, name in FLAGS.items() if flag in promise["flags"] and flag != promise["wall"]]
    return ", ".join(told)


def explain(
    name: Annotated[str, typer.Argument(metavar="PROMISE|VERDICT", help="履约或判定的编号 the id of either")],
    tenant: TenantOption = "",
    data: DataOption = DATA,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """为什么在这时到期：触发、政策、依据、工作日、判定时点。Why it is due then: trigger, policy, evidence, days counted, cut,
    and the chain of causes.

    \b
    Example:
      touchline promises --wall breached; touchline explain 0e9b…
    """
    from touchline.library import Library

    with Library(place_of(data, database)) as library:
        found = library.reading.histories.explain(library.tenant(tenant), name)
    if found is None:
        raise Refused(Exit.UNKNOWN, "没有这个编号的履约或判定。", f"No promise or verdict {name}.")
    if as_json:
        show(found)
    else:
        _print(found)


def _print(found: dict[str, Any]) -> None:
    promise, policy = found["promise"], found.get("policy") or {}
    print(f"{promise['zh']}  {promise['en']}  [{promise['obligation']}]  {named(promise['wall'])}")
    print(found["sentence_zh"])
    print(found["sentence_en"])
    if policy:
        print(
            f"政策 policy: {policy['version']}, 自 from {policy['effective_from']}, place {policy['place']}"
        )
    for piece in found["evidence"]:
        void = " (作废 voided)" if piece.get("voided") else ""
        role = ROLES.get(piece["role"], piece["role"])
        print(f"依据 evidence: {role}  {_when(piece['time'])} {piece['zh']} {piece['event_id']}{void}")
    if calendar := found.get("calendar"):
        print(f"日历 calendar: {calendar['name']} {calendar['version']}")
        print(f"  计入 counted: {_days(calendar['counted'])}")
        print(f"  跳过 skipped: {_days(calendar['skipped'])}")
    for pause in found.get("pauses") or ():
        print(f"暂停 pause: {pause}")
    if cut := found.get("cut"):
        print(f"判定时点 cut: after fact {cut['after']}, concluded {cut['concluded_at']}")
    for cause in found.get("causes") or ():
        print(f"起因 cause: {_when(cause['time'])} {cause['zh']} {cause['event_id']}")


def _days(days: list[dict[str, str]]) -> str:
    return ", ".join(f"{day['day']} {day.get('name') or ''}".strip() for day in days) or "—"


def _when(text: str | None) -> str:
    from schemas.instants import parse_instant
    from schemas.instants import show as shown

    return shown(parse_instant(text)) if text else "待定 undated"
