"""docs/chaos.md: what was broken in a run, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.machine import described
from tests.chaos.faults import KINDS
from tests.chaos.run import Run

INTRODUCTION = """\
# Chaos

Written by `make chaos` (`python -m tests.chaos`), one run. A whole installation stands on one machine: PostgreSQL (fsync on),
one Kafka broker, two gateways, a relay, two workers, two that send alerts, as the processes that an operator starts, under a
supervisor that starts again what ended. Callers post over HTTP: cases that are well kept, cases whose promises are due within
seconds, corrections, withdrawals, what is told late, letters in the wrong order, letters sent twice. Who gets no answer sends
the same again. Meanwhile a seeded schedule breaks things, several at once, and in the middle the workers change from one Kafka
client to the other. A minute of the same is a test (`tests/chaos/test_chaos.py`).

At the end everything is compared with what the callers were told: the ledger holds each acknowledged event once, under the id
and at the place that were answered; `touchline verify` and a rebuild find nothing; a copy of the facts alone, folded on SQLite
by an engine that nobody disturbed, gives the same verdict lane and the same rows; every breach is judged once more from the
facts by a few lines of the test's own; and the receiver of the alerts has what rang, under the verdict's id, signed."""


def document(made: Run) -> Iterator[str]:
    """Lines of Markdown."""
    yield INTRODUCTION
    yield ""
    yield f"## {'All as it must be' if made.ok else 'FAILED'}"
    yield ""
    yield f"Seed {made.seed}: `python -m tests.chaos --minutes {made.seconds / 60:g} --seed {made.seed}`"
    yield ""
    yield from (f"- {line}" for line in described())
    yield ""
    yield "| | |"
    yield "|---|---:|"
    yield from (f"| {name} | {value} |" for name, value in _figures(made))
    yield ""
    yield "| what must be so | findings |"
    yield "|---|---:|"
    yield from (f"| {what} | {len(found)} |" for what, found in made.verdict.findings.items())
    yield ""
    yield "| fault | times | seconds, all together |"
    yield "|---|---:|---:|"
    for kind in KINDS:
        took = sum(done.took for done in made.done if done.fault.kind == kind.name)
        yield f"| {kind.name} | {made.kinds[kind.name]} | {took:,.0f} |"
    yield ""
    restarts = ", ".join(f"{what} {times} times" for what, times in sorted(made.restarts.items()))
    yield f"Started again by the supervisor: {restarts or 'nothing'}."
    if not made.ok:
        yield ""
        yield "```"
        yield str(made)
        yield "```"


def _figures(made: Run) -> Iterator[tuple[str, str]]:
    counts = made.verdict.counts
    yield "faults", f"{sum(made.kinds.values()):,} of {len(made.kinds)} kinds"
    yield "events acknowledged", f"{made.acknowledged:,} in {made.seconds:,.0f} s"
    yield "answers to letters that had been acknowledged before (each as the first time)", f"{made.twice:,}"
    for name in ("corrections", "verdicts", "warnings", "breaches", "retractions", "rows"):
        yield name, f"{counts.get(name, 0):,}"
    yield "alerts received, in so many calls", f"{made.alerts:,} in {made.calls:,}"
    yield "longest that a caller had to send the same again, s", f"{made.slowest:.1f}"
    yield "after the last fault: all decided and concluded, s", f"{made.settled:.1f}"
    yield "after the last fault: every alert told, s", f"{made.rang:.1f}"
    yield "whole run with start and judge, s", f"{made.took:,.0f}"
