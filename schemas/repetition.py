"""The repetition ladder (投诉上移制, domain.md 3.4) as data: which report of the same problem moves a matter up, and to whom.

Part of a profile, under ``repetition:``; published with it, so a report is judged by the version of its own time and place.
It counts repetitions; the alert ladder (``policy_parts.Ladder``) counts time.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from schemas.policy_terms import Dur, Duration, Flag, Path, Strict, Whole
from schemas.texts import Wrong

Kind = Literal["repair", "complaint"]


def _civil(value: Dur) -> Dur:
    if value.unit not in ("d", "mo", "y"):
        raise Wrong("repetition.window", value=value)
    return value


class Level(Strict):
    """A level of the ladder: what it is called here, and the role that owns a matter on it and is told."""

    zh: str = Field(min_length=1)
    en: str | None = None
    role: str = Field(min_length=1)


class Rung(Strict):
    """From its ``no``-th report on (until a later rung of the same ``kind``) a problem is at ``level`` at least.

    ``dissatisfied``: only where the customer was not satisfied with the result of the report before. ``becomes``: the
    report opens a linked complaint. ``tell``: roles told of each such report, where no level is left to move up to.
    """

    row: str = Field(pattern=r"^O\d{1,3}$")
    zh: str = Field(min_length=1)
    en: str | None = None
    kind: Kind
    no: Annotated[Whole, Field(ge=1, le=1000)]
    level: Annotated[Whole, Field(ge=1, le=9)]
    dissatisfied: Flag = False
    becomes: Literal["complaint"] | None = None
    tell: list[str] = Field(default_factory=list)


class Problem(Strict):
    """What makes two reports one problem: fields that are all known and equal; of a list in the list the first known one.
    ``house_id`` means the house within its project."""

    repair: list[Path | list[Path]] = Field(min_length=1, max_length=6)
    complaint: list[Path | list[Path]] = Field(min_length=1, max_length=6)


class Repetition(Strict):
    """The ladder. ``levels``: from 0 upward.

    ``unknown``: how an unknown satisfaction counts. ``review``: told of a report that would have moved up, had the customer not
    been satisfied before (a new occurrence). ``further``: a complaint on a problem that has moved up moves it up once more.
    ``converted_counts``: a converted repair is a complaint of its problem, so that the next is one more. ``uncounted``: with
    which reason for closing its case a report does not count. ``window``: how far back reports count; null: for ever.
    """

    levels: Annotated[list[Level], Field(min_length=2, max_length=10)]
    problem: Problem
    rungs: dict[str, Rung] = Field(min_length=1)
    unknown: Literal["dissatisfied", "satisfied"] = "dissatisfied"
    review: list[str] = Field(default_factory=list)
    further: Flag = True
    converted_counts: Flag = True
    uncounted: list[Literal["customer_withdrew", "duplicate"]] = Field(
        default_factory=lambda: ["customer_withdrew", "duplicate"]  # type: ignore[arg-type]  # the words of the Literal
    )
    window: Annotated[Duration, AfterValidator(_civil)] | None = None

    @property
    def top(self) -> int:
        """The highest level."""
        return len(self.levels) - 1

    def rung(self, kind: str, no: int, dissatisfied: bool) -> tuple[str, Rung] | None:
        """The rung of the ``no``-th report; None below the first. ``dissatisfied`` with the result of the one before."""
        best: tuple[str, Rung] | None = None
        for key, rung in self.rungs.items():
            fits = rung.kind == kind and rung.no <= no and (dissatisfied or not rung.dissatisfied)
            if fits and (best is None or rung.no > best[1].no):
                best = key, rung
        return best

    @model_validator(mode="after")
    def _climbs(self) -> Repetition:
        seen: dict[tuple[str, int], str] = {}
        for key, rung in self.rungs.items():
            if rung.level > self.top:
                raise Wrong("repetition.level", key=key, level=rung.level, top=self.top)
            if rung.becomes and rung.kind == "complaint":
                raise Wrong("repetition.becomes", key=key)
            if other := seen.get((rung.kind, rung.no)):
                raise Wrong("repetition.same", key=key, other=other, kind=rung.kind, no=rung.no)
            seen[(rung.kind, rung.no)] = key
        for kind in ("repair", "complaint"):
            climbing = [
                rung.level for rung in sorted(self.rungs.values(), key=lambda r: r.no) if rung.kind == kind
            ]
            if climbing != sorted(climbing):
                raise Wrong("repetition.down", kind=kind)
        return self
