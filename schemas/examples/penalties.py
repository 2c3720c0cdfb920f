"""处罚决定: an example of each type of ``schemas.facts.penalties``."""

from __future__ import annotations

from typing import Final

from schemas.examples.estate import ANY_ID, Examples

EXAMPLES: Final[Examples] = {
    "penalty.confirmed": (
        {},
        {
            "penalty_id": ANY_ID,
            "problem": "wt-2026-0031",
            "by": "fgs-001",
            "amount_fen": 30000,
            "reason": "第二次投诉，首次维修未查明漏点",
            "objection": "当日人手不足",
        },
    ),
    "penalty.waived": (
        {},
        {"penalty_id": ANY_ID, "problem": "wt-2026-0031", "by": "fgs-001", "reason": "客户多次改约"},
    ),
}
