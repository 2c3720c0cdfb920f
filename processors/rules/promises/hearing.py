"""Hearing (听取): each MATCH of one policy becomes a leaf, as judge sees it, and listeners, as file sees it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from processors.rules.promises.keys import key_paths, scope_of, texts
from processors.rules.promises.listeners import (
    DATE,
    DISCHARGE,
    FACT,
    MOVED,
    RESET,
    START,
    STOP,
    TRIGGER,
    UNREACHED,
    UNTIL,
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
from schemas.policy import Before, Coverage, Every, Gate, Given, Keys, Match, Policy, PolicyFile, Test


class Hearing:
    """Of one policy. ``listeners`` fill as leaves are made."""

    def __init__(self, key: str, policy: Policy, file: PolicyFile) -> None:
        self.key, self.policy, self.file = key, policy, file
        due = policy.due
        self.own = {name: path or file.keys[name] for name, path in policy.per.items()}
        self.member = {name: path or file.keys[name] for name, path in (policy.member or {}).items()}
        if isinstance(
            due, Coverage
        ):  # one row for each member; the share is a sum over those that agree in ``per``
            self.own, self.member = (
                {name: path or file.keys[name] for name, path in due.member.items()},
                self.own,
            )
        self.partials = sorted(
            {names for role, match in self._matches() if (names := self._partial(match, role))}
            | self._fact_scopes()
        )
        self.listeners: dict[tuple[str, str, str, bool], Listener] = {}

    # -- names

    def _matches(self) -> Iterator[tuple[str, Match]]:
        """All that is listened to, the named date too."""
        yield from self.policy.matches()
        if (date := self._date()) is not None:
            yield "date", date

    def _date(self) -> Match | None:
        """The date that may move, as a MATCH."""
        due = self.policy.due
        name = due.before if isinstance(due, Before) else due.plan if isinstance(due, Gate) else None
        if name is None:
            return None
        named = self.file.dates[name]
        return Match(event=named.event, match=named.match)

    def _partial(self, match: Match, role: str = "") -> tuple[str, ...]:
        """The names of a MATCH whose scope is not the promise's own; () where it is. What ends the duty of one member
        stands in that member's scope, so that a project's promise reads nothing of those who never were members."""
        if role in ("until", UNTIL) and self.member:
            return tuple(sorted({*self.own, *self.member}))
        names = tuple(sorted(match.match)) if match.match is not None else ()
        return names if names and set(names) != set(self.own) else ()

    def _fact_scopes(self) -> set[tuple[str, ...]]:
        wheres = [match.where for _, match in self._matches()] + [o.where for o in self.policy.owes]
        scopes = {
            (name.partition(".")[0],) for where in wheres for path in where if (name := fact_name(path))
        }
        return {names for names in scopes if set(names) != set(self.own)}

    def _paths(self, match: Keys | None, role: str) -> list[tuple[str, str]]:
        if role == UNTIL:
            return sorted((self.own | self.member).items())
        if match is None:
            return sorted(self.own.items())
        return sorted(
            (name, path or self.file.keys.get(name) or self.own[name]) for name, path in match.items()
        )

    # -- leaves

    def leaf(self, role: str, match: Match) -> Leaf:
        """A leaf, and the listeners that file its evidence."""
        paths, partial = self._paths(match.match, role), bool(self._partial(match, role))
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

    def date(self) -> Leaf | None:
        """The leaf of the named date."""
        match = self._date()
        return self.leaf(DATE, match) if match is not None else None

    def _value(self, role: str, match: Match) -> tuple[Value, Json]:
        moved = match.at is not None
        if role == TRIGGER:
            given = self.policy.due.given if isinstance(self.policy.due, Given) else ""
            person = self.policy.person.of if self.policy.person else ""
            wheres = [ower.where for ower in self.policy.owes if ower.where]
            tests = [passes(where) or (lambda event: True) for where in wheres]
            members = texts(sorted(self.member.items())) if self.member else None
            spec: list[Json] = [role, given, person, [spelled(where) for where in wheres], moved]
            spec += [sorted(self.member.items())] if self.member else []
            return trigger_value(given, tests, person, moved, members), spec
        if role in (DISCHARGE, UNREACHED):
            distinct, due = match.distinct or "", self.policy.due
            label = (due.label or "") if isinstance(due, Every) else ""
            return discharge_value(distinct, moved, label), ["d", distinct, moved, label]
        if role == DATE:
            due = self.policy.due
            name = due.before if isinstance(due, Before) else due.plan if isinstance(due, Gate) else None
            path = self.file.dates[name].date if name is not None else ""
            return plain_value(path, moved_time=moved), ["v", path, False, moved]
        if role in (START, STOP):
            party = (
                next((p.party for p in self.policy.pause if match is p.start or match is p.stop), None) or ""
            )
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
        before, after = scope_of(self.key, "{}", partial=partial).split("{}")
        made = Listener(
            policy=self.key,
            type=event_type,
            slot=name,
            partial=partial,
            before=before,
            after=after,
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
        other = [(n, self.member.get(n) or self.file.keys.get(n, n)) for n in names if n not in self.own]
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
