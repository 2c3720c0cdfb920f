"""The rules of a fold, by what they can."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from processors.rules.book import Book
from processors.rules.linear import AnyRule, LinearRule, linear, scoped
from processors.rules.protocol import Carrying, Foreseeing, Row, Rule
from schemas.instants import Instant


class Ruleset(NamedTuple):
    """All of them by name."""

    every: Mapping[str, AnyRule]
    judging: Mapping[str, Rule]
    adding: Mapping[str, LinearRule]
    carrying: Mapping[str, Carrying]
    instants: Mapping[str, Callable[[Row, Book], Sequence[Instant]]]
    """When more stands of a row than before."""


@lru_cache(maxsize=8)
def ruleset(rules: tuple[AnyRule, ...]) -> Ruleset:
    """To ask an object for a protocol takes as long as to file an event, and there is a fold for every batch."""
    judging = {rule.name: rule for rule in scoped(rules)}
    return Ruleset(
        every={rule.name: rule for rule in rules},
        judging=judging,
        adding={rule.name: rule for rule in linear(rules)},
        carrying={name: rule for name, rule in judging.items() if isinstance(rule, Carrying)},
        instants={name: foresight(rule) for name, rule in judging.items()},
    )


def foresight(rule: Rule) -> Callable[[Row, Book], Sequence[Instant]]:
    """At which instants a row's marks come."""
    if isinstance(rule, Foreseeing):
        return rule.instants
    return lambda row, book: [mark.at for mark in rule.marks(row, book)]
