"""The terms of one promise (履约条款): one policy of one published version, compiled to leaves and listeners.

A leaf is one MATCH as ``judge`` sees it: the slot under which its evidence stands, and what is asked of that evidence.
A listener is the same MATCH as ``file`` sees it. The slot is role + signature of all that decides what is filed, so that
two versions of a policy that listen alike share their evidence, whatever else changed between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from processors.rules.promises.listeners import Listener
from processors.rules.promises.paths import Check
from processors.rules.promises.promise import Promise
from schemas.policy import Again, Dur, Early, Every, Ladder


@dataclass(frozen=True, slots=True)
class FactTest:
    """A test on a fact of the scope (范围内事实), read at the tested event's own time."""

    slot: str
    check: Check


@dataclass(frozen=True, slots=True)
class Leaf:
    """One MATCH. ``times``, ``distinct``, ``late`` of discharges; ``plus``, ``resets`` (slots) of triggers."""

    slot: str
    facts: tuple[FactTest, ...] = ()
    times: int = 1
    distinct: str = ""
    """"" | "day" | "field" (the value was filed)"""
    late: bool = True
    plus: Dur | None = None
    resets: tuple[Leaf, ...] = ()


@dataclass(frozen=True, slots=True)
class Any_:
    """The earliest of these (任一)."""

    parts: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class All_:
    """All of these, from the latest on (全部)."""

    parts: tuple[Expr, ...]
    path: str
    """Where it stands in ON: what opens once opens once for this."""


Expr = Leaf | Any_ | All_


@dataclass(frozen=True, slots=True)
class Owing:
    """A role that owes it; ``test`` -1 = always, else the index of its tests' outcome in the trigger's evidence."""

    role: str
    test: int = -1
    facts: tuple[FactTest, ...] = ()


@dataclass(frozen=True, slots=True)
class Waiting:
    """A pause (暂停计时): the leaf that starts it and the one that ends it."""

    start: Leaf
    stop: Leaf


class Warning_(NamedTuple):
    """When to warn (提醒点): at a share of the limit, or a length before the due instant."""

    pct: int = 0
    before: Dur | None = None


Form = Literal["after", "given", "open", "gate", "before", "rolling", "every", "coverage"]
"""How DUE is judged: it decides which module makes the rows (``judge``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """See the module's docstring. ``limit`` None with ``given`` "" = no due instant of its own."""

    key: str
    row: str
    zh: str
    en: str
    kind: str
    form: Form
    names: tuple[str, ...]
    on: Expr
    by: Expr
    again: Again
    calendar: str
    ladder: Ladder
    limit: Dur | None = None
    given: str = ""
    min: Dur | None = None
    early: Early = "ignore"
    since: Dur | None = None
    since_ever: bool = False
    gate: Leaf | None = None
    each: bool = False
    confirm: Dur | None = None
    """How long a gate waits for late paper before its breach is confirmed (``settle``)."""
    date: Leaf | None = None
    """The date that may move: before it, or for a gate's warning."""
    minus: Dur | None = None
    lead: Dur | None = None
    """Of ``before``: None = any."""
    every: Every | None = None
    until: Leaf | None = None
    member: tuple[str, ...] = ()
    """Names of the members of a group duty, in order; of a coverage the names of what it is summed over."""
    counted: str = ""
    """Of a coverage: month, quarter or year."""
    unreached: Leaf | None = None
    cancel: tuple[Leaf, ...] = ()
    pause: tuple[Waiting, ...] = ()
    warnings: tuple[Warning_, ...] = ()
    warned: bool = False
    """Whether the policy itself says when to warn."""
    owes: tuple[Owing, ...] = ()
    owed: str = ""
    """Who owes it always, as its rows show it; "" where that depends on what is tested."""
    also: tuple[str, ...] = ()
    moved: Leaf | None = None
    triggers: frozenset[str] = frozenset()
    """Slots of the leaves of ON."""
    opens_alone: frozenset[str] = frozenset()
    """Slots of which one piece of evidence opens it, whatever else stands in the scope."""
    ends_alone: frozenset[str] = frozenset()
    """Slots of which one piece of evidence is all that BY asks for."""
    listeners: tuple[Listener, ...] = ()
    discharges: tuple[str, ...] = ()
    """Event types that settle it, in order; ``*`` is any."""
    blank: Promise
    """What all promises that it opens have in common, open and otherwise empty."""


def alone(expr: Expr) -> frozenset[str]:
    """Slots of which a single piece of evidence makes it true, at its own instant and whatever else stands there; none where
    that cannot be said of every part."""
    if isinstance(expr, Leaf):
        plain = expr.times == 1 and expr.late and expr.plus is None and not expr.facts
        return frozenset({expr.slot}) if plain else frozenset()
    parts = [alone(part) for part in expr.parts]
    return frozenset().union(*parts) if isinstance(expr, Any_) and all(parts) else frozenset()


def slots(expr: Expr) -> frozenset[str]:
    """Slots of all leaves, without those that reset."""
    if isinstance(expr, Leaf):
        return frozenset({expr.slot})
    return frozenset().union(*(slots(part) for part in expr.parts))
