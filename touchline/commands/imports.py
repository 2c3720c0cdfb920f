"""``touchline import``: somebody else's ledger, a CSV or a workbook, row by row into touchpoints."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from touchline.exits import Exit, Refused
from touchline.options import (
    DATA,
    DatabaseOption,
    DataOption,
    JsonOption,
    SourceOption,
    TenantOption,
    say,
    show,
)
from touchline.place import Place, place_of

if TYPE_CHECKING:
    from producers.mapping.aliases import Aliases
    from producers.mapping.mapping import Mapping
    from producers.sheets.importing import Import, Row

LISTED = 200
"""Bad rows told on a terminal; --json and --rejects have the rest."""
SHOWN_NAMES = 20


def add(app: typer.Typer) -> None:
    app.command("import")(import_file)


def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV 或 xlsx a CSV file or a workbook")],
    mapping: Annotated[
        str,
        typer.Option(
            "--mapping", "-m", help="映射文件；本产品的台账模板不需要 a mapping; our own ledgers need none"
        ),
    ] = "",
    aliases: Annotated[
        str,
        typer.Option("--aliases", "-a", help="项目与房号的别名表 YAML: their names of estates and houses"),
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="只检查，不写入 map and check, write nothing")
    ] = False,
    rejects: Annotated[
        str,
        typer.Option(
            "--rejects", metavar="FILE", help="把有误的行写入此 CSV bad rows, with the reason, to a CSV"
        ),
    ] = "",
    sheet: Annotated[
        str, typer.Option("--sheet", help="工作表 the sheet; the first where none is named")
    ] = "",
    encoding: Annotated[
        str, typer.Option("--encoding", help="编码；不写则自动识别 found where it is not named")
    ] = "",
    tenant: TenantOption = "",
    source: SourceOption = "",
    data: DataOption = DATA,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """导入台账：好的行写入，有误的行逐行说明；同一文件再导入不会重复。Import a ledger: good rows are kept, every bad row
    is told with line, field and reason; the same file again adds nothing. Ends with 1 if any row was bad.

    \b
    Example:
      touchline import tests/data/boston311-100.csv --mapping examples/boston311.yaml --source boston311 --dry-run
    """
    from producers.mapping.hashing import hasher
    from producers.sheets.faults import BadFile

    mappings = _mappings(mapping)
    known = _aliases(aliases)
    begun: dict[str, Any] = {}
    try:
        with _desk(place_of(data, database), dry_run) as perform:
            if not dry_run:
                begun = perform("import.begin", {"tenant": tenant, "source": source})
            key = bytes.fromhex(begun.get("key", "")) or b"dry run"
            with _opened(file, mappings, encoding, sheet) as table, _rejects(rejects) as out:
                from producers.sheets.importing import Import

                work = Import(table, hasher(key), known, out)
                if dry_run:
                    _check(work)
                else:
                    _send(work, perform, {"tenant": begun["tenant"], "source": begun["source"]})
    except BadFile as error:
        raise Refused(Exit.NOT_SO, f"{file}：{error.zh}。", f"{file}: {error.en}.") from None
    _tell(work, known, begun, dry_run=dry_run, as_json=as_json)
    if work.report.bad:
        raise typer.Exit(Exit.NOT_SO)


def _mappings(named: str) -> list[Mapping]:
    from producers.mapping.problems import MappingFault
    from producers.mapping.reading import read_mapping

    if not named:
        from producers.sheets.ledgers import ledgers

        return ledgers()
    try:
        return [read_mapping(Path(named))]
    except OSError as error:
        raise _not_there(Path(named), error) from None
    except MappingFault as error:
        raise Refused(Exit.NOT_SO, f"映射 {named} 有误：", str(error)) from None


def _aliases(named: str) -> Aliases | None:
    from producers.mapping.aliases import read_aliases
    from producers.mapping.problems import MappingFault

    if not named:
        return None
    try:
        return read_aliases(Path(named))
    except OSError as error:
        raise _not_there(Path(named), error) from None
    except MappingFault as error:
        raise Refused(Exit.NOT_SO, f"别名表 {named} 有误：", str(error)) from None


def _not_there(path: Path, error: OSError) -> Refused:
    return Refused(Exit.UNKNOWN, f"打不开文件 {path}。", f"{path}: {error.strerror}.")


@contextmanager
def _desk(place: Place, dry_run: bool) -> Iterator[Callable[[str, dict[str, Any]], Any]]:
    if dry_run:
        yield lambda *_: {}
        return
    from touchline.desk import desk

    with desk(place) as counter:
        yield counter.perform


@contextmanager
def _opened(file: Path, mappings: list[Mapping], encoding: str, sheet: str) -> Iterator[Any]:
    from producers.sheets.table import open_table

    if encoding:
        import codecs

        try:
            codecs.lookup(encoding)
        except LookupError:
            raise Refused(Exit.USAGE, f"没有编码 {encoding}。", f"There is no encoding {encoding}.") from None
    try:
        opened = open_table(file, mappings, encoding=encoding, sheet=sheet)
        table = opened.__enter__()
    except OSError as error:
        raise _not_there(file, error) from None
    try:
        yield table
    finally:
        opened.__exit__(None, None, None)


@contextmanager
def _rejects(named: str) -> Iterator[Any]:
    if not named:
        yield None
        return
    try:
        Path(named).touch()
    except OSError as error:
        raise _not_there(Path(named), error) from None
    with Path(named).open("w", encoding="utf-8-sig", newline="") as out:
        yield out


def _check(work: Import) -> None:
    """Every event is read as the intake reads it, and nothing is sent."""
    from ledger.clock import SystemClock
    from producers.sheets.importing import events_of
    from schemas.parse import Refused as NotTaken
    from schemas.parse import parse

    now = SystemClock().now()

    def told(event: dict[str, Any]) -> Any:
        try:
            parse(event, now)
        except NotTaken as refused:
            first = refused.refusals[0]
            return {
                "code": first.code,
                "field": first.field,
                "reason": first.reason,
                "reason_zh": first.reason_zh,
            }
        return "kept"

    with _progress(work) as step:
        for batch in work.batches():
            work.answered(batch, [told(event) for event in events_of(batch)])
            step()


def _send(work: Import, perform: Callable[[str, dict[str, Any]], Any], to: dict[str, str]) -> None:
    """The next batch is mapped while one is being kept."""
    from producers.sheets.importing import events_of

    waiting: tuple[list[Row], Future[Any]] | None = None
    with ThreadPoolExecutor(1) as sender, _progress(work) as step:
        for batch in work.batches():
            if waiting is not None:
                work.answered(waiting[0], waiting[1].result())
                step()
            waiting = batch, sender.submit(perform, "import", {**to, "events": events_of(batch)})
        if waiting is not None:
            work.answered(waiting[0], waiting[1].result())
            step()


@contextmanager
def _progress(work: Import) -> Iterator[Callable[[], None]]:
    from touchline.bar import bar

    source, shown = work.table.source, 0
    with bar("导入 importing", source.total) as move:

        def step() -> None:
            nonlocal shown
            move(source.done - shown)
            shown = source.done

        yield step


def _tell(
    work: Import, aliases: Aliases | None, begun: dict[str, Any], *, dry_run: bool, as_json: bool
) -> None:
    report, source = work.report, work.table.source
    unknown = {
        kind: dict(counted) for kind, counted in (aliases.unknown if aliases else {}).items() if counted
    }
    rejected = sorted(report.rejected, key=lambda one: one.line)
    if as_json:
        show(
            {
                "mapping": work.mapping.name,
                "tenant": begun.get("tenant"),
                "source": begun.get("source"),
                "dry_run": dry_run,
                "encoding": source.encoding or None,
                "header_line": work.table.header_line,
                "rows": report.rows,
                "skipped": report.skipped,
                "bad": report.bad,
                "events": report.kept,
                "again": report.again,
                "rejected": [
                    {"line": r.line, "field": f.field, "reason": f.reason, "reason_zh": f.reason_zh}
                    for r in rejected
                    for f in r.faults
                ],
                "unknown_names": unknown,
            }
        )
        return
    for one in rejected[:LISTED]:
        for fault in one.faults:
            print(f"{one.line}: {fault.field + ': ' if fault.field else ''}{fault.reason_zh} {fault.reason}")
    if report.bad > LISTED:
        print(
            f"… 另有 {report.bad - LISTED} 行，见 --rejects and {report.bad - LISTED} more rows (--rejects FILE)"
        )
    for kind, counted in unknown.items():
        names = "、".join(list(counted)[:SHOWN_NAMES]) + (" …" if len(counted) > SHOWN_NAMES else "")
        what = {"projects": "项目 estates", "houses": "房号 houses"}[kind]
        print(f"别名表中没有的{what} not in the alias file ({len(counted)}): {names}")
    if dry_run:
        kept = (
            f"可写入 {report.kept} 个触点（不查已有的）",
            f"{report.kept} touchpoints could be kept (not compared with the record)",
        )
    else:
        kept = (
            f"写入 {report.kept} 个触点，已有 {report.again} 个",
            f"{report.kept} touchpoints kept, {report.again} there already",
        )
    say(
        f"{report.rows} 行：{kept[0]}，跳过 {report.skipped} 行，有误 {report.bad} 行。",
        f"{report.rows} rows: {kept[1]}, {report.skipped} rows skipped, {report.bad} bad.",
    )
