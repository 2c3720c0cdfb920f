"""What a touchpoint must bear for a profile to judge it (判定所需字段): parts of "the same problem", keys of promises."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from schemas.catalogue import CATALOGUE

REPORTS: Final = {"complaint": "complaint.received", "repair": "repair.reported"}
"""Kind of matter -> the report that the repetition ladder counts."""
FIGURES: Final = {
    kind: (("project_id",), (("各项目的满意度", "Satisfaction by estate"),))
    for kind, entry in CATALOGUE.items()
    if kind.startswith("followup.") and kind.endswith("_completed") and entry.case == "needs"
}
"""Return visit -> (fields, the figure that leaves out a visit without them): a visit is counted by what it says itself."""
NAMED: Final = "same_problem_key"
"""A report that bears it names its problem, and needs no part of it."""
_GIVEN: Final = frozenset({"case_id", "event_id"})
"""The intake gives them to every touchpoint that has to do with a case."""


@dataclass(frozen=True, slots=True)
class Need:
    """``fields``: any one of them will do. ``policies``: Chinese and English names of the promises that do not open, and the
    figures that count nothing without; none where it is the repetition ladder (投诉上移制) that needs it."""

    fields: tuple[str, ...]
    policies: tuple[tuple[str, str], ...] = ()


def needs(profile: Mapping[str, Any]) -> dict[str, list[Need]]:
    """Event type -> what it must bear, of a profile as it is published (``PolicyFile.dump``)."""
    found: dict[str, list[Need]] = {}
    ladder = profile.get("repetition") or {}
    for kind, report in REPORTS.items():
        for part in ladder.get("problem", {}).get(kind, ()):
            found.setdefault(report, []).append(Need((part,) if isinstance(part, str) else tuple(part)))
    keys: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for policy in profile.get("policies", {}).values():
        if not policy.get("enabled", True):
            continue
        paths = [path or profile.get("keys", {}).get(name, name) for name, path in policy["per"].items()]
        for event in sorted(set(_types(policy["on"]))):
            for path in paths:
                if path not in _GIVEN and not path.endswith("[]"):
                    keys.setdefault((event, path), []).append(
                        (policy["zh"], policy.get("en") or policy["zh"])
                    )
    for event, (fields, figures) in FIGURES.items():
        found.setdefault(event, []).append(Need(fields, figures))
    for (event, path), named in keys.items():
        found.setdefault(event, []).append(Need((path,), tuple(named)))
    return found


def _types(expr: Mapping[str, Any]) -> Iterator[str]:
    """Every type of which an event opens it."""
    for part in (*expr.get("any", ()), *expr.get("all", ())):
        yield from _types(part)
    said = expr.get("event", ())
    yield from (said,) if isinstance(said, str) else said
