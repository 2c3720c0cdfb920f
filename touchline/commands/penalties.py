"""``touchline penalties``: proposed penalties, for the approver. Whoever may read the data folder may read these too."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from touchline.exits import Exit, Refused
from touchline.lists import everything
from touchline.options import (
    DATA,
    DatabaseOption,
    DataOption,
    JsonOption,
    SourceOption,
    TenantOption,
    named,
    one_of,
    say,
    show,
    table,
)
from touchline.place import Place, place_of

penalties = typer.Typer(help="处罚（仅审批人）。Proposed penalties, for the approver.", no_args_is_help=True)
STATES = "waiting, proposed, confirmed, waived, unfounded"
PenaltyArgument = Annotated[
    str, typer.Argument(metavar="ID", help="处罚编号（list 的最后一列）the penalty's id")
]
ByOption = Annotated[str, typer.Option("--by", help="审批人代码 who decides")]
ReasonOption = Annotated[str, typer.Option("--reason", help="理由，密封保存 why; sealed")]
ObjectionOption = Annotated[str, typer.Option("--objection", help="当事人申辩 what the bearer objected")]


def add(app: typer.Typer) -> None:
    app.add_typer(penalties, name="penalties")


@penalties.command("list")
def listed(
    state: Annotated[str, typer.Option("--state", help=f"状态 {STATES}")] = "",
    case: Annotated[str, typer.Option("--case", help="只看一个事项 of one case")] = "",
    tenant: TenantOption = "",
    data: DataOption = DATA,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """累计处罚的提议与审批结果，最近的在前；金额以分计入 --json。只是提议，不入账。Proposed penalties and what was decided, the
    latest first; with --json in fen. Proposals only: nothing is booked.

    \b
    Example:
      touchline penalties list --state proposed
    """
    from touchline.library import Library

    if state:
        one_of("--state", state, STATES)
    with Library(place_of(data, database)) as library:
        whose, asked = library.tenant(tenant), library.reading.penalties
        where = {"state": state or None, "case_id": case or None}
        found = everything(
            lambda limit, after: asked.find(whose, **where, limit=limit, after=after), "opened"
        )
    if as_json:
        show(found)
    else:
        print_penalties(found)


@penalties.command("confirm")
def confirm(
    penalty: PenaltyArgument,
    amount: Annotated[str, typer.Option("--amount", help="金额，元 in yuan")],
    by: ByOption,
    bearer: Annotated[str, typer.Option("--bearer", help="承担人代码 who bears it")] = "",
    reason: ReasonOption = "",
    objection: ObjectionOption = "",
    tenant: TenantOption = "",
    source: SourceOption = "",
    data: DataOption = DATA,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """确认一项处罚提议，金额须在政策规定的范围内；只作记录，不入账。Confirm a proposed penalty at a sum within the policy's
    range; nothing is booked.

    \b
    Example:
      touchline penalties confirm 7161f460-78f9-5bad-bd26-c2380854eb8e --amount 300 --by gm-1 --source gm-office
    """
    from schemas.fields import fen_of

    try:
        fen = fen_of(amount)
    except ValueError:
        raise Refused(
            Exit.USAGE, "--amount 请写成元，如 300 或 300.50。", "--amount is in yuan, such as 300 or 300.50."
        ) from None
    said = {"by": by, "bearer_ref": bearer, "reason": reason, "objection": objection}
    _decide(penalty, "confirm", fen, said, tenant, source, place_of(data, database), as_json)


@penalties.command("waive")
def waive(
    penalty: PenaltyArgument,
    by: ByOption,
    reason: ReasonOption = "",
    objection: ObjectionOption = "",
    tenant: TenantOption = "",
    source: SourceOption = "",
    data: DataOption = DATA,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """免除一项处罚提议。Waive a proposed penalty.

    \b
    Example:
      touchline penalties waive 7161f460-78f9-5bad-bd26-c2380854eb8e --by gm-1 --reason 客户改约 --source gm-office
    """
    said = {"by": by, "reason": reason, "objection": objection}
    _decide(penalty, "waive", 0, said, tenant, source, place_of(data, database), as_json)


@penalties.command("undo")
def undo(
    penalty: PenaltyArgument,
    tenant: TenantOption = "",
    source: SourceOption = "",
    data: DataOption = DATA,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """撤回最近一次审批：回到之前的审批，或重新待审批。Take the newest decision back: the one before it stands again, or none.

    \b
    Example:
      touchline penalties undo 7161f460-78f9-5bad-bd26-c2380854eb8e --source gm-office
    """
    _decide(penalty, "undo", 0, {"by": ""}, tenant, source, place_of(data, database), as_json)


def _decide(
    penalty: str,
    result: str,
    fen: int,
    said: dict[str, str],
    tenant: str,
    source: str,
    place: Place,
    as_json: bool,
) -> None:
    from touchline.desk import desk

    asked = {"tenant": tenant, "source": source, "penalty": penalty, "result": result, "fen": fen, **said}
    with desk(place) as counter:
        told = counter.perform("penalty.decide", asked)
    if as_json:
        show(told)
    else:
        done = {
            "confirm": ("确认", "confirmed"),
            "waive": ("免除", "waived"),
            "undo": ("撤回审批", "taken back"),
        }
        zh, en = done[result]
        say(f"已记录：{zh}（序号 {told['place']}）。", f"Recorded: {en}.")


def print_penalties(found: list[dict[str, Any]]) -> None:
    """The penalties as a table for people, money in yuan."""
    from schemas.fields import yuan

    table(
        ("规则 rule", "承担 bearer", "金额 amount", "状态 state", "提出 opened", "事项 case", "编号 id"),
        (
            (
                one["zh"] or "②",
                named(one["bearer_role"]) if one["bearer_role"] else "",
                yuan(one["amount_fen"]) + (" ×" + str(one["factor"]) if one["doubled"] else ""),
                named(one["state"]),
                one["opened"] or "",
                one["case_id"] or "",
                one["id"],
            )
            for one in found
        ),
    )
