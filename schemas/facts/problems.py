"""同类问题: a person says which cases are of one problem, where what was recorded does not (domain.md 9 no. 9)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from schemas.fields import Personal, Ref
from schemas.model import Content


class ProblemMerged(Content):
    """并入同类问题: no row. The case is of the problem with this key, which another case shows: its reports count there."""

    TYPE = "problem.merged"

    problem_key: Annotated[list[Ref], Field(min_length=2, max_length=8)]
    reason: Personal | None = None
    by: Ref | None = None


class ProblemSplit(Content):
    """拆出同类问题: no row. The case is of a problem of its own, whatever its reports have in common with others."""

    TYPE = "problem.split"

    reason: Personal | None = None
    by: Ref | None = None
