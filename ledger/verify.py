"""Checking a ledger against itself: every stored column of the record is computed again, in constant memory.

A place is bad where the row is missing, or does not hash to its stored hash from the one before; the row after a bad one is
judged from the bad one's stored hash or its true one, so that one flipped bit names one place. A row behind a
missing one cannot be computed from it, and is named as that. A tail that was cut off together with the counter is found
only by a head kept elsewhere (``expect``).

A lane is walked in stretches that do not depend on each other, on as many processes as are given. What comes in meanwhile
is not of this run: it goes to the heads that stood when it began.
"""

from __future__ import annotations

from collections.abc import Sequence

from ledger.chain import TENANTS
from ledger.findings import BadPlace, LaneHead, Report
from ledger.verifying.hands import Hands
from ledger.verifying.pages import Reads
from ledger.verifying.register import check_register, readable
from ledger.verifying.run import Places, Progress, Run
from ledger.verifying.strays import check_orphans

__all__ = ["BadPlace", "LaneHead", "Places", "Progress", "Report", "verify"]

STRETCH = 20_000
"""Places that one process is given at once."""


ALL = Places()


def verify(
    source: Reads,
    tenant: str | None = None,
    progress: Progress | None = None,
    expect: Sequence[LaneHead] = (),
    *,
    places: Places = ALL,
    resume: bool = False,
    deep: bool = False,
    hands: Hands | None = None,
    stretch: int = STRETCH,
) -> Report:
    """Check one tenant or all. Short snapshots: a running server goes on writing. Never raises on what it finds.

    ``expect``: heads kept elsewhere, which must stand in the lanes. ``resume``: go on behind them; what stands before was
    checked when they were printed. ``deep``: parse every body and hold it against its canonical form.
    """
    report = Report()
    register = check_register(source, report)
    run = Run(
        source, report, register, progress, expect, places, resume, deep, hands or Hands(source), stretch
    )
    for number, name in register:
        if tenant in (None, readable(name)):
            run.tenant(number, name)
    known = {readable(name) for _, name in register}
    for head in expect:
        if head.tenant not in known and tenant in (None, head.tenant):
            report.bad(head.tenant, TENANTS, 0, "expected, but not registered")
    if tenant is None:
        check_orphans(source, report, register)
    elif tenant not in known:
        report.bad(tenant, TENANTS, 0, "not registered")
    report.in_order([readable(name) for _, name in register])
    return report
