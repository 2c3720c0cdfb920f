"""``touchline import``: somebody else's ledger, a CSV or a workbook, row by row into touchpoints."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from touchline.exits import Exit, Refused
from touchline.import_files import aliases_of, mappings_of, opened, rejects_to
from touchline.import_remarks import needs_of, settle
from touchline.import_report import tell
from touchline.options import DATA, DatabaseOption, DataOption, JsonOption, SourceOption, TenantOption
from touchline.place import Place, place_of

if TYPE_CHECKING:
    from producers.sheets.importing import Import, Row
    from producers.sheets.trial import Repeat


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

    --dry-run 逐行给出导入时的答复，文件内同号的行一并列出；不与已有的比较内容。--dry-run answers each row as the import would,
    and lists rows that bear the number of an earlier one; their content is not compared with what is kept already.

    照样写入而值得核对的列为提示：编号没有受理记录的回访、先后颠倒的时间、未填而判定要用的列。Remarks are of what is kept and
    worth another look: return visits of a number that nothing takes in, times in the wrong order, columns that rules need.

    \b
    Example:
      touchline import tests/data/boston311-100.csv --mapping examples/boston311.yaml --source boston311 --dry-run
    """
    from producers.mapping.hashing import hasher
    from producers.sheets.remarks import Remarks

    mappings = mappings_of(mapping)
    known = aliases_of(aliases)
    begun: dict[str, Any] = {}
    repeats: list[Repeat] = []
    place = place_of(data, database)
    needs = needs_of(place, tenant)
    with ExitStack() as within, _named(file):
        with _desk(place, dry_run) as perform:
            if not dry_run:
                begun = perform("import.begin", {"tenant": tenant, "source": source})
            key = bytes.fromhex(begun.get("key", "")) or b"dry run"
            with opened(file, mappings, encoding, sheet) as table, rejects_to(rejects) as out:
                from producers.sheets.importing import Import

                remarks = within.enter_context(Remarks(table.mapping, needs))
                work = Import(table, hasher(key), known, out, remarks)
                if dry_run:
                    repeats = _check(work)
                else:
                    _send(work, perform, {"tenant": begun["tenant"], "source": begun["source"]})
        settle(remarks, place, begun.get("tenant", tenant), begun.get("source", source), wait=not dry_run)
        tell(work, known, begun, repeats, remarks, dry_run=dry_run, as_json=as_json)
    if work.report.bad:
        raise typer.Exit(Exit.NOT_SO)


@contextmanager
def _named(file: Path) -> Iterator[None]:
    """What is wrong with the file as a whole bears its name."""
    from producers.sheets.faults import BadFile

    try:
        yield
    except BadFile as error:
        raise Refused(Exit.NOT_SO, f"{file}：{error.zh}。", f"{file}: {error.en}.") from None


@contextmanager
def _desk(place: Place, dry_run: bool) -> Iterator[Callable[[str, dict[str, Any]], Any]]:
    if dry_run:
        yield lambda *_: {}
        return
    from touchline.desk import desk

    with desk(place) as counter:
        yield counter.perform


def _check(work: Import) -> list[Repeat]:
    """Every event is answered as an empty ledger would answer it, and nothing is sent."""
    from ledger.clock import SystemClock
    from producers.sheets.trial import Trial

    with _progress(work) as step, Trial(SystemClock().now(), work.mapping) as trial:
        for batch in work.batches():
            work.answered(batch, trial.answers(batch))
            step()
        return trial.repeats


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
