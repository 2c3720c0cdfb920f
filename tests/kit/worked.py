"""Worked examples of rules (``tests/worked/rules``): read, put on a desk, in any order of arrival."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from schemas.policy_yaml import read_yaml
from tests.kit.ruledesk import RuleDesk
from tests.processors.desk import at

FOLDER = Path(__file__).parents[1] / "worked" / "rules"
Told = tuple[str, Mapping[str, Any]]
"""(event id, ``type``, ``time`` and everything else by name)"""


@cache
def examples(name: str) -> list[dict[str, Any]]:
    """Of one file, in its order."""
    file = FOLDER / f"{name}.yaml"
    found: list[dict[str, Any]] = read_yaml(file.read_text("utf-8"), file.name).value["examples"]
    return found


def placed(desk: RuleDesk, events: Sequence[Told]) -> RuleDesk:
    """The desk, with the events on it in this order."""
    for own_id, words in events:
        fields = {name: value for name, value in words.items() if name not in ("type", "time")}
        desk.place(words["type"], at(words["time"]), own_id, **fields)
    return desk


def arrivals(events: Sequence[Told]) -> Iterator[Sequence[Told]]:
    """As they are told, and in four other orders; a correction comes behind what it corrects."""
    yield events
    for seed in range(4):
        order = list(events)
        Random(seed).shuffle(order)
        yield sorted(order, key=lambda one: "corrects" in one[1])
