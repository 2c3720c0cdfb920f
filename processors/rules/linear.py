"""Linear rules (线性规则): sums over events, for which nothing that stands need be read.

A scoped rule (``protocol.Rule``) judges all evidence of a scope again. A linear rule maps one event to addends, and a cell is
the sum of the addends of the events that stand. The fold adds them, and subtracts them when the event is corrected or
withdrawn; what was added stands as evidence of the cell (slot ``SUM`` and the table's name), so that exactly that is
subtracted, whatever the rule or the book would say by then. Such evidence is written and never loaded; who opens a figure,
or asks for it as known at an instant, reads it.

First, last and distinct are no sums: they are scopes of a scoped rule. Facts alone are told to a linear rule, no verdicts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from json import loads
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

from processors.rules.protocol import SUM, Evidence, Filing, Owner, Rule, Tabled
from schemas.canonical import canonical
from schemas.event import Event

if TYPE_CHECKING:
    from processors.rules.book import Book

MOST = 2**31
"""An addend's amount is at most this, either way: 2^32 events of it fit into a cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum(Tabled):
    """Base of what linear rules own: a cell, its text fields the key, its int fields the sums. An addend is one too. A cell of
    which every sum is 0 does not stand."""


@runtime_checkable
class LinearRule(Owner, Protocol):
    """A rule without scopes. ``rows`` are ``Sum`` classes, which it alone owns."""

    def addends(self, event: Event, book: Book) -> Iterable[Sum]:
        """What one fact adds; several to one cell count together. Pure; knows no now. Raises what it likes: then (rule,
        event) is parked, and added when it is resumed."""
        ...


AnyRule = Rule | LinearRule


class Names(NamedTuple):
    """Columns of a ``Sum`` class."""

    key: tuple[str, ...]
    amounts: tuple[str, ...]


class Summed(NamedTuple):
    """What a batch adds to one cell of ``table`` (as the class names it)."""

    table: str
    key: tuple[str, ...]
    amounts: tuple[int, ...]


_NAMES: dict[type[Sum], Names] = {}


def names_of(kind: type[Sum]) -> Names:
    """Raises TypeError for a field that is neither text nor whole number, and for a class that has only one sort."""
    if kind not in _NAMES:
        _NAMES[kind] = _names(kind)
    return _NAMES[kind]


def _names(kind: type[Sum]) -> Names:
    of: dict[str, list[str]] = {"str": [], "int": []}
    for one in fields(kind):
        if one.type not in of:
            raise TypeError(f"{kind.__name__}.{one.name} is str (of the key) or int (a sum), not {one.type}")
        of[str(one.type)].append(one.name)
    if not of["str"] or not of["int"]:
        raise TypeError(f"{kind.__name__} needs a key (str) and a sum (int)")
    return Names(tuple(of["str"]), tuple(of["int"]))


def scoped(rules: Iterable[AnyRule]) -> list[Rule]:
    """Those that judge."""
    return [rule for rule in rules if not isinstance(rule, LinearRule)]


def linear(rules: Iterable[AnyRule]) -> list[LinearRule]:
    """Those that add."""
    return [rule for rule in rules if isinstance(rule, LinearRule)]


def filings(rule: LinearRule, event: Event, book: Book) -> tuple[Filing, ...]:
    """The addends of an event as evidence, one a cell. Raises what the rule raises, TypeError and OverflowError."""
    if event.verdict:
        return ()
    cells: dict[tuple[str, tuple[str, ...]], list[int]] = {}
    for addend in rule.addends(event, book):
        if type(addend) not in rule.rows:
            raise TypeError(f"rule {rule.name} does not own {type(addend).__name__}")
        key, amounts = _read(addend)
        cell = cells.setdefault((addend.TABLE, key), [0] * len(amounts))
        for index, amount in enumerate(amounts):
            cell[index] += amount
    if any(abs(amount) > MOST for amounts in cells.values() for amount in amounts):
        raise OverflowError(f"an addend is at most {MOST}")
    return tuple(
        Filing(scope=scope_of(key), slot=SUM + table, value=canonical(amounts))
        for (table, key), amounts in sorted(cells.items())
        if any(amounts)
    )


def _read(addend: Sum) -> tuple[tuple[str, ...], tuple[int, ...]]:
    names = names_of(type(addend))
    key = tuple(getattr(addend, name) for name in names.key)
    amounts = tuple(getattr(addend, name) for name in names.amounts)
    if not all(type(text) is str for text in key) or not all(type(number) is int for number in amounts):
        raise TypeError(f"{type(addend).__name__} has a key of texts and sums of whole numbers")
    return key, amounts


def scope_of(key: Sequence[str]) -> str:
    """The scope of a cell's evidence: its key."""
    return canonical(list(key))


def summed(entry: Evidence) -> Summed:
    """What a piece of a linear rule's evidence had added."""
    return Summed(entry.slot.removeprefix(SUM), tuple(loads(entry.scope)), tuple(loads(entry.value)))
