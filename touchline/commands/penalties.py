"""``touchline penalties``: proposed penalties, for the approver. Whoever may read the data folder may read these too."""

from __future__ import annotations

from typing import Annotated, Any

import typer

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

penalties = typer.Typer(help="处罚（仅审批人）。Proposed penalties, for the approver.", no_args_is_help=True)
STATES = "waiting, proposed, confirmed, waived, unfounded"


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
