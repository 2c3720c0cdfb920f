"""Expressions of a mapping (表达式): comparisons of columns, ``and``, ``or``, ``not``, ``in``, ``+``, and a few functions.

They are simpleeval's, cut down to what a condition needs: no attributes, no indexes, no powers, no products, no f-strings,
names and functions from a list, and bounded in length, so that a mapping from a stranger can do nothing but compare.
"""

from __future__ import annotations

import ast
import operator
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

from simpleeval import InvalidExpression, SimpleEval

from producers.mapping.problems import BadCell
from producers.mapping.times import When
from producers.mapping.words import normal

LONGEST: Final = 500
"""Characters of an expression."""
MOST_PARTS: Final = 100
LONGEST_RESULT: Final = 10_000


class BadExpression(ValueError):
    """It is none, or says something that is not allowed: (Chinese, English)."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} {en}")
        self.zh = zh
        self.en = en


def _add(one: Any, other: Any) -> Any:
    if isinstance(one, str) and isinstance(other, str):
        if len(one) + len(other) > LONGEST_RESULT:
            raise BadCell("表达式结果过长", "an expression's result is too long")
        return one + other
    if type(one) is int and type(other) is int:
        return one + other
    raise BadCell(
        "表达式中 + 的两边须同为文本或整数", "'+' in an expression joins two texts or two whole numbers"
    )


def _words(value: Any) -> str:
    return "" if value is None else str(value)


def _part(value: Any, separator: Any, number: Any) -> str | None:
    parts = _words(value).split(_words(separator) or None)
    at = number - 1 if type(number) is int and number > 0 else len(parts)
    return parts[at].strip() if at < len(parts) else None


FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "has": lambda value: value is not None and value != "",
    "first": lambda *values: next((v for v in values if v is not None and v != ""), None),
    "starts": lambda value, words: _words(value).startswith(_words(words)),
    "contains": lambda value, words: _words(words) in _words(value),
    "same": lambda one, other: normal(_words(one)) == normal(_words(other)),
    "lower": lambda value: _words(value).lower(),
    "digits": lambda value: "".join(c for c in _words(value) if c in "0123456789"),
    "part": _part,
    "day": lambda value: value.day if isinstance(value, When) else None,
    "size": lambda value: len(_words(value)),
}
"""has(x), first(x, y, …) the first that is there, starts(x, 'a'), contains(x, 'a'), same(x, 'a') without regard to case and
width, lower(x), digits(x), part(x, '-', 2) the second part, day(t) the date of a time, size(x) the length."""

_OPERATORS: Final = {
    ast.Add: _add,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Gt: operator.gt,
    ast.Lt: operator.lt,
    ast.GtE: operator.ge,
    ast.LtE: operator.le,
    ast.Not: operator.not_,
    ast.In: lambda one, many: one in many,
    ast.NotIn: lambda one, many: one not in many,
}
_ALLOWED: Final = (
    ast.Expr, ast.Expression, ast.Load, ast.Name, ast.Constant, ast.Compare, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp,
    ast.BinOp, ast.Call, ast.IfExp, ast.Tuple, ast.List, *_OPERATORS,
)  # fmt: skip


class _Evaluator(SimpleEval):  # type: ignore[misc, unused-ignore]
    def __init__(self) -> None:
        super().__init__(operators=dict(_OPERATORS), functions=dict(FUNCTIONS), names={})
        wanted: tuple[type[ast.AST], ...] = (
            ast.Expr,
            ast.Name,
            ast.Constant,
            ast.Compare,
            ast.BoolOp,
            ast.UnaryOp,
            ast.BinOp,
            ast.Call,
            ast.IfExp,
        )
        known: dict[type[ast.AST], Callable[[Any], Any]] = vars(self)["nodes"]
        self.nodes = {kind: known[kind] for kind in wanted}
        self.nodes[ast.Tuple] = self.nodes[ast.List] = lambda node: tuple(
            self._eval(one) for one in node.elts
        )


class _PerThread(threading.local):
    def __init__(self) -> None:
        self.evaluator = _Evaluator()


_THREAD = _PerThread()


class Expression:
    """One expression, checked once: ``names`` are the columns it reads. Raises BadExpression."""

    def __init__(self, source: str) -> None:
        if len(source) > LONGEST:
            raise BadExpression(
                f"表达式超过 {LONGEST} 个字符", f"an expression has at most {LONGEST} characters"
            )
        self.source = source
        try:
            tree = ast.parse(source.strip(), mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise BadExpression("表达式写法有误", "is not an expression") from None
        parts = list(ast.walk(tree))
        if len(parts) > MOST_PARTS:
            raise BadExpression("表达式过于复杂", f"has more than {MOST_PARTS} parts; divide it") from None
        called = {id(part.func) for part in parts if isinstance(part, ast.Call)}
        for part in parts:
            self._check(part)
        self.names = {part.id for part in parts if isinstance(part, ast.Name) and id(part) not in called}
        if self.names & FUNCTIONS.keys():
            raise BadExpression("函数须带括号使用", "a function is called: has(x)")
        self._tree = ast.Expr(tree.body)

    @staticmethod
    def _check(part: ast.AST) -> None:
        if not isinstance(part, _ALLOWED):
            raise BadExpression(
                f"表达式中不能使用 {type(part).__name__}",
                f"{type(part).__name__} is not allowed; there are comparisons, and, or, not, in, + and functions",
            )
        if isinstance(part, ast.Constant) and not (
            part.value is None or isinstance(part.value, (str, bool)) or type(part.value) is int
        ):
            raise BadExpression(
                "表达式中只能写文本、整数和 None", "only texts, whole numbers and None are written here"
            )
        if isinstance(part, ast.Call) and (
            not isinstance(part.func, ast.Name) or part.func.id not in FUNCTIONS or part.keywords
        ):
            raise BadExpression(
                f"可用的函数：{'、'.join(FUNCTIONS)}", f"the functions are {', '.join(FUNCTIONS)}"
            )

    def value(self, row: Mapping[str, Any]) -> Any:
        """What it says of a row. Raises BadCell where the row's values cannot be compared so."""
        evaluator = _THREAD.evaluator
        evaluator.names = row
        try:
            return evaluator.eval(self.source, previously_parsed=self._tree)
        except BadCell:
            raise
        except (TypeError, ValueError, InvalidExpression, RecursionError):
            raise BadCell(
                f"表达式 {self.source} 对这一行无法计算（例如拿空值比大小）",
                f"the expression {self.source} cannot be worked out for this row (an empty value compared, say)",
            ) from None

    def holds(self, row: Mapping[str, Any]) -> bool:
        return bool(self.value(row))
