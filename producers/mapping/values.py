"""Values (值) of a touchpoint: a column, something fixed, a text, an expression, a keyed hash, or the first that fits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from producers.mapping.expressions import BadExpression, Expression
from producers.mapping.problems import Flaws
from producers.mapping.times import When
from schemas.policy_yaml import Trail

Hasher = Callable[[str], str]
"""Keyed: the same text gives the same token, and nobody without the key can tell the text from it."""
Row = Mapping[str, Any]

FORMS: Final = ("is", "text", "expr", "hash", "list")
_BRACE = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Value:
    """``of`` gives plain JSON, or None for nothing. ``column`` is the short name where it is just that."""

    of: Callable[[Row, Hasher], Any]
    column: str = ""
    columns: frozenset[str] = frozenset()
    fixed: Any = None
    parts: Mapping[str, Value] = field(default_factory=dict)
    """Of an object."""
    items: tuple[Value, ...] = ()
    """Of a list."""


def plain(value: Any) -> Any:
    """As JSON; "" is nothing."""
    if isinstance(value, When):
        return value.text
    return None if value == "" else value


class Values:
    """Compiles values of one mapping; what is wrong goes to ``flaws``."""

    def __init__(self, columns: Mapping[str, Any], flaws: Flaws) -> None:
        self._columns = columns
        self._flaws = flaws

    def value(self, said: Any, path: Trail) -> Value:
        """One value. A nested mapping that is none of the forms is an object of values."""
        if isinstance(said, str):
            return self._column(said, path)
        if isinstance(said, list):
            return self._choice(said, path)
        if not isinstance(said, dict):
            return self._wrong(path, "固定值请写成 {is: …}", "a fixed value is written {is: …}")
        forms = [name for name in FORMS if name in said]
        if not forms:
            return self.object(said, path)
        if len(forms) > 1 or len(said) > 1:
            return self._wrong(path, "一个值只能有一种写法", f"is one of {', '.join(FORMS)}, alone")
        form, inner = forms[0], (*path, forms[0])
        made: Value = getattr(self, f"_{form}")(said[form], inner)
        return made

    def object(self, said: Mapping[str, Any], path: Trail) -> Value:
        """An object of values; None where all are empty."""
        parts = {name: self.value(one, (*path, name)) for name, one in said.items()}

        def of(row: Row, hasher: Hasher) -> Any:
            found = {n: v for n, part in parts.items() if (v := part.of(row, hasher)) is not None}
            return found or None

        columns = frozenset[str]().union(*(part.columns for part in parts.values()))
        return Value(of, columns=columns, parts=parts)

    def expression(self, source: Any, path: Trail) -> Expression | None:
        """A condition or a sum over columns that exist."""
        if isinstance(source, bool):
            source = str(source)
        if not isinstance(source, str):
            self._flaws.add(path, "须为表达式", "is not an expression")
            return None
        try:
            made = Expression(source)
        except BadExpression as error:
            self._flaws.add(path, error.zh, error.en)
            return None
        for name in sorted(made.names - self._columns.keys()):
            self._unknown(name, path)
        return made

    def _column(self, name: str, path: Trail) -> Value:
        if name not in self._columns:
            self._unknown(name, path)
        return Value(lambda row, _: plain(row.get(name)), column=name, columns=frozenset({name}))

    def _is(self, fixed: Any, path: Trail) -> Value:
        return Value(lambda *_: fixed, fixed=fixed)

    def _text(self, template: Any, path: Trail) -> Value:
        if (
            not isinstance(template, str)
            or "{" in _BRACE.sub("", template)
            or "}" in _BRACE.sub("", template)
        ):
            return self._wrong(path, "文本中以 {列名} 引用列", "is a text with {columns}")
        names = [one.strip() for one in _BRACE.findall(template)]
        for name in names:
            if name not in self._columns:
                self._unknown(name, path)
        pieces = [piece for index, piece in enumerate(_BRACE.split(template)) if index % 2 == 0]

        def of(row: Row, hasher: Hasher) -> Any:
            said = ["" if (v := row.get(name)) is None else str(v) for name in names]
            if names and not any(said):
                return None
            return (
                "".join(part for pair in zip(pieces, [*said, ""], strict=True) for part in pair).strip()
                or None
            )

        return Value(of, columns=frozenset(names))

    def _expr(self, source: Any, path: Trail) -> Value:
        made = self.expression(source, path)
        if made is None:
            return Value(lambda *_: None)
        return Value(lambda row, _: plain(made.value(row)), columns=frozenset(made.names))

    def _hash(self, names: Any, path: Trail) -> Value:
        names = [names] if isinstance(names, str) else names
        if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
            return self._wrong(path, "hash 后为列名或列名的列表", "takes a column or a list of columns")
        for name in names:
            if name not in self._columns:
                self._unknown(name, path)

        def of(row: Row, hasher: Hasher) -> Any:
            said = ["" if (v := row.get(name)) is None else str(plain(v)) for name in names]
            return hasher("\x1f".join(said)) if any(said) else None

        return Value(of, columns=frozenset(names))

    def _list(self, items: Any, path: Trail) -> Value:
        """A list of which an item counts only where every part of it is there."""
        if not isinstance(items, list) or not items:
            return self._wrong(path, "list 后为列表", "takes a list")
        made = []
        for index, item in enumerate(items):
            inner = (*path, index)
            parts = item if isinstance(item, dict) and not any(form in item for form in FORMS) else None
            made.append((self.value(item, inner), 1 if parts is None else len(parts)))

        def of(row: Row, hasher: Hasher) -> Any:
            found = [(value.of(row, hasher), size) for value, size in made]
            kept = [v for v, size in found if v is not None and (not isinstance(v, dict) or len(v) == size)]
            return kept or None

        columns = frozenset[str]().union(*(value.columns for value, _ in made))
        return Value(of, columns=columns, items=tuple(value for value, _ in made))

    def _choice(self, said: list[Any], path: Trail) -> Value:
        made = list(self._choices(said, path))

        def of(row: Row, hasher: Hasher) -> Any:
            for condition, value in made:
                if condition is None or condition.holds(row):
                    return value.of(row, hasher)
            return None

        return Value(of, columns=frozenset().union(*(value.columns for _, value in made)))

    def _choices(self, said: list[Any], path: Trail) -> Iterator[tuple[Expression | None, Value]]:
        for index, item in enumerate(said):
            here = (*path, index)
            if not isinstance(item, dict):
                yield None, self.value(item, here)
                continue
            rest = {name: one for name, one in item.items() if name not in ("when", "column")}
            value = self.value(item.get("column", rest), here)
            yield (self.expression(item["when"], (*here, "when")) if "when" in item else None), value

    def _unknown(self, name: str, path: Trail) -> None:
        from difflib import get_close_matches

        near = get_close_matches(name, list(self._columns), n=1)
        hint, also = (f"，是否为 {near[0]}", f"; did you mean {near[0]}?") if near else ("", "")
        self._flaws.add(
            path,
            f"没有名为 {name} 的列{hint}（固定值写成 {{is: …}}）",
            f"there is no column called {name}{also} (a fixed value is written {{is: …}})",
        )

    def _wrong(self, path: Trail, zh: str, en: str) -> Value:
        self._flaws.add(path, zh, en)
        return Value(lambda *_: None)
