"""What is parked (搁置): (rule, event) that a rule failed on, as the store has it and as this batch changed it (invariant 14).

That something is parked is said by a verdict, in ``conclude.py``.
"""

from __future__ import annotations

from processors.ports import Effects, Pages, Parked
from processors.warm import Key


class ParkedEvents:
    """Of one batch of one tenant."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._changed: dict[Key, Parked] = {}

    def park(self, parked: Parked) -> None:
        """For the first time, or again."""
        self._changed[(parked.rule, parked.event_id)] = parked

    def resume(self, rule: str, event_id: str) -> bool:
        """A parked event is let in again. False: it is not parked, or not any more."""
        held = self._changed.get((rule, event_id)) or self._pages.parked_one(rule, event_id)
        if held is None or held.resumed:
            return False
        self._changed[(rule, event_id)] = held._replace(resumed=1)
        return True

    def held(self) -> set[Key]:
        """What is parked and not resumed."""
        parked = {(one.rule, one.event_id): one for one in self._pages.parked()} | self._changed
        return {key for key, one in parked.items() if not one.resumed}

    def collect(self, effects: Effects) -> None:
        """In order of rule and event."""
        effects.parked.extend(self._changed[key] for key in sorted(self._changed))
