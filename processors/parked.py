"""What is parked (搁置): (rule, event) that a rule failed on, or (rule, scope) where it failed with no event in hand, as the
store has it and as this batch changed it (invariant 14).

That something is parked is said by a verdict, in ``conclude.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from processors.ports import Announced, Effects, Pages, Parked
from processors.warm import Key
from schemas.event import Event

PARKED = "parked"
"""The kind of what is said of (rule, event) or (rule, scope), and of no row."""
EVENT_PARKED, EVENT_UNPARKED = "event.parked", "event.unparked"

Named = tuple[str, str, str]
"""(rule, event id, scope or "")"""


def still(rule: str, scope: str, said: Mapping[str, Mapping[str, Announced]]) -> Announced | None:
    """The announcement that a scope stands still, if it does. ``said``: what was last said of it, by row and kind."""
    one = said.get(parked_row(rule, scope), {}).get(PARKED)
    return one if one is not None and one.standing else None


def stops(verdict: Event) -> bool:
    """Does it say that a scope stands still?"""
    return verdict.type == EVENT_PARKED and bool(verdict.data.get("scope"))


def parked_row(rule: str, named: str) -> str:
    """Under which row id it is said that something is parked: an event, or a scope."""
    return f"parked:{rule}:{named}"


class ParkedEvents:
    """Of one batch of one tenant."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._stored: dict[Named, Parked] | None = None
        self._changed: dict[Named, Parked] = {}

    def park(self, parked: Parked) -> None:
        """For the first time, or again."""
        self._all()[parked[:3]] = self._changed[parked[:3]] = parked

    def resume(self, rule: str, event_id: str) -> bool:
        """A parked event is let in again. False: it is not parked, or not any more."""
        return self._end(self._all().get((rule, event_id, "")))

    def free(self, rule: str, scope: str) -> None:
        """A scope that stood still goes on."""
        self._end(self.still(rule, scope))

    def still(self, rule: str, scope: str) -> Parked | None:
        """What is said of a scope that stands still."""
        return next((one for one in self._held() if (one.rule, one.scope) == (rule, scope)), None)

    def scopes(self, rule: str, event_id: str) -> list[str]:
        """The scopes of a rule that stand still and of which this event is named, in order."""
        return sorted(one.scope for one in self._held() if one[:2] == (rule, event_id) and one.scope)

    def held(self) -> set[Key]:
        """The events that are parked and not resumed."""
        return {(one.rule, one.event_id) for one in self._held() if not one.scope}

    def collect(self, effects: Effects) -> None:
        """In order of rule, event and scope."""
        effects.parked.extend(self._changed[key] for key in sorted(self._changed))

    def _end(self, held: Parked | None) -> bool:
        if held is None or held.resumed:
            return False
        self.park(held._replace(resumed=1))
        return True

    def _held(self) -> Iterator[Parked]:
        return (one for one in self._all().values() if not one.resumed)

    def _all(self) -> dict[Named, Parked]:
        if self._stored is None:  # seldom asked for, and then again and again
            self._stored = {one[:3]: one for one in self._pages.parked()}
        return self._stored
