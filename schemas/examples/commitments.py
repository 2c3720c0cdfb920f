"""承诺: an example of each type of ``schemas.touchpoints.commitments``."""

from __future__ import annotations

from typing import Final

from schemas.examples.estate import COMPLAINT, Examples

EXAMPLES: Final[Examples] = {
    "commitment.made": (
        {**COMPLAINT, "channel": "phone_out"},
        {
            "commitment_id": "CN-2026-0045",
            "promise_text": "本周五前完成防水重做并当面说明原因。",
            "promised_by": "kf-012",
            "due_at": ("ahead", 96),
            "within_authority": True,
        },
    ),
    "commitment.fulfilled": (
        {**COMPLAINT, "channel": "visit_home"},
        {"commitment_id": "CN-2026-0045", "evidence": "客户签字的现场确认单"},
    ),
}
