"""事项: an example of each type of ``schemas.touchpoints.cases``."""

from __future__ import annotations

from typing import Final

from schemas.examples.estate import COMPLAINT, Examples

EXAMPLES: Final[Examples] = {
    "case.handed_over": (
        COMPLAINT,
        {"from_ref": "kf-012", "to_ref": "kf-007", "reason": "原承办人休假"},
    ),
    "case.handover_accepted": (COMPLAINT, {"to_ref": "kf-007"}),
    "case.wait_started": (COMPLAINT, {"party": "owner", "reason": "客户出差，约定下周上门"}),
    "case.wait_ended": (COMPLAINT, {"party": "owner"}),
}
