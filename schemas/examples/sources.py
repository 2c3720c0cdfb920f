"""来源: an example of each type of ``schemas.facts.sources``."""

from __future__ import annotations

from typing import Final

from schemas.examples.estate import Examples

EXAMPLES: Final[Examples] = {
    "source.declared": ({}, {"source": "night-batch", "reports_within": "26h", "by": "admin"}),
    "source.reported_through": ({}, {"through_at": "2026-03-02T09:00:00+08:00"}),
}
