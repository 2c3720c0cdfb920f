"""The docket (证据卷): the standing evidence of one scope by slot, and what judge asks of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from processors.rules.promises.listeners import DISCHARGE, OPENS
from processors.rules.promises.terms import FactTest, Leaf
from processors.rules.protocol import Evidence
from schemas.canonical import uncanonical
from schemas.instants import Instant

_NOTHING: Mapping[str, Any] = {}


@lru_cache(maxsize=2048)
def parsed(value: str) -> Mapping[str, Any]:
    """A filing's value. Shared: never to be changed."""
    found = uncanonical(value)
    return found if isinstance(found, dict) else _NOTHING


def happened(entry: Evidence) -> Instant:
    """The event's own time, which binds versions and reads facts, even where another field orders it."""
    own: Instant = parsed(entry.value).get("t", entry.time)
    return own


def known(entry: Evidence) -> Instant:
    """Since when it has been known that this happened then."""
    return entry.known or entry.recorded


class Docket:
    """Evidence in order of happening."""

    __slots__ = ("_slots",)

    def __init__(self, evidence: Iterable[Evidence]) -> None:
        slots: dict[str, list[Evidence]] = {}
        for entry in evidence:
            slots.setdefault(entry.slot, []).append(entry)
        self._slots = slots

    @property
    def fresh(self) -> bool:
        """Nothing stands here but what opens a promise: nothing has ended it."""
        return all(slot[0] in OPENS for slot in self._slots)

    def under(self, slot: str) -> list[Evidence]:
        """All evidence of a slot."""
        return self._slots.get(slot, [])

    def openers(self) -> list[Evidence]:
        """Evidence of triggers, and of what resets them, of any version."""
        return [e for slot, mine in self._slots.items() if slot[0] in OPENS for e in mine]

    def role(self, role: str) -> list[Evidence]:
        """All evidence of a role, of any version, in order; an event once."""
        found = {e.event_id: e for slot, mine in self._slots.items() if slot[0] == role for e in mine}
        return sorted(found.values(), key=Evidence.order)

    def with_only(self, role: str, evidence: Iterable[Evidence]) -> Docket:
        """The same with no other evidence of that role than this."""
        wanted = {entry.event_id for entry in evidence}
        made = Docket(())
        for slot, mine in self._slots.items():
            if slot[0] != role:
                made._slots[slot] = mine
            elif wanted and (kept := [entry for entry in mine if entry.event_id in wanted]):
                made._slots[slot] = kept
        return made

    def entry(self, events: Iterable[str], time: Instant) -> Evidence:
        """The discharge of that time among these events."""
        wanted = {*events}
        return next(e for e in self.role(DISCHARGE) if e.event_id in wanted and e.time == time)

    def of(self, leaf: Leaf) -> list[Evidence]:
        """Evidence of a leaf that also passes its tests on facts, each read at the event's own time (S20)."""
        mine = self._slots.get(leaf.slot, [])
        if not leaf.facts:
            return mine
        return [entry for entry in mine if self.passes(leaf.facts, happened(entry))]

    def passes(self, tests: Iterable[FactTest], time: Instant) -> bool:
        return all(test.check(self._fact(test.slot, time)) for test in tests)

    def _fact(self, slot: str, time: Instant) -> Any:
        """The last value by then; None while unknown."""
        found = None
        for entry in self._slots.get(slot, ()):
            if entry.time > time:
                break
            found = parsed(entry.value).get("v")
        return found

    def known_at(self, by: Callable[[Evidence], Instant]) -> Docket:
        """What had been recorded by then."""
        return Docket([e for mine in self._slots.values() for e in mine if known(e) <= by(e)])
