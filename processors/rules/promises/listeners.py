"""Listeners (监听): which events are evidence for a policy, in which scope, under which slot, with which value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from processors.rules.promises.keys import Texts
from processors.rules.promises.paths import Reader, instant, plain, reader, text
from schemas.canonical import Json, canonical, quoted
from schemas.event import Event

TRIGGER, DISCHARGE, CANCEL, UNREACHED, START, STOP, RESET, MOVED, FACT, GATE, DATE, UNTIL = "TDCEPRZOFBNU"
OPENS = (TRIGGER, RESET)
WAIVER, ACKNOWLEDGED = "W", "K"
"""Roles of evidence, first letter of the slot. The last two are not of any policy's making."""

Value = Callable[[Event], str | None]
"""What judge needs of the event, as canonical JSON; None: nothing to file."""


@dataclass(frozen=True, slots=True, eq=False)
class Link:
    """How a trigger ties its full scope to a partial one: ``own`` names take the key's values, the others are read."""

    own: tuple[str, ...]
    others: Texts


@dataclass(frozen=True, slots=True, eq=False)
class Listener:
    """One event type of one MATCH. Two with the same ``identity`` file the same."""

    policy: str
    type: str
    slot: str
    partial: bool
    before: str
    after: str
    """Of the scope's name: what stands around the key values."""
    keys_id: str
    keys: Texts
    passes: Callable[[Event], bool] | None
    at: Reader | None
    value_id: str
    value: Value
    links: tuple[Link, ...] = ()

    @property
    def identity(self) -> tuple[str, str, str, bool]:
        return (self.policy, self.type, self.slot, self.partial)


def slot(role: str, signature: Json) -> str:
    """Role and a short hash of what decides what is filed."""
    return f"{role}:{sha256(canonical(signature).encode()).hexdigest()[:12]}"


def happening(at: Reader | None) -> Reader | None:
    """The instant that orders the evidence, where a field holds it; a date means its end (S8)."""
    if at is None:
        return None
    return lambda event: instant(at(event))


def trigger_value(
    given: str,
    tests: Sequence[Callable[[Event], bool]],
    person: str,
    moved_time: bool,
    member: Texts | None = None,
) -> Value:
    """c h p r u: case, house, project, region, customer; g: the given due instant; o: outcome of each ``owes`` test; w: the
    person in charge; m: key texts of the members; t: the event's own time where ``at`` orders it by another."""
    read_given = reader(given) if given else None
    read_person = reader(person) if person else None

    def value(event: Event) -> str:
        made: dict[str, Json] = {}
        if event.case_id:
            made["c"] = event.case_id
        if event.customer_ref:
            made["u"] = event.customer_ref
        if event.house_id:
            made["h"] = event.house_id
        if event.project_id:
            made["p"] = event.project_id
        if event.region:
            made["r"] = event.region
        if read_given is not None and (due := instant(read_given(event))) is not None:
            made["g"] = due
        if tests:
            made["o"] = [int(test(event)) for test in tests]
        if read_person is not None and isinstance(who := plain(read_person(event)), str):
            made["w"] = who
        if member is not None:
            made["m"] = list(member(event))
        if moved_time:
            made["t"] = event.time
        return text(made)

    return value


def discharge_value(distinct: str, moved_time: bool, label: str = "") -> Value:
    """a: who entered it; s: its source; v: the value that must differ; l: the period it is for; t: as in ``trigger_value``."""
    read = reader(distinct) if distinct and distinct != "day" else None
    named = reader(label) if label else None

    def plainly(event: Event) -> str:
        actor = event.actor_ref or event.actor_role or event.source
        return f'{{"a":{quoted(actor)},"s":{quoted(event.source)}}}'

    if read is None and named is None and not moved_time:
        return plainly

    def value(event: Event) -> str:
        made: dict[str, Json] = {
            "a": event.actor_ref or event.actor_role or event.source,
            "s": event.source,
        }
        if read is not None:
            made["v"] = plain(read(event))
        if named is not None:
            made["l"] = plain(named(event))
        if moved_time:
            made["t"] = event.time
        return text(made)

    return value


def plain_value(path: str, *, needed: bool = False, moved_time: bool = False) -> Value:
    """v: one field, "" for none; ``needed``: an event without it is no evidence."""
    read = reader(path) if path else None

    def value(event: Event) -> str | None:
        found = plain(read(event)) if read is not None else None
        if needed and found is None:
            return None
        made: dict[str, Json] = {} if found is None else {"v": found}
        if moved_time:
            made["t"] = event.time
        return text(made)

    return value


def constant_value(word: str) -> Value:
    """v: the constant that this type stands for."""
    made = text({"v": word})
    return lambda event: made


def index(listeners: Mapping[tuple[str, str, str, bool], Listener]) -> dict[str, tuple[Listener, ...]]:
    """Event type -> its listeners, in a fixed order."""
    found: dict[str, list[Listener]] = {}
    for identity in sorted(listeners):
        found.setdefault(identity[1], []).append(listeners[identity])
    return {name: tuple(mine) for name, mine in found.items()}
