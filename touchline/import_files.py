"""The files that an import names: the table itself, the mapping, the aliases, where bad rows go. Whatever is wrong with one of
them is said with its name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from touchline.exits import Exit, Refused

if TYPE_CHECKING:
    from producers.mapping.aliases import Aliases
    from producers.mapping.mapping import Mapping


def mappings_of(named: str) -> list[Mapping]:
    """The mapping in a file; "": those of our own ledgers, of which the table's head picks one. Raises Refused."""
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


def aliases_of(named: str) -> Aliases | None:
    """Their names of estates and houses; "": none. Raises Refused."""
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
def opened(file: Path, mappings: list[Mapping], encoding: str, sheet: str) -> Iterator[Any]:
    """The table, while the block lasts. Raises Refused, and ``BadFile`` for what is in it."""
    from producers.sheets.table import open_table

    if encoding:
        import codecs

        try:
            codecs.lookup(encoding)
        except LookupError:
            raise Refused(Exit.USAGE, f"没有编码 {encoding}。", f"There is no encoding {encoding}.") from None
    try:
        table_file = open_table(file, mappings, encoding=encoding, sheet=sheet)
        table = table_file.__enter__()
    except OSError as error:
        raise _not_there(file, error) from None
    try:
        yield table
    finally:
        table_file.__exit__(None, None, None)


@contextmanager
def rejects_to(named: str) -> Iterator[Any]:
    """Where bad rows are written while the block lasts; None for "". Raises Refused."""
    if not named:
        yield None
        return
    try:
        Path(named).touch()
    except OSError as error:
        raise _not_there(Path(named), error) from None
    with Path(named).open("w", encoding="utf-8-sig", newline="") as out:
        yield out
