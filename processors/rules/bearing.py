"""Which penalties a raise brings, and who bears each (处罚承担人): the decision rule of domain.md 3.5."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from processors.rules.penalty import WAITING
from processors.rules.protocol import Evidence

if TYPE_CHECKING:
    from schemas.policy_penalties import Penalties as Terms


class Raise(NamedTuple):
    """A raise to a level, and what the ladder said of it."""

    entry: Evidence
    said: Mapping[str, Any]

    @property
    def level(self) -> int:
        return int(self.said["to"])


def opens(one: Raise, terms: Terms) -> bool:
    """Whether penalties begin with this raise (domain.md 9 no. 14)."""
    late = terms.trigger == "after_second_failure" and one.said["origin"] == "complaint"
    return one.level == (2 if late else 1)


def fitting(one: Raise, terms: Terms, causes: Sequence[Mapping[str, Any]]) -> Iterable[tuple[str, str, int]]:
    """(rule, bearer, to be reviewed) of every penalty of this raise; ``causes`` in order of happening, of any case."""
    bearers: Mapping[str, str] = {str(rule): role for rule, role in terms.bearers.items()}
    cause, warranty = one.said["cause"], one.said["warranty"]
    for known in causes:
        if known["case"] == one.said["case"]:
            cause, warranty = known.get("cause", cause), known.get("within_warranty", warranty)
    if one.said["origin"] == "complaint" or terms.rule_by == "current_kind":
        wanted = ["rule1", "rule4"] if cause == "delay" else ["rule1"]
        taken: set[str] = set()
        for rule in wanted:
            bearer = bearers.get(rule, "")
            if bearer and bearer not in taken and not (taken and terms.stacking == "one"):
                taken.add(bearer)
                yield rule, bearer, 0
        return
    built = cause == "construction_quality"
    within = warranty is not False  # unknown counts as within
    if not within and not (built and terms.rule2b_scope == "any"):
        rule = "rule3"
    else:
        rule = "rule2b" if built else "rule2a" if cause == "non_construction_quality" else WAITING
    bearer = bearers.get(rule, "")
    if bearer or rule == WAITING:
        yield rule, bearer, int(rule == "rule3" and built)
