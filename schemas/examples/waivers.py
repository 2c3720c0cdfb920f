"""豁免: an example of each type of ``schemas.facts.waivers``."""

from __future__ import annotations

from typing import Final

from schemas.examples.estate import ANY_ID, Examples

EXAMPLES: Final[Examples] = {
    "obligation.waived": (
        {"ticket": "TS-2026-0301"},
        {
            "obligation_key": "complaint.close_return_visit",
            "keys": {"case": ANY_ID},
            "reason": "客户书面要求不再回访",
            "by": "kf-001",
        },
    ),
}
