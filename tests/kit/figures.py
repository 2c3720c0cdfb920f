"""The table of metrics (docs/metrics.md) as data, and what a PromQL expression names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from prometheus_client.core import Metric

from tests.touchline.commands import ROOT

_ROW = re.compile(r"^\| `(touchline_\w+)` \|(.*)\|$", re.MULTILINE)
_WORDS = frozenset(
    {"sum", "max", "min", "count", "by", "without", "on", "ignoring", "unless", "and", "or"}
    | {"rate", "increase", "delta", "min_over_time", "max_over_time", "histogram_quantile"}
)
OF_THE_SCRAPE = frozenset({"instance", "job"})
OF_AN_ALERT = {"alertname", "alertstate", "severity"}
"""What Prometheus tells of its own alerts, as ``ALERTS``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A metric: as the table has it, or as a process tells it."""

    name: str
    type: str
    labels: frozenset[str]
    process: str


def table() -> dict[str, Figure]:
    """docs/metrics.md by name."""
    found = {}
    for name, rest in _ROW.findall((ROOT / "docs/metrics.md").read_text(encoding="utf-8")):
        kind, labels, _unit, process, _meaning, _todo = (cell.strip() for cell in rest.split("|"))
        assert name not in found, f"{name} stands twice"
        named = frozenset() if labels == "–" else frozenset(labels.split(", "))
        found[name] = Figure(name=name, type=kind, labels=named, process=process)
    return found


def told(process: str, families: Iterable[Metric]) -> dict[str, Figure]:
    """What a process exposes, by the name that a query uses."""
    found = {}
    for family in families:
        if family.name.endswith("_created"):  # when a counter began: of the client's own making
            continue
        labels = set(getattr(family, "_labelnames", ()))
        for sample in family.samples:
            labels |= sample.labels.keys()
        name = family.name + ("_total" if family.type == "counter" else "")
        found[name] = Figure(name=name, type=family.type, labels=frozenset(labels - {"le"}), process=process)
    return found


@dataclass(frozen=True, slots=True)
class Query:
    """What an expression names: metrics, label matchers by metric, labels that it groups by."""

    metrics: frozenset[str]
    matched: frozenset[tuple[str, str, str]]
    """(metric, label, value)."""
    grouped: frozenset[str]

    @classmethod
    def of(cls, expression: str) -> Query:
        grouped: set[str] = set()
        for labels in re.findall(r"\b(?:by|on|without|ignoring)\s*\(([^)]*)\)", expression):
            grouped |= {label.strip() for label in labels.split(",")}
        bare = re.sub(r"\b(?:by|on|without|ignoring)\s*\([^)]*\)", " ", expression)
        matched = {
            (metric, label, value)
            for metric, inside in re.findall(r"(\w+)\{([^}]*)\}", bare)
            for label, value in re.findall(r'(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"', inside)
        }
        bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]", " ", bare)
        names = frozenset(re.findall(r"\b[a-z_][a-z0-9_]*\b", bare)) - _WORDS
        return cls(names, frozenset(matched), frozenset(grouped))


def flaws(expression: str, known: dict[str, Figure]) -> list[str]:
    """What an expression names that nobody tells."""
    query = Query.of(expression)
    found = [] if query.metrics or "ALERTS{" in expression else ["names no metric"]
    labels = {*OF_THE_SCRAPE} | (OF_AN_ALERT if "ALERTS{" in expression else set())
    for name in query.metrics:
        base = re.sub(r"_(bucket|sum|count)$", "", name)
        if name == "up":
            continue
        if name in known and known[name].type != "histogram":
            labels |= known[name].labels
        elif base in known and known[base].type == "histogram" and base != name:
            labels |= known[base].labels | ({"le"} if name.endswith("_bucket") else set())
        else:
            found.append(f"no metric {name}")
    found += [f"no label {label}" for label in sorted(query.grouped - labels)]
    for metric, label, _ in sorted(query.matched):
        base = metric.removesuffix("_bucket")
        told = set(known[base].labels) if base in known else OF_AN_ALERT if metric == "ALERTS" else set()
        if label not in told | OF_THE_SCRAPE | ({"le"} if base != metric else set()):
            found.append(f"{metric} has no label {label}")
    return found
