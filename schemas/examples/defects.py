"""缺陷: an example of each type of ``schemas.touchpoints.defects``."""

from __future__ import annotations

from typing import Final

from schemas.examples.estate import HOUSE, Examples

EXAMPLES: Final[Examples] = {
    "defect.recorded": (
        {**HOUSE, "department": "cs_dept"},
        {
            "defect_id": "QX-2026-019",
            "severity": "large",
            "discipline": "engineering",
            "component": "外窗",
            "description": "同户型外窗密封构造渗水，多户报修。",
        },
    ),
}
