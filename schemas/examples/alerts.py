"""提醒确认: an example of each type of ``schemas.facts.alerts``."""

from __future__ import annotations

from typing import Final

from schemas.examples.estate import ANY_ID, Examples

EXAMPLES: Final[Examples] = {
    "alert.acknowledged": (
        {"ticket": "TS-2026-0301"},
        {"verdict_id": ANY_ID, "obligation_key": "complaint.close_return_visit", "by": "kf-001"},
    ),
}
