"""``touchline append``: events from a file or a pipe, one CloudEvent a line."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

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
from touchline.place import place_of

PAGE_LINES = 200
PAGE_BYTES = 400_000
NOT_UTF8 = {
    "status": 400,
    "code": "not_utf8",
    "field": "",
    "reason": "not UTF-8",
    "reason_zh": "这一行不是 UTF-8 文字",
}


def add(app: typer.Typer) -> None:
    app.command("append")(append)


def append(
    file: Annotated[
        Path, typer.Argument(help="NDJSON 文件；- 为标准输入 a file, - for standard input", allow_dash=True)
    ] = Path("-"),
    tenant: TenantOption = "",
    source: SourceOption = "",
    data: DataOption = DATA,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """写入事件，每行一个 CloudEvent；逐行答复。Append events, one CloudEvent a line; every line is answered by itself.
    Ends with 1 if any line was refused.

    \b
    Example:
      touchline events example complaint.received | touchline append --source call-centre
    """
    from touchline.desk import desk

    answers: list[dict[str, Any]] = []
    refused: list[int] = []
    with _lines(file) as lines, desk(place_of(data, database)) as counter:
        for page in _pages(lines):
            texts = [text for _, text in page if text is not None]
            told = iter(counter.perform("append", {"tenant": tenant, "source": source, "lines": texts}))
            for number, text in page:
                answer = {"line": number, **(NOT_UTF8 if text is None else next(told))}
                if answer["status"] >= 400:
                    refused.append(number)
                if as_json:
                    answers.append(answer)
                else:
                    _tell(answer)
    if as_json:
        show(answers)
    if refused:
        some = ", ".join(map(str, refused[:20])) + (" …" if len(refused) > 20 else "")
        say(f"{len(refused)} 行被拒绝：第 {some} 行。", f"{len(refused)} lines refused: {some}.")
        raise typer.Exit(Exit.NOT_SO)


class _lines:
    """The lines of the file or of standard input, as bytes."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._open: Any = None

    def __enter__(self) -> Iterable[bytes]:
        if str(self._file) == "-":
            return sys.stdin.buffer
        try:
            self._open = self._file.open("rb")
        except OSError as error:
            raise Refused(
                Exit.UNKNOWN, f"打不开文件 {self._file}。", f"{self._file}: {error.strerror}."
            ) from None
        return self._open  # type: ignore[no-any-return]

    def __exit__(self, *_: object) -> None:
        if self._open is not None:
            self._open.close()


def _pages(lines: Iterable[bytes]) -> Iterator[list[tuple[int, str | None]]]:
    """Pages of (line number, text; None where it is not UTF-8), without the empty lines."""
    page: list[tuple[int, str | None]] = []
    size = 0
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            page.append((number, line.decode("utf-8-sig" if number == 1 else "utf-8").strip()))
        except UnicodeDecodeError:
            page.append((number, None))
        size += len(line)
        if len(page) >= PAGE_LINES or size >= PAGE_BYTES:
            yield page
            page, size = [], 0
    if page:
        yield page


def _tell(answer: dict[str, Any]) -> None:
    if answer["status"] < 400:
        again = " 重复 duplicate" if answer.get("duplicate") else ""
        case = f" case {answer['case_id']}" if answer.get("case_id") else ""
        print(f"{answer['line']}: 已记 place {answer['place']} event {answer['event_id']}{case}{again}")
    else:
        where = f" {answer['field']}:" if answer.get("field") else ""
        print(
            f"{answer['line']}: 拒绝 {answer['status']} {answer['code']}{where} {answer['reason_zh']} {answer['reason']}"
        )
