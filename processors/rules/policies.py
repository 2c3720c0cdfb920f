"""The policies of the book (政策): every published version by its policies' names, which one binds, what they all listen to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from processors.rules.promises.listeners import Listener, index
from processors.rules.promises.terms import Terms
from processors.rules.published import PolicyVersion, newest
from schemas.event import Event
from schemas.instants import Instant


class Bound(NamedTuple):
    """What a promise is judged by."""

    version: PolicyVersion
    terms: Terms


_NO_POLICIES: Mapping[str, Bound] = {}


class Policies:
    """Immutable. ``versions`` in order of place."""

    __slots__ = ("_bound", "_index", "_listeners", "_profiles", "_recurring")

    def __init__(self, versions: Sequence[PolicyVersion]) -> None:
        self._bound = {v.place: {key: Bound(v, terms) for key, terms in v.terms.items()} for v in versions}
        self._profiles: dict[str, tuple[PolicyVersion, ...]] = {}
        for key in sorted({key for version in versions for key in version.terms}):
            # A version that no longer has the policy binds too: then there is no promise.
            names = {version.profile for version in versions if key in version.terms}
            self._profiles[key] = tuple(version for version in versions if version.profile in names)
        self._recurring = {
            key for version in versions for key, terms in version.terms.items() if terms.form == "every"
        }
        self._listeners = {
            listener.identity: listener
            for version in versions
            for terms in version.terms.values()
            for listener in terms.listeners
        }
        self._index = index(self._listeners)

    def bind(self, key: str, time: Instant, place: int) -> Bound | None:
        """The version that judges a trigger that happened at ``time`` and stands at ``place``; None: no such promise then."""
        version = newest(self._profiles.get(key, ()), time, place)
        return self._bound[version.place].get(key) if version is not None else None

    def at(self, place: int, key: str) -> Bound | None:
        """The policy version published at that place, with the terms of one of its policies."""
        return self._bound.get(place, _NO_POLICIES).get(key)

    def recurs(self, key: str) -> bool:
        """Whether any version of this policy is a duty of periods."""
        return key in self._recurring

    def versions(self, key: str) -> list[Bound]:
        """Every version that has this policy, in order of place."""
        return [
            bound
            for version in self._profiles.get(key, ())
            if (bound := self._bound[version.place].get(key)) is not None
        ]

    def begun(self, key: str) -> Instant:
        """Since when this policy has been in force in any version."""
        return min(bound.version.effective for bound in self.versions(key))

    def listening(self, event: Event) -> tuple[Listener, ...]:
        """The listeners of an event, of all versions; those for any fact never hear a verdict."""
        mine = self._index.get(event.type, ())
        every = () if event.verdict else self._index.get("*", ())
        return mine + every if every else mine

    def listeners_new_since(self, other: Policies) -> tuple[Listener, ...]:
        """What these listen to and the others did not: facts placed before have to be filed for these too
        (``processors.backfill``). ``type`` says which facts; ``*`` is all."""
        return tuple(self._listeners[i] for i in sorted(self._listeners) if i not in other._listeners)
