"""DUE: when a promise is due. The form that is written decides the kind (see ``Policy.kind``)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from schemas.lunar import PREFIX, lunar_day
from schemas.policy_match import Ref
from schemas.policy_terms import (
    CivilDate,
    Dur,
    Duration,
    DurationOrAny,
    DurationOrEver,
    DurationOrNone,
    Flag,
    Path,
    Strict,
    Whole,
)
from schemas.policy_tests import Keys, Tested
from schemas.texts import Wrong

Early = Literal["ignore", "accept", "breach"]
"""What a discharge before the window does."""


class After(Strict):
    """``after`` a length from the opening. ``min`` = not before; ``after: null`` with ``min`` = only that.
    ``since``: a discharge up to that long before the opening counts too."""

    after: Duration | None
    min: Duration | None = None
    early: Early = "ignore"
    since: DurationOrEver | None = None

    @model_validator(mode="after")
    def _some(self) -> After:
        if self.after is None and self.min is None:
            raise Wrong("due.no_limit")
        return self


class Given(Strict):
    """The trigger's own field holds the due instant; a date means its end; missing = undated (待定)."""

    given: Path


class Before(Strict):
    """A named date minus a length, end of day. The window opens ``lead`` before the due date."""

    before: str
    minus: Duration = Dur(0, "d")
    lead: DurationOrAny = Dur(1, "mo")
    early: Early = "ignore"

    @model_validator(mode="after")
    def _backwards(self) -> Before:
        for length in (self.minus, self.lead):
            if isinstance(length, Dur) and length.unit not in ("d", "mo", "y"):
                raise Wrong("due.backwards", length=length)
        return self


def _pair(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


class Every(Strict):
    """One promise for each period that begins while the duty is active (``first: same``: the running one too)."""

    every: Literal["day", "half_month", "month", "quarter", "year"] | None = None
    rolling: DurationOrNone | None = None
    months: list[Annotated[Whole, Field(ge=1, le=12)]] | None = None
    seasons: (
        dict[
            str,
            Annotated[
                tuple[Annotated[Whole, Field(ge=1, le=12)], Annotated[Whole, Field(ge=1, le=12)]],
                BeforeValidator(_pair),
            ],
        ]
        | None
    ) = None
    days: dict[str, Annotated[str, Field(pattern=r"^(lunar )?\d\d-\d\d$")]] | None = None
    spans: dict[str, Annotated[tuple[CivilDate, CivilDate], BeforeValidator(_pair)]] | None = None
    due_on: Annotated[str, Field(pattern=r"^\d\d-\d\d$")] | None = None
    grace: Duration | None = None
    label: Path | None = None
    lead: Duration | None = None
    first: Literal["next", "same"] = "next"

    @model_validator(mode="after")
    def _one(self) -> Every:
        forms = ("every", "rolling", "months", "seasons", "days", "spans")
        found = [name for name in forms if getattr(self, name) is not None]
        if len(found) != 1:
            raise Wrong("due.one", found=found)
        for text in (self.days or {}).values():
            lunar_day(text)
        return self

    @property
    def moons(self) -> bool:
        """Whether any of its days is one of the lunar calendar (农历)."""
        return any(text.startswith(PREFIX) for text in (self.days or {}).values())


class Gate(Strict):
    """``by`` must have happened at or before this event. ``settle``: wait that long for late paper."""

    gate: Ref
    plan: str | None = None
    each: Flag = False
    settle: Duration | None = None


class Coverage(Strict):
    """Share of the ``member``s triggered in a period whose ``by`` happened, judged at period end + ``ripe``."""

    coverage: Literal["month", "quarter", "year"]
    member: Keys
    ripe: Duration
    share: Tested
    unreached: Literal["exclude", "fail"] = "exclude"


_FORMS: dict[str, type[Strict]] = {
    "after": After,
    "given": Given,
    "before": Before,
    "gate": Gate,
    "coverage": Coverage,
    "every": Every,
}


def _form(value: object) -> str | None:
    for name, model in _FORMS.items():
        if isinstance(value, model) or (isinstance(value, dict) and name in value):
            return name
    return "every" if isinstance(value, dict) else None


Due = Annotated[
    Annotated[After, Tag("after")]
    | Annotated[Given, Tag("given")]
    | Annotated[Before, Tag("before")]
    | Annotated[Gate, Tag("gate")]
    | Annotated[Coverage, Tag("coverage")]
    | Annotated[Every, Tag("every")],
    Discriminator(
        _form,
        custom_error_type="due",
        custom_error_message="a due date is a mapping",
    ),
]
