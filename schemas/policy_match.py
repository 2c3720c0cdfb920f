"""Which events matter to a policy: MATCH, and its joins by ``any`` and ``all``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, field_validator

from schemas.policy_terms import Duration, Flag, Path, Strict, Type, Whole
from schemas.policy_tests import Keys, Where
from schemas.texts import Wrong, quoted


def _ref(value: object) -> object:
    return {"event": value} if isinstance(value, str) else value


class Match(Strict):
    """One event of one of these types, whose fields pass every test of ``where``.

    ``match``     names the promises it settles; absent = all names of ``per``; fewer = all promises that agree.
    ``at``        the instant (or date, then its end) stands in this field instead of ``time``.
    ``plus``      triggers only: that much later; ``reset`` starts the wait again (absence as a trigger).
    ``times``     discharges only: the n-th such event; ``distinct``: on different days, with different values.
    ``late``      discharges only: false = counts up to the due instant and not after.
    """

    event: Type | Annotated[list[Type], Field(min_length=1)]
    where: Where = Field(default_factory=dict)
    match: Keys | None = None
    at: Path | None = None
    plus: Duration | None = None
    reset: list[Ref] = Field(default_factory=list)
    times: Whole = Field(1, ge=1, le=1000)
    distinct: Path | Literal["day"] | None = None
    late: Flag = True

    @field_validator("event", mode="before")
    @classmethod
    def _type(cls, value: object) -> object:
        if isinstance(value, (str, list)):
            return value
        raise Wrong("event", value=quoted(value))

    @property
    def types(self) -> list[str]:
        return [self.event] if isinstance(self.event, str) else self.event


class AnyOf(Strict):
    """The earliest of these."""

    any: list[Expr] = Field(min_length=1)


class AllOf(Strict):
    """All of these, in whatever order; it holds from the latest on."""

    all: list[Expr] = Field(min_length=1)


def _join(value: object) -> str | None:
    if isinstance(value, AnyOf):
        return "any"
    if isinstance(value, AllOf):
        return "all"
    if isinstance(value, dict):
        return "any" if "any" in value else "all" if "all" in value else "match"
    return "match"


Ref = Annotated[Match, BeforeValidator(_ref)]
"""A MATCH; a bare type name is one."""
Expr = Annotated[
    Annotated[AnyOf, Tag("any")] | Annotated[AllOf, Tag("all")] | Annotated[Match, Tag("match")],
    Discriminator(_join),
    BeforeValidator(_ref),
]


def leaves(expr: Any) -> Iterator[Match]:
    """Every MATCH of an EXPR, in the order written, without the ``reset`` ones. None has none."""
    if isinstance(expr, AnyOf):
        for part in expr.any:
            yield from leaves(part)
    elif isinstance(expr, AllOf):
        for part in expr.all:
            yield from leaves(part)
    elif isinstance(expr, Match):
        yield expr
