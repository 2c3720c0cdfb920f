"""The rules that this house runs, in the order in which they are told of an event."""

from __future__ import annotations

from processors.rules.cases import Cases
from processors.rules.firstcontact import FirstContact
from processors.rules.linear import AnyRule
from processors.rules.promises.promise import Owned as PromiseRows
from processors.rules.protocol import Owner


def rules() -> tuple[AnyRule, ...]:
    """Fresh instances, one of each."""
    from processors.rules.promises.rule import Promises

    return (Cases(), Promises(), FirstContact())


def owners() -> tuple[Owner, ...]:
    """The same for who only reads their tables, without importing what judges."""
    return (Cases(), PromiseRows(), FirstContact())
