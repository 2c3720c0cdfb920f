"""CSV: the encoding found among UTF-8, UTF-16 with a mark, and GB18030, then the separator; read as a stream."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from producers.sheets.faults import BadFile

BLOCK: Final = 1 << 20
SEPARATORS: Final = (",", "\t", ";", "|")
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
UNREADABLE: Final = "\udc80"
"""From here to U+DCFF stand bytes that are not of the encoding; a row with one is refused."""


def encoding_of(path: Path) -> str:
    """utf-8-sig, utf-16, utf-8 or gb18030. A file that is wholly neither is taken for the one with fewer bad lines."""
    with path.open("rb") as file:
        start = file.read(4)
    for mark, name in _MARKS:
        if start.startswith(mark):
            return name
    bad = {name: _bad_lines(path, name) for name in ("utf-8", "gb18030")}
    return min(bad, key=lambda name: bad[name])


def _bad_lines(path: Path, encoding: str) -> int:
    """0 as a rule; counted only where the first strict pass fails."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    with path.open("rb") as file:
        try:
            while block := file.read(BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
            return 0
        except UnicodeDecodeError:
            file.seek(0)
            return sum(1 for line in file if not _decodes(line, encoding))


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def separator_of(text: str) -> str:
    """The separator of which the first lines hold most, quoted text left out."""
    found = dict.fromkeys(SEPARATORS, 0)
    quoted = False
    for letter in text:
        if letter == '"':
            quoted = not quoted
        elif not quoted and letter in found:
            found[letter] += 1
    return max(found, key=lambda one: found[one])


class CsvRows:
    """``(line, cells)`` of the file; ``line`` is the first of a row that holds line breaks. Blank rows are left out."""

    kind = "csv"

    def __init__(self, path: Path, encoding: str = "") -> None:
        self.encoding = encoding or encoding_of(path)
        self.total = path.stat().st_size
        self._file: BinaryIO = path.open("rb")
        text = io.TextIOWrapper(self._file, encoding=self.encoding, errors="surrogateescape", newline="")
        head = text.read(20_000)
        self.separator = separator_of(head)
        text.seek(0)
        self._reader = csv.reader(text, delimiter=self.separator)
        self._text = text

    @property
    def done(self) -> int:
        """Bytes read, of ``total``."""
        return self._file.tell()

    def __iter__(self) -> Iterator[tuple[int, list[object]]]:
        reader = self._reader
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise BadFile(
                    f"第 {line} 行起不是 CSV（可能有未闭合的引号）",
                    f"from line {line} it is no CSV ({error}); perhaps a quotation mark is not closed",
                ) from None
            if any(cells) and any(cell.strip() for cell in cells):
                yield line, list(cells)

    def close(self) -> None:
        self._text.close()


def unreadable(cells: list[object]) -> bool:
    """Whether a row holds bytes that are not of the file's encoding."""
    return any(
        isinstance(cell, str) and not cell.isascii() and any(UNREADABLE <= c <= "\udcff" for c in cell)
        for cell in cells
    )
