"""The sections of the profiles beside the policies (政策各节): the repetition ladder, who owns a case, penalties, what figures
are counted by. Which version of each binds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from processors.rules.published import PolicyVersion, newest
from schemas import figures as figured
from schemas.instants import Instant
from schemas.policy_people import Ownership
from schemas.repetition import Repetition


class BoundLadder(NamedTuple):
    """The repetition ladder that judges a report."""

    version: PolicyVersion
    ladder: Repetition


class Sections:
    """Immutable. ``versions`` in order of place."""

    __slots__ = ("_figures", "_fining", "_ladders", "_owning", "_places")

    def __init__(self, versions: Sequence[PolicyVersion]) -> None:
        self._places = {version.place: version for version in versions}
        self._owning = _saying(versions, "ownership")
        self._ladders = _saying(versions, "repetition")
        self._fining = _saying(versions, "penalties")
        self._figures = tuple(
            figured.Published(p.effective, p.place, p.figures) for p in versions if p.figures is not None
        )

    def repetition(self, time: Instant, place: int) -> BoundLadder | None:
        """The repetition ladder that judges such a report; None: reports are not counted then."""
        version = newest(self._ladders, time, place)
        found = version.head.repetition if version is not None else None
        return BoundLadder(version, found) if version is not None and found is not None else None

    def repetition_at(self, place: int) -> BoundLadder | None:
        """The ladder published at that place."""
        found = self._places.get(place)
        ladder = found.head.repetition if found is not None else None
        return BoundLadder(found, ladder) if found is not None and ladder is not None else None

    def ownership(self, time: Instant, place: int) -> Ownership:
        """Who has a case that began at ``time`` with a fact at ``place``."""
        version = newest(self._owning, time, place)
        said = version.head.ownership if version is not None else None
        return said or Ownership()

    def figures(self, time: Instant, place: int) -> figured.Figures:
        """What figures are counted by at ``time``, of what was published up to ``place``."""
        return figured.binding(self._figures, time, place)

    def penalties(self, time: Instant, place: int) -> PolicyVersion | None:
        """Whose penalties bind a raise at ``time`` that follows the fact at ``place``; None: no profile has any."""
        return newest(self._fining, time, place)


def _saying(policies: Sequence[PolicyVersion], section: str) -> tuple[PolicyVersion, ...]:
    """Every version of the profiles that ever had the section: one that no longer has it binds too."""
    names = {version.profile for version in policies if getattr(version.head, section) is not None}
    return tuple(version for version in policies if version.profile in names)
