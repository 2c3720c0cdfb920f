"""From the YAML of a mapping to its compiled form, with everything that is wrong told at its place."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping as MappingOf
from datetime import time
from keyword import iskeyword
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from producers.mapping.columns import KINDS, OTHERS, Codes, Column
from producers.mapping.expressions import FUNCTIONS
from producers.mapping.mapping import Mapping
from producers.mapping.problems import Flaw, Flaws, MappingFault
from producers.mapping.said import bool_of, known, list_of, names_of, one_of, text_of
from producers.mapping.times import USUAL, Times, clock_time, compiled
from producers.mapping.touchpoints import Shape, shape
from producers.mapping.values import Value, Values
from producers.mapping.words import normal
from schemas.policy_yaml import BadYaml, Document, Trail, read_yaml

_TOP: Final = (
    "mapping", "zh", "zone", "times", "serial", "header", "empty", "codes", "columns", "skip when", "ticket", "id", "every",
    "touchpoints", "examples",
)  # fmt: skip
_COLUMN: Final = (
    "from",
    "as",
    "codes",
    "other",
    "must",
    "optional",
    "names",
    "of",
    "date at",
    "between",
    "help",
)


LARGEST: Final = 256_000
"""Characters of a mapping."""


def read_mapping(path: Path) -> Mapping:
    """Raises OSError, or MappingFault naming file, line and key."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise MappingFault([Flaw(path.name, 1, "", "is not UTF-8", "不是 UTF-8 文本")]) from None
    return mapping_of(text, path.name)


def mapping_of(text: str, file: str) -> Mapping:
    """Raises MappingFault naming file, line and key."""
    if len(text) > LARGEST:
        raise MappingFault([Flaw(file, 1, "", "is too large", "文件过大")])
    try:
        document = read_yaml(text, file)
    except BadYaml as error:
        place, why = error.place, error.text
        raise MappingFault([Flaw(place.file, place.line, "", why.en, why.zh)]) from None
    return compile_mapping(document)


def compile_mapping(document: Document) -> Mapping:
    """Raises MappingFault with every flaw that was found."""
    flaws = Flaws(document.places)
    if not isinstance(document.value, dict):
        flaws.add((), "映射文件须有 columns 与 touchpoints", "a mapping has columns and touchpoints")
        raise MappingFault(flaws.found)
    top: dict[str, Any] = document.value
    known(top, _TOP, (), flaws)
    for name in ("mapping", "columns", "touchpoints"):
        if name not in top:
            flaws.add((), f"缺少 {name}", f"{name} is missing")
    columns = _columns(top, flaws)
    values = Values(columns, flaws)
    ticket = values.value(top["ticket"], ("ticket",)) if "ticket" in top else None
    if "id" not in top and ticket is None:
        flaws.add(
            (),
            "缺少 ticket 或 id：重复导入须能认出同一行",
            "ticket or id is missing: the same row must be known again",
        )
    made = Mapping(
        name=text_of(top.get("mapping", "?"), ("mapping",), flaws),
        zh=text_of(top.get("zh", ""), ("zh",), flaws),
        times=_times(top, flaws),
        empty=frozenset(normal(str(word)) for word in list_of(top.get("empty"), ("empty",), flaws)),
        header_rows=_header_rows(top.get("header"), flaws),
        columns=columns,
        skip=values.expression(top["skip when"], ("skip when",)) if "skip when" in top else None,
        ticket=ticket,
        id=values.value(top["id"], ("id",)) if "id" in top else ticket or Value(lambda *_: None),
        shapes=_shapes(top, values, columns, flaws),
        examples=tuple(
            one for one in list_of(top.get("examples"), ("examples",), flaws) if isinstance(one, dict)
        ),
    )
    if flaws.found:
        raise MappingFault(flaws.found)
    return made


def _short_name(name: str) -> bool:
    """Whether expressions can say it."""
    return (
        name.isidentifier()
        and not iskeyword(name)
        and name not in FUNCTIONS
        and unicodedata.normalize("NFKC", name) == name
    )


def _shapes(
    top: MappingOf[str, Any], values: Values, columns: MappingOf[str, Column], flaws: Flaws
) -> tuple[Shape, ...]:
    every = names_of(top.get("every"), ("every",), flaws)
    for name in ("type", "time", "when", "data"):
        if name in every:
            flaws.add(("every", name), "只能写在各触点下", "stands under each touchpoint")
    made = []
    for name, said in names_of(top.get("touchpoints"), ("touchpoints",), flaws).items():
        if not isinstance(said, dict):
            flaws.add(("touchpoints", name), "须有 type 与 time", "has a type and a time")
        else:
            made.append(shape(name, said, every, values, columns, flaws))
    if not made and "touchpoints" in top:
        flaws.add(("touchpoints",), "至少一个触点", "needs at least one touchpoint")
    return tuple(made)


def _columns(top: MappingOf[str, Any], flaws: Flaws) -> dict[str, Column]:
    shared = names_of(top.get("codes"), ("codes",), flaws)
    made: dict[str, Column] = {}
    for name, said in names_of(top.get("columns"), ("columns",), flaws).items():
        path: Trail = ("columns", name)
        if not _short_name(name):
            flaws.add(
                path,
                "短名由字母（含汉字）、数字和 _ 组成，不能是函数名",
                "a short name is letters, digits and _, no function's",
            )
        made[name] = _column(name, said, path, shared, flaws)
    for name, column in made.items():
        if column.of and column.of not in made:
            flaws.add(("columns", name, "of"), "没有这一列", "there is no such column")
        elif column.of and list(made).index(column.of) > list(made).index(name):
            flaws.add(
                ("columns", name, "of"), "所属项目的列须写在前面", "the estate's column stands before it"
            )
    return made


def _column(name: str, said: Any, path: Trail, shared: MappingOf[str, Any], flaws: Flaws) -> Column:
    if isinstance(said, (str, int)) and not isinstance(said, bool):
        return Column(name, (str(said),))
    if not isinstance(said, dict) or "from" not in said:
        flaws.add(path, "须写明列名，或 {from: 列名, …}", "is a heading, or {from: heading, …}")
        return Column(name, (name,))
    known(said, _COLUMN, path, flaws)
    froms = [str(one) for one in list_of(said["from"], (*path, "from"), flaws)]
    if not froms:
        flaws.add((*path, "from"), "须为列名", "is a heading")
    kind = one_of(said.get("as", "text"), KINDS, (*path, "as"), flaws)
    names = one_of(said.get("names", ""), ("", "projects", "houses"), (*path, "names"), flaws)
    at = time()
    if "date at" in said:
        try:
            at = clock_time(str(said["date at"]))
        except ValueError:
            flaws.add((*path, "date at"), "请写成 09:00", "is a clock time such as 09:00")
    if "codes" in said and kind != "text":
        flaws.add((*path, "codes"), "代码表只用于文本列", "belong to a column of text")
    return Column(
        name=name,
        froms=tuple(froms),
        kind=kind,
        codes=_codes(said, path, shared, flaws),
        must=bool_of(said.get("must", False), (*path, "must"), flaws),
        optional=bool_of(said.get("optional", False), (*path, "optional"), flaws),
        names=names,
        of=text_of(said.get("of", ""), (*path, "of"), flaws),
        whole_days_at=at,
        between=_between(said, kind, path, flaws),
        help=text_of(said.get("help", ""), (*path, "help"), flaws),
    )


def _between(said: MappingOf[str, Any], kind: str, path: Trail, flaws: Flaws) -> tuple[int, int] | None:
    if "between" not in said:
        return None
    ends = said["between"]
    if kind != "number" or not (
        isinstance(ends, list)
        and len(ends) == 2
        and all(type(end) is int for end in ends)
        and ends[0] <= ends[1]
    ):
        flaws.add(
            (*path, "between"),
            "为 [最小, 最大]，只用于 as: number",
            "is [least, most], of a column as: number",
        )
        return None
    return ends[0], ends[1]


def _codes(said: MappingOf[str, Any], path: Trail, shared: MappingOf[str, Any], flaws: Flaws) -> Codes | None:
    if "codes" not in said:
        if "other" in said:
            flaws.add((*path, "other"), "只与 codes 一起使用", "goes with codes")
        return None
    table, at = said["codes"], (*path, "codes")
    if isinstance(table, str):
        if table not in shared:
            flaws.add(at, f"没有名为 {table} 的代码表", f"there is no table of codes called {table}")
            return None
        table, at = shared[table], ("codes", table)
    if not isinstance(table, dict) or any(isinstance(code, (dict, list)) for code in table.values()):
        flaws.add(at, "须为 {他方用词: 我方代码}", "is {their word: our code}")
        return None
    by_normal: dict[str, Any] = {}
    for word, code in table.items():
        if by_normal.setdefault(normal(word), code) != code:
            flaws.add((*at, word), "同一用词对应了两个代码", "stands twice, for two codes")
    other = one_of(said.get("other", "refuse"), OTHERS, (*path, "other"), flaws)
    return Codes(by_normal, tuple(table.items()), other)


def _times(top: MappingOf[str, Any], flaws: Flaws) -> Times:
    zone = ZoneInfo("Asia/Shanghai")
    try:
        zone = ZoneInfo(str(top.get("zone", "Asia/Shanghai")))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        flaws.add(("zone",), "没有这个时区", "there is no such time zone (write Asia/Shanghai)")
    forms = []
    for index, form in enumerate(list_of(top.get("times"), ("times",), flaws)):
        try:
            compiled(str(form))
            forms.append(str(form))
        except ValueError as error:
            flaws.add(
                ("times", index), "时间格式有误（如 YYYY-MM-DD HH:mm:ss）", f"is no format of times: {error}"
            )
    return Times(zone, forms or USUAL, serial=bool_of(top.get("serial", False), ("serial",), flaws))


def _header_rows(said: Any, flaws: Flaws) -> int:
    rows = said.get("rows", 1) if isinstance(said, dict) else 1 if said is None else said
    if type(rows) is not int or not 1 <= rows <= 5:
        flaws.add(("header",), "表头为 1 至 5 行", "has 1 to 5 rows")
        return 1
    return rows
