"""The rules that this house runs, in the order in which they are told of an event."""

from __future__ import annotations

from processors.rules.cases import Cases
from processors.rules.defects import Defects
from processors.rules.firstcontact import FirstContact
from processors.rules.linear import AnyRule
from processors.rules.penalties import Penalties
from processors.rules.promises.promise import Owned as PromiseRows
from processors.rules.protocol import Owner
from processors.rules.repetition.repetition import Owned as RepetitionRows
from processors.rules.satisfaction import Satisfaction


def rules() -> tuple[AnyRule, ...]:
    """Fresh instances, one of each."""
    from processors.rules.promises.rule import Promises
    from processors.rules.repetition.rule import Repetitions

    return (Cases(), Promises(), FirstContact(), Repetitions(), Penalties(), *_figures())


def owners() -> tuple[Owner, ...]:
    """The same for who only reads their tables, without importing what judges."""
    return (Cases(), PromiseRows(), FirstContact(), RepetitionRows(), Penalties(), *_figures())


def _figures() -> tuple[AnyRule, ...]:
    """Rules of figures import little: they serve for both."""
    return (Satisfaction(), Defects())
