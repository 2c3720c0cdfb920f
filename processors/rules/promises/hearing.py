"""Hearing (听取): each MATCH of one policy becomes a leaf, as judge sees it, and listeners, as file sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from processors.rules.promises.keys import key_paths, texts
from processors.rules.promises.listeners import (
    DISCHARGE,
    FACT,
    MOVED,
    RESET,
    START,
    TRIGGER,
    UNREACHED,
    Link,
    Listener,
    Value,
    constant_value,
    discharge_value,
    happening,
    plain_value,
    slot,
    trigger_value,
)
from processors.rules.promises.paths import check, fact_name, length, passes, reader, spelled
from processors.rules.promises.terms import FactTest, Leaf
from schemas.canonical import Json, canonical
from schemas.policy import Given, Keys, Match, Policy, PolicyFile, Test


class Hearing:
    """Of one policy. ``listeners`` fill as leaves are made."""

    def __init__(self, key: str, policy: Policy, file: PolicyFile) -> None:
        self.key, self.policy, self.file = key, policy, file
        self.own = {name: path or file.keys[name] for name, path in policy.per.items()}
        self.partials = sorted(
            {names for _, match in policy.matches() if (names := self._partial(match))} | self._fact_scopes()
        )
        self.listeners: dict[tuple[str, str, str, bool], Listener] = {}

    # -- names

    def _partial(self, match: Match) -> tuple[str, ...]:
        """The names of a MATCH whose scope is not the promise's own; () where it is."""
        names = tuple(sorted(match.match)) if match.match is not None else ()
        return names if names and set(names) != set(self.own) else ()

    def _fact_scopes(self) -> set[tuple[str, ...]]:
        wheres = [match.where for _, match in self.policy.matches()] + [o.where for o in self.policy.owes]
        scopes = {
            (name.partition(".")[0],) for where in wheres for path in where if (name := fact_name(path))
        }
        return {names for names in scopes if set(names) != set(self.own)}

    def _paths(self, match: Keys | None) -> list[tuple[str, str]]:
        if match is None:
            return sorted(self.own.items())
        return sorted(
            (name, path or self.file.keys.get(name) or self.own[name]) for name, path in match.items()
        )

    # -- leaves

    def leaf(self, role: str, match: Match) -> Leaf:
        """A leaf, and the listeners that file its evidence."""
        paths, partial = self._paths(match.match), bool(self._partial(match))
        value, spec = self._value(role, match)
        signature: Json = [sorted(match.types), spelled(match.where), paths, partial, match.at, spec]
        if role == TRIGGER:
            signature.append([list(names) for names in self.partials])
        name = slot(role, signature)
        for event_type in match.types:
            self._listen(event_type, name, partial, paths, match, canonical(spec), value)
        return Leaf(
            slot=name,
            facts=self.facts(match.where),
            times=match.times,
            distinct="" if match.distinct is None else "day" if match.distinct == "day" else "field",
            late=match.late,
            plus=match.plus,
            resets=tuple(self.leaf(RESET, again) for again in match.reset),
        )

    def _value(self, role: str, match: Match) -> tuple[Value, Json]:
        moved = match.at is not None
        if role == TRIGGER:
            given = self.policy.due.given if isinstance(self.policy.due, Given) else ""
            person = self.policy.person.of if self.policy.person else ""
            wheres = [ower.where for ower in self.policy.owes if ower.where]
            tests = [passes(where) or (lambda event: True) for where in wheres]
            spec: Json = [role, given, person, [spelled(where) for where in wheres], moved]
            return trigger_value(given, tests, person, moved), spec
        if role in (DISCHARGE, UNREACHED):
            distinct = match.distinct or ""
            return discharge_value(distinct, moved), ["d", distinct, moved]
        if role == START:
            party = next((p.party for p in self.policy.pause if p.start is match), None) or ""
            return plain_value(party, moved_time=moved), ["v", party, False, moved]
        if role == MOVED:
            to = (self.policy.person.to if self.policy.person else None) or "actor_ref"
            return plain_value(to, needed=True, moved_time=moved), ["v", to, True, moved]
        return plain_value("", moved_time=moved), ["v", "", False, moved]

    def _listen(
        self,
        event_type: str,
        name: str,
        partial: bool,
        paths: Sequence[tuple[str, str]],
        match: Match | None,
        value_id: str,
        value: Value,
    ) -> None:
        typed = key_paths(paths, event_type)
        links: tuple[Link, ...] = ()
        if name[0] == TRIGGER and not partial:
            links = tuple(self._link(names, event_type) for names in self.partials)
        made = Listener(
            policy=self.key,
            type=event_type,
            slot=name,
            partial=partial,
            keys_id=canonical(typed),
            keys=texts(typed),
            passes=passes(match.where) if match is not None else None,
            at=happening(reader(match.at)) if match is not None and match.at is not None else None,
            value_id=value_id,
            value=value,
            links=links,
        )
        self.listeners[made.identity] = made

    def _link(self, names: tuple[str, ...], event_type: str) -> Link:
        """Names of the promise's own take its key values; any other is read in the trigger, by its standard path."""
        other = [(n, self.file.keys.get(n, n)) for n in names if n not in self.own]
        own = tuple(name for name in names if name in self.own)
        return Link(own=own, others=texts(key_paths(other, event_type)))

    # -- facts

    def facts(self, where: Mapping[str, Test]) -> tuple[FactTest, ...]:
        found = []
        for path, test in sorted(where.items()):
            if not (name := fact_name(path)):
                continue
            one = check(test)
            if path.endswith("#"):
                found.append(FactTest(self._fact(name), lambda value, one=one: one(length(value))))  # type: ignore[misc]
            else:
                found.append(FactTest(self._fact(name), one))
        return tuple(found)

    def _fact(self, name: str) -> str:
        """The slot of a fact; its events are filed in the promise's scope, or in a partial one of the fact's own key."""
        scope = name.partition(".")[0]
        fact = self.file.facts[name]
        paths = [(scope, self.file.keys[scope])]
        partial = {scope} != set(self.own)
        take, value = fact.take or {}, fact.value or {}
        made = slot(FACT, [name, take, value, paths, partial])
        for event_type, path in take.items():
            self._listen(
                event_type,
                made,
                partial,
                paths,
                None,
                canonical(["v", path, True, False]),
                plain_value(path, needed=True),
            )
        for event_type, word in value.items():
            self._listen(event_type, made, partial, paths, None, canonical(["k", word]), constant_value(word))
        return made
