"""A halt (停判): a scope stands still, since its rule failed there with no event in hand, or without the event as well. Its
rows stay as they were, none of them falls due; evidence enters it as ever, and nothing is said of it until it goes on
(invariant 14, ADR 41).

That it stands still is an announcement among those of the scope itself; what says so, and that it goes on, is made here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from processors.conclude import About, Concluding, Saying
from processors.parked import still
from processors.rules.protocol import Evidence
from processors.ruleset import Ruleset
from processors.shelf import Shelf
from processors.warm import Key, Scope
from schemas.event import Event
from schemas.instants import NEVER, Instant

Find = Callable[[str, int], Event | None]
"""(event id, fact place) -> the event, None where it was corrected by then."""

Stop = tuple[int, Instant, str]
"""(fact place, instant, event id): after which fact, when and on which event a scope stopped; "" with none in hand."""


class Halts:
    """Of one batch of one tenant."""

    def __init__(self, rules: Ruleset, shelf: Shelf, said: Concluding, find: Find) -> None:
        self._rules = rules
        self._shelf = shelf
        self._said = said
        self._find = find
        self.foretold: Mapping[Stop, Collection[Key]] = {}
        """What the recorded lane says stands still from then on (rebuild)."""
        self._expected: set[Key] = set()
        """What does so far by that, whether it was heard yet or not."""

    def expect(self, stop: Stop) -> None:
        """What the recorded lane says stops here does so before it is heard, whether it is touched or not."""
        for key in self.foretold.get(stop, ()):
            self._expected.add(key)
            self.quiet(*key)

    def expected(self, key: Key) -> bool:
        """Does it stand still by what the recorded lane is yet to say?"""
        return key in self._expected

    def over(self, key: Key) -> None:
        """The recorded lane says that it goes on."""
        self._expected.discard(key)

    def holds(self, key: Key, held: Scope) -> bool:
        """Was it said that this scope stands still, and not yet that it goes on?"""
        return bool(held.said) and still(*key, held.said) is not None

    def quiet(self, name: str, scope: str) -> None:
        """Nothing more comes of its rows by themselves."""
        rows = self._shelf.scopes.get(name, scope).rows
        for row, _ in list(rows.values()):
            self._shelf.rows.put(name, row, NEVER)

    def stop(
        self, key: Key, seen: Sequence[Evidence], error: Exception, saying: Saying, event: Event | None = None
    ) -> None:
        """The scope stands still: on ``event``, or with none in hand; then the newest in it is named."""
        name, scope = key
        self.quiet(name, scope)
        if event is not None:
            about = About(event.event_id, event.case_id)
        elif (stood := self._shelf.parked.still(name, scope)) is not None:
            about = self._about(stood.event_id, saying)
        else:
            about = self._about(seen[-1].event_id if seen else saying.cause, saying)
        self._said.stop(self._rules.judging[name], scope, about, error, saying, event)

    def end(self, key: Key, saying: Saying) -> None:
        """The scope goes on."""
        name, scope = key
        stood = self._shelf.parked.still(name, scope)
        newest = self._about(stood.event_id if stood is not None else "", saying)
        self._said.free(self._rules.judging[name], scope, newest, saying)

    def _about(self, event_id: str, saying: Saying) -> About:
        event = self._find(event_id, saying.after)
        return About(event_id, event.case_id if event is not None else "")
