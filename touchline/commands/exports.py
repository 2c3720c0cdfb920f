"""``touchline export``: the ledger of complaints, repairs or return visits as a workbook or CSV, each line traceable."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from touchline.commands.templates import LEDGERS, no_terminal, one_of
from touchline.exits import Exit, Refused
from touchline.options import DATA, DatabaseOption, DataOption, TenantOption, say
from touchline.place import Place, place_of

if TYPE_CHECKING:
    from ledger.tenants import Tenant
    from producers.sheets.export import Line
    from schemas.event import Event
    from touchline.library import Library

KINDS = {"complaints": "complaint", "repairs": "repair", "followups": ""}
"""Kind of the cases of a ledger; "" for any, of which the ledger's own touchpoints are lines."""
ALWAYS = 2**63 - 1


def add(app: typer.Typer) -> None:
    app.command("export")(export)


def export(
    ledger: Annotated[str, typer.Argument(metavar="|".join(LEDGERS), help="投诉、报修、回访 which ledger")],
    since: Annotated[str, typer.Option("--since", metavar="T", help="自何时起（含）opened at or after")] = "",
    until: Annotated[
        str, typer.Option("--until", metavar="T", help="到何时止；日期含当天 to, with that day")
    ] = "",
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="xlsx 或 .csv；否则以 xlsx 写到标准输出 else xlsx on standard output",
        ),
    ] = "",
    clear: Annotated[
        bool,
        typer.Option(
            "--clear",
            help="含姓名、电话等明文；逐人记入查阅记录 in clear; who looked is recorded for each person",
        ),
    ] = False,
    by: Annotated[str, typer.Option("--by", help="查阅人代码，--clear 时必填 who looks, with --clear")] = "",
    purpose: Annotated[
        str, typer.Option("--purpose", help="用途代码，--clear 时记录 what for, a code")
    ] = "ledger_export",
    tenant: TenantOption = "",
    data: DataOption = DATA,
    database: DatabaseOption = "",
) -> None:
    """导出电子台账，每行注明事项号与事件号；个人信息默认不显示。Export a ledger, each line with its case and
    events. Personal data show only with --clear; who was erased reads 已删除.

    \b
    Example:
      touchline export complaints --since 2026-01-01 -o 投诉台账.xlsx
    """
    from producers.sheets.export import write_csv, write_workbook
    from producers.sheets.ledgers import ledger as known
    from touchline.library import Library

    mapping = known(one_of(ledger))
    span = _instant(since, "--since", 0), _instant(until, "--until", ALWAYS)
    if clear and not by:
        raise Refused(Exit.USAGE, "--clear 须用 --by 写明查阅人。", "--clear needs --by: who looks.")
    if not output:
        no_terminal()
    place = place_of(data, database)
    write = write_csv if output.lower().endswith(".csv") else write_workbook
    with tempfile.TemporaryDirectory() as folder:
        path = Path(output) if output else Path(folder) / "ledger.xlsx"
        if clear:
            _private(path)
            _record(place, tenant, ledger, span, by, purpose)
        with Library(place) as library:
            whose = library.tenant(tenant)
            try:
                count = write(
                    path, mapping, _lines(library, whose, ledger, span, _opener(library, whose, clear))
                )
            except OSError as error:
                raise Refused(
                    Exit.UNAVAILABLE, f"写不了文件 {path}。", f"{path}: {error.strerror}."
                ) from None
        if not output:
            sys.stdout.buffer.write(path.read_bytes())
            sys.stdout.buffer.flush()
    if output:
        say(f"{mapping.zh}：{count} 行，已写入 {output}。", f"{count} lines.")
    else:
        say(
            f"{mapping.zh}：{count} 行，已按 xlsx 写到标准输出。要 CSV 请用 -o 文件.csv；要 JSON 请用 touchline tail --json。",
            f"{count} lines, written to standard output as xlsx. For CSV: -o FILE.csv; for JSON: touchline tail --json.",
        )


def _private(path: Path) -> None:
    """For its owner alone, before anything is in it. Raises Refused."""
    from ledger.folder import private_file

    try:
        private_file(path)
    except OSError as error:
        raise Refused(Exit.UNAVAILABLE, f"写不了文件 {path}。", f"{path}: {error.strerror}.") from None


def _instant(text: str, option: str, default: int) -> int:
    from schemas.instants import parse_day, start_of_day
    from touchline.options import instant

    if option == "--since" and len(text) == 10:
        try:
            return start_of_day(parse_day(text))
        except ValueError:
            pass  # told below
    found = instant(text, option)
    return default if found is None else found + (1 if len(text) == 10 else 0)


def _lines(
    library: Library, tenant: Tenant, ledger: str, span: tuple[int, int], opened: Callable[[Event], Event]
) -> Iterator[Line]:
    from producers.sheets.export import Line
    from producers.sheets.ledgers import ledger as known
    from projections.ledgers import Ledgers
    from projections.pages import SqlPages
    from schemas.words import label
    from touchline.bar import bar

    kind, types = KINDS[ledger], {name for shape in known(ledger).shapes for name in shape.types}
    with library.reading.snapshot() as (conn, tables):
        pages = SqlPages(conn, tables, tenant.number, ())
        found = Ledgers(conn, library.ledger, tenant, tables, pages)
        with bar("导出 exporting", found.count(kind, *span)) as step:
            for case, events in found.cases(kind, *span):
                state = label(case.state)
                if kind:
                    yield Line(case.id, state, [opened(_read_as(kind, event)) for event in events])
                else:
                    for event in events:
                        if event.type in types and span[0] <= event.time < span[1]:
                            yield Line(case.id, state, [opened(event)])
                step(1)


def _read_as(kind: str, event: Event) -> Event:
    """A repair report that became a complaint was received as one: its words stand in the ledger of complaints."""
    from dataclasses import replace

    converted = kind == "complaint" and event.type == "repair.reported"
    return replace(event, type="complaint.received") if converted else event


def _opener(library: Library, tenant: Tenant, clear: bool) -> Callable[[Event], Event]:
    """In clear, or sealed with what was erased marked as such."""
    from dataclasses import replace

    from ledger.body import replaced, sealed_places, steps
    from ledger.ledger import ERASED_MARK

    if clear:
        return lambda event: replace(event, data=library.ledger.unsealed(tenant, event))
    erased = library.ledger.erased(tenant)

    def marked(event: Event) -> Event:
        data: Any = dict(event.data)
        for path, sealed in sealed_places(data):
            if sealed.person in erased:
                data = replaced(data, steps(path), dict(ERASED_MARK))
        return replace(event, data=data)

    return marked


def _record(place: Place, tenant: str, ledger: str, span: tuple[int, int], by: str, purpose: str) -> None:
    """Before anything is opened: that this person's data are looked at, once for each customer of the ledger."""
    from touchline.desk import desk
    from touchline.library import Library

    with Library(place) as library:
        whose = library.tenant(tenant)
        persons = sorted(
            {
                event.customer_ref
                for line in _lines(library, whose, ledger, span, lambda event: event)
                for event in line.events
                if event.customer_ref
            }
        )
    with desk(place) as counter:
        for at in range(0, len(persons), 500):
            asked = {"tenant": whose.name, "persons": persons[at : at + 500], "purpose": purpose, "by": by}
            counter.perform("persons.accessed", {**asked, "range": ledger})
