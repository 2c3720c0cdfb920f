"""Cumulative penalties (累计处罚制, domain.md 3.5) as data: off until a company switches them on, every figure its own.

A fine is proposed, never booked: whether, how much and of whom is decided by a person (domain.md 9 nos. 14–16, 53, 54).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from schemas.policy_terms import Flag, Strict, Whole
from schemas.texts import Wrong

Rule = Literal["rule1", "rule2a", "rule2b", "rule3", "rule4"]
"""① complaint; ② repair in warranty, a without, b with construction quality as its cause; ③ repair out of warranty;
④ second complaint about slow repair."""
Amount = Annotated[Whole, Field(ge=0, le=2**53)]


class Penalties(Strict):
    """Money in fen (分). ``bearers``: rule -> the role that bears it; a rule without one proposes nothing.

    ``trigger``: on_level_1, or after_second_failure (a complaint then waits for its third report). ``rule_by``: a converted
    repair counts as what it was (origin) or as the complaint that it has become (current_kind). ``stacking``: rules ① and ④
    may both fit; per_bearer lets each bearer have one, one the first alone. ``rule2b_scope``: whether the builder bears
    construction causes in_warranty only, or any. ``factor``: of the move to head office.
    """

    enabled: Flag = False
    trigger: Literal["on_level_1", "after_second_failure"] = "on_level_1"
    min_fen: Amount
    max_fen: Amount
    default_fen: Amount
    factor: Annotated[Whole, Field(ge=1, le=100)] = 2
    rule_by: Literal["origin", "current_kind"] = "origin"
    stacking: Literal["per_bearer", "one"] = "per_bearer"
    rule2b_scope: Literal["in_warranty", "any"] = "in_warranty"
    bearers: dict[Rule, str] = Field(min_length=1)

    @model_validator(mode="after")
    def _range(self) -> Penalties:
        if not self.min_fen <= self.default_fen <= self.max_fen:
            raise Wrong("penalties.range", usual=self.default_fen, least=self.min_fen, most=self.max_fen)
        return self
