"""回访: an example of each type of ``schemas.touchpoints.followups``."""

from __future__ import annotations

from typing import Final

from schemas.examples.estate import COMPLAINT, HOUSE, REPAIR, WHO, Examples

EXAMPLES: Final[Examples] = {
    "followup.repair_first_completed": (
        {**REPAIR, "actorrole": "cs_front_desk"},
        {
            "satisfied": True,
            "still_faulty": False,
            "scores": [{"component": "responsiveness", "points": 95, "comment": "来得很快"}],
        },
    ),
    "followup.repair_second_completed": (
        {**REPAIR, "actorrole": "cs_front_desk"},
        {"satisfied": True, "content": "两个月来未再渗水。"},
    ),
    "followup.attempted": (
        {**REPAIR, "actorrole": "cs_front_desk"},
        {"followup_kind": "repair_first", "outcome": "unreachable", "attempt_no": 1},
    ),
    "followup.complaint_intake_completed": (
        {**COMPLAINT, "channel": "phone_out"},
        {"reached": True, "content": "已告知受理情况与承办部门。"},
    ),
    "followup.complaint_close_completed": (
        {**COMPLAINT, "channel": "phone_out"},
        {"satisfied": True, "scores": [{"component": "reliability", "points": 4, "out_of": 5}]},
    ),
    "property_service.problem_handled": (
        {**HOUSE, "ticket": "WY-2026-0209", "channel": "property_desk", "actorrole": "property_co"},
        {"customer": WHO, "kind": "complaint", "topic": "电梯异响", "content": "已更换导靴并试运行。"},
    ),
    "followup.property_service_completed": (
        {"ticket": "WY-2026-0209", "channel": "phone_out", "actorrole": "property_co"},
        {"satisfied": True},
    ),
}
