"""``touchline tail``: both lanes as they grow."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from touchline.options import DATA, DatabaseOption, DataOption, JsonOption, TenantOption, show
from touchline.place import place_of

if TYPE_CHECKING:
    from ledger.tenants import Tenant
    from schemas.event import Event
    from touchline.library import Library


def add(app: typer.Typer) -> None:
    app.command("tail")(tail)


def tail(
    follow: Annotated[bool, typer.Option("--follow", "-f", help="继续等待新事件 go on as it grows")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="最后几条 how many of the last")] = 20,
    tenant: TenantOption = "",
    data: DataOption = DATA,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """最近的事实与判定，按先后合并；个人信息不显示。The last facts and verdicts, merged in order; nothing personal is shown.
    With --json -f: one JSON object a line.

    \b
    Example:
      touchline tail -f -n 5
    """
    from ledger.lanes import engine_state
    from touchline.library import Library

    with Library(place_of(data, database)) as library:
        found = library.tenant(tenant)
        with library.ledger.database.read() as conn:
            heads = library.ledger.head(conn, found).place, engine_state(conn, found).verdict_place
        at = (max(0, heads[0] - lines), max(0, heads[1] - lines))
        page, at = _next(library, found, at)
        shown = page[-lines:] if lines else []
        if as_json and not follow:
            show([_plain(event) for event in shown])
            return
        _print(shown, as_json)
        while follow:
            time.sleep(0.5)
            page, at = _next(library, found, at)
            _print(page, as_json)


def _next(library: Library, tenant: Tenant, at: tuple[int, int]) -> tuple[list[Event], tuple[int, int]]:
    with library.ledger.database.read() as conn:
        facts = library.ledger.facts(conn, tenant, at[0], 1000)
        verdicts = library.ledger.verdicts(conn, tenant, at[1], 1000)
    merged = sorted([*facts, *verdicts], key=lambda event: (event.after, event.verdict, event.place))
    return merged, (facts[-1].place if facts else at[0], verdicts[-1].place if verdicts else at[1])


def _print(events: list[Event], as_json: bool) -> None:
    from schemas.catalogue import CATALOGUE
    from schemas.instants import show as when

    for event in events:
        if as_json:
            print(json.dumps(_plain(event), ensure_ascii=False), flush=True)
            continue
        kind = CATALOGUE.get(event.type)
        lane = f"  判定 {event.place:>6}" if event.verdict else f"事实 {event.place:>8}"
        zh = str(event.data.get("zh", "")) if event.verdict else event.source
        print(
            f"{lane}  {when(event.time)}  {kind.zh if kind else ''} {event.type}  {zh}  {event.case_id}",
            flush=True,
        )


def _plain(event: Event) -> dict[str, Any]:
    from schemas.confidential import confidential
    from schemas.event import Sealed
    from schemas.instants import format_instant

    def open_only(value: Any) -> Any:
        if isinstance(value, Sealed):
            return {"sealed": True}
        if isinstance(value, dict):
            return {key: open_only(inner) for key, inner in value.items()}
        return [open_only(inner) for inner in value] if isinstance(value, (list, tuple)) else value

    return {
        "lane": "verdicts" if event.verdict else "facts",
        "place": event.place,
        "after": event.after if event.verdict else None,
        "event_id": event.event_id,
        "type": event.type,
        "time": format_instant(event.time),
        "recorded": format_instant(event.recorded),
        "source": event.source or None,
        "case_id": event.case_id or None,
        "data": {"hidden": True} if confidential(event) else open_only(dict(event.data)),
    }
