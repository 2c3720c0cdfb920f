"""Promises as data (时限策略): ON opens one, PER says which one, DUE says when, BY settles it.

The kind of a promise is computed, never written. A whole ``PolicyFile`` travels as JSON inside
``policy.published``: ``dump()`` and ``PolicyFile.model_validate`` are inverse to each other.
"""

from __future__ import annotations

from pydantic import Field, model_validator

from schemas.canonical import Json
from schemas.policy_due import After, Before, Coverage, Due, Early, Every, Gate, Given
from schemas.policy_duty import VERDICTS, Again, Ower, Pause, Person, Policy, Warn
from schemas.policy_match import AllOf, AnyOf, Expr, Match, Ref, leaves
from schemas.policy_names import problems
from schemas.policy_parts import Calendar, Fact, FiguresPart, Ladder, Named, Step
from schemas.policy_penalties import Penalties
from schemas.policy_people import Ownership
from schemas.policy_terms import Dur, Duration, Effective, Key, Path, Strict, Type, Unit, duration
from schemas.policy_tests import Keys, Test, Where
from schemas.repetition import Repetition
from schemas.texts import Text

__all__ = [
    "VERDICTS", "After", "Again", "AllOf", "AnyOf", "Before", "Calendar", "Coverage", "Due", "Dur",
    "Duration", "Early", "Every", "Expr", "Fact", "Gate", "Given", "Key", "Keys", "Ladder", "Match", "Named",
    "Ower", "Path", "Pause", "Person", "Policy", "PolicyFile", "Problems", "Ref", "Step", "Strict", "Test",
    "Type", "Unit", "Warn", "Where", "duration", "leaves",
]  # fmt: skip


class Problems(ValueError):
    """Several things are wrong in one policy file: (place in the file, what is wrong and what to do)."""

    def __init__(self, found: list[tuple[tuple[str | int, ...], Text]]) -> None:
        super().__init__("; ".join(f"{'.'.join(map(str, loc))}: {text.en}" for loc, text in found))
        self.found = found


class PolicyFile(Strict):
    """A profile: everything that says what is promised, from ``effective_from`` (µs UTC) on."""

    profile: str = Field(min_length=1)
    version: str = Field(min_length=1)
    extends: str | None = None
    effective_from: Effective
    property_reply_limit: Duration | None = None
    """What the property company has set as its reply limit (物业投诉回复时限, O7); it is evidence, no clock."""
    calendar: str = "office"
    calendars: dict[str, Calendar] = Field(default_factory=dict)
    ladders: dict[str, Ladder] = Field(default_factory=dict)
    repetition: Repetition | None = None
    keys: dict[str, Path] = Field(default_factory=dict)
    facts: dict[str, Fact] = Field(default_factory=dict)
    dates: dict[str, Named] = Field(default_factory=dict)
    ownership: Ownership | None = None
    figures: FiguresPart | None = None
    penalties: Penalties | None = None
    policies: dict[Key, Policy]

    def dump(self) -> dict[str, Json]:
        """Plain JSON, complete and without floats; ``PolicyFile.model_validate`` of it is this file again."""
        made: dict[str, Json] = self.model_dump(mode="json", by_alias=True, exclude_unset=True)
        return made

    def published(self) -> dict[str, Json]:
        """The data of ``policy.published``."""
        whole = self.dump()
        said = (
            {}
            if self.property_reply_limit is None
            else {"property_reply_limit": str(self.property_reply_limit)}
        )
        return {
            "profile": self.profile,
            "version": self.version,
            "effective_from": whole["effective_from"],
            **said,
            "policy": whole,
        }

    @model_validator(mode="after")
    def _names(self) -> PolicyFile:
        found = problems(self)
        if found:
            raise Problems(found)
        return self
