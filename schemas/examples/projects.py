"""项目: an example of each type of ``schemas.touchpoints.projects``."""

from __future__ import annotations

from typing import Final

from schemas.examples.estate import Examples

EXAMPLES: Final[Examples] = {
    "project.registered": (
        {"projectid": "yunshan", "actorrole": "project_company"},
        {"region": "east", "name": "云山"},
    ),
    "project.delivered": (
        {"projectid": "yunshan", "region": "east", "actorrole": "project_company"},
        {"delivered_on": ("day", 0)},
    ),
    "report.issued": (
        {"projectid": "yunshan", "department": "cs_dept"},
        {"report_kind": "complaint_monthly", "period": "2026-02", "recipients": ["cs_leader"]},
    ),
}
