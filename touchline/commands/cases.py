"""``touchline case``: one case as it stands, as it was known, or as it was."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from touchline.exits import Exit, Refused
from touchline.options import (
    DATA,
    AsOfOption,
    DatabaseOption,
    DataOption,
    JsonOption,
    KnownAtOption,
    TenantOption,
    moments,
    named,
    show,
    table,
)
from touchline.place import place_of
from touchline.tickets import case_of

cases = typer.Typer(help="事项。Cases and their histories.", no_args_is_help=True)

GONE = {"withdrawn": "(已撤回 withdrawn)", "corrected": "(已更正 corrected)"}
"""What became of a case of which no touchpoint stands."""


def add(app: typer.Typer) -> None:
    app.add_typer(cases, name="case")


@cases.command("show")
def show_case(
    case_id: Annotated[str, typer.Argument(metavar="ID", help="事项号，或投诉、报修编号 its id or ticket")],
    as_of: AsOfOption = "",
    known_at: KnownAtOption = "",
    penalties: Annotated[
        bool, typer.Option("--penalties", help="含处罚，仅供审批人 with penalties, for the approver")
    ] = False,
    tenant: TenantOption = "",
    data: DataOption = DATA,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """事项的触点、判定和时限。T 为 RFC 3339 时间，或日期（当天结束）。A case with touchpoints, verdicts and promises;
    T is RFC 3339 with an offset, or a date, meaning its end.

    \b
    Example:
      touchline case show 6b0c… --known-at 2026-11-20T09:00:00+08:00
    """
    from touchline.library import Library

    when = moments(as_of, known_at)
    with Library(place_of(data, database)) as library:
        read = library.reading.histories.whole if penalties else library.reading.histories.of
        whose = library.tenant(tenant)
        case_id = case_of(library.reading.cases, whose, case_id)
        found = read(whose, case_id, **when)
    if found is None or (found["case"] is None and not found["touchpoints"]):
        raise Refused(
            Exit.UNKNOWN, "没有这个事项（或当时还没有）。", f"No case {case_id} (or not yet, then)."
        )
    if as_json:
        show(found)
    else:
        _print(found, case_id)


def _print(history: dict[str, Any], case_id: str) -> None:
    mode = {"now": "现在 now", "known_at": "当时所知 known at", "as_of": "截至当时 as of"}[history["mode"]]
    words = [case_id, *_state(history), mode, history.get("at") or ""]
    print("事项 " + "  ".join(word for word in words if word))
    if history["ownership"]:
        _print_owner(history["ownership"])
    if history["repetition"]:
        _print_level(history["repetition"], case_id)
    table(
        ("触点 touchpoint", "发生 time", "记录 recorded", "来源 source", "状态 state"),
        (
            (t["zh"], _at(t["time"]), _at(t["recorded"]), t["source"] or "", named(t["state"]))
            for t in history["touchpoints"]
        ),
    )
    if history["verdicts"]:
        print()
        table(
            ("判定 verdict", "时间 time", "记录 recorded", "义务 obligation"),
            (
                (
                    _verdict(v),
                    _at(v["time"]),
                    _at(v["recorded"]),
                    v["data"].get("zh") or v.get("obligation") or "",
                )
                for v in history["verdicts"]
            ),
        )
    if history["promises"]:
        from touchline.commands.promises import print_promises

        print()
        case = history["case"] or {}
        print_promises(history["promises"], {case_id: case.get("ticket") or ""})
    if history.get("penalties"):
        from touchline.commands.penalties import print_penalties

        print()
        print_penalties(history["penalties"])


def _at(time: str) -> str:
    """As people read it."""
    from schemas.instants import parse_instant
    from schemas.instants import show as shown

    return shown(parse_instant(time))


def _print_owner(owned: dict[str, Any]) -> None:
    """Who has the case, and through whose hands it went."""
    nobody = "未登记 not recorded"
    first = f"{owned['first'] or nobody}，{_at(owned['first_at'])}"
    print(f"首问负责人 owner: {owned['owner'] or nobody}  (首次接触 first contact: {first})")
    for one in owned["handovers"]:
        taken = f"已接收 accepted {_at(one['accepted'])}" if one["accepted"] else "未接收 not accepted"
        print(f"  移交 handed over: {one['from'] or nobody} → {one['to']}  {_at(one['offered'])}  {taken}")


def _print_level(found: dict[str, Any], case_id: str) -> None:
    """How far the case has moved up, who owns it there, and which reports counted; nothing of a single report."""
    if len(found["reports"]) < 2:
        return
    role = found["role"]
    print(f"投诉上移 level: {found['level']} {found['level_zh']} {found['level_en']}，由 {named(role)} 负责")
    if found["converted_from"]:
        print(f"  由报修转来 converted from repair case {found['converted_from']}")
    elif found["linked_case_id"]:
        print(f"  已转为投诉 became complaint case {found['linked_case_id']}")
    for one in found["reports"]:
        words = [f"第 {one['count']} 次 no. {one['count']}" if one["counts"] else "不计 not counted"]
        words += [named(one["kind"]), _at(one["time"])]
        words += [f"→ {one['level']} {one['zh'] or ''}"] if one["level"] > one["from_level"] else []
        words += [named(one[name]) for name in ("why_not", "flag") if one[name]]
        words += (
            [f"来源报第 {one['said']} 次 sender said {one['said']}"]
            if one["said"] not in (None, one["count"])
            else []
        )
        words += [one["case_id"]] if one["case_id"] != case_id else []
        print("  " + "  ".join(words))


def _state(history: dict[str, Any]) -> tuple[str, ...]:
    """Kind, state and ticket of the case; where no touchpoint of it stands, why."""
    case = history["case"]
    if case is None:
        states = {touchpoint["state"] for touchpoint in history["touchpoints"]}
        return (next((words for state, words in GONE.items() if state in states), "(尚未开启 not open yet)"),)
    return (named(case["kind"]), named(case["state"]), case.get("ticket") or "")


def _verdict(verdict: dict[str, Any]) -> str:
    """What the verdict is called; a retraction says what it takes back."""
    from schemas.words import taken_back

    kind = str(verdict["data"].get("retracted_kind") or "")
    return f"{verdict['zh']}：{' '.join(taken_back(kind))}" if kind else str(verdict["zh"])
