"""The parts of a profile that policies name: facts, moving dates, alert ladders, calendars."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from schemas.figures import Figures
from schemas.policy_terms import CivilDate, ClockTime, Dur, Duration, Elapsed, Path, Strict, Type, Whole
from schemas.policy_tests import Keys


class Fact(Strict):
    """The last value (by time) of each scope, read in ``where`` as ``scope.name``: type -> field, or constant."""

    take: dict[Type, Path] | None = None
    value: dict[Type, str] | None = None


class Named(Strict):
    """A date that can move: the last such event by time wins; null withdraws it."""

    event: Type
    date: Path
    match: Keys


class Step(Strict):
    """A rung of the alert ladder. With ``cap``: one limit length, at most the cap."""

    after: Duration
    cap: Duration | None = None
    to: list[str] = Field(min_length=1)


class Ladder(Strict):
    """Whom to alert and when (domain.md 3.8): ``ower`` and ``superior`` stand for the promise's own roles."""

    warn_pct: Annotated[Whole, Field(gt=0, lt=100)] = 75
    warn_long: Elapsed = Dur(7, "d")
    breach: list[str] = Field(default_factory=lambda: ["ower", "superior"])
    steps: list[Step]


class FiguresPart(Strict):
    """What figures are published by (``schemas.figures``). [REC] all of it."""

    minimum_sample: Annotated[Whole, Field(ge=1, le=1_000_000)] = Figures().minimum_sample
    satisfied_pct: Annotated[Whole, Field(ge=0, le=100)] = Figures().satisfied_pct
    z_permille: Annotated[Whole, Field(ge=0, le=10_000)] = Figures().z_permille


def _pair(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


class Calendar(Strict):
    """How a company's calendar differs from its base; the maker of ``calendar.published`` reads it.

    ``base``: cn = statutory holidays with their make-up days, none = Monday to Friday. ``close`` = closing hour
    for limits in working days, null = 24:00. ``roll``: limits in d, mo, y that end on a day off move on.
    """

    base: Literal["cn", "none"] = "cn"
    closed: list[CivilDate] = Field(default_factory=list)
    open: list[CivilDate] = Field(default_factory=list)
    shifts: list[Annotated[tuple[ClockTime, ClockTime], BeforeValidator(_pair)]] = Field(
        default_factory=lambda: [("00:00", "24:00")], min_length=1
    )
    close: ClockTime | None = None
    roll: Literal["none", "next_working_day"] = "none"
