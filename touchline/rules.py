"""The rules that this house runs, in the order in which they are told of an event."""

from __future__ import annotations

from processors.rules.cases import Cases
from processors.rules.promises.rule import Promises
from processors.rules.protocol import Rule


def rules() -> tuple[Rule, ...]:
    """Fresh instances, one of each."""
    return (Cases(), Promises())
