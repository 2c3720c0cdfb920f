"""物业服务: an example of each type of ``schemas.touchpoints.property``."""

from __future__ import annotations

from typing import Final

from schemas.examples.estate import ANY_ID, HOUSE, Examples

EXAMPLES: Final[Examples] = {
    "property_feedback.received": (
        {**HOUSE, "channel": "property_desk", "actorrole": "property_co"},
        {"topic": "电梯", "content": "早高峰等候过久。", "needs_group_help": False},
    ),
    "property_feedback.summarised": (
        {"projectid": "yunshan", "department": "cs_dept"},
        {"items": [ANY_ID], "recipients": ["property_co"], "summary": "电梯等候、快递柜两项集中。"},
    ),
    "property.urged": (
        {"projectid": "yunshan", "channel": "internal_letter", "department": "cs_dept"},
        {"basis": ANY_ID, "demand": "两周内调整电梯群控。", "due_at": ("day", 14)},
    ),
    "site_quality.checked": (
        {"projectid": "yunshan", "channel": "patrol", "actorrole": "property_co"},
        {"findings": ["3栋大堂地砖松动一处"], "resolved": True},
    ),
    "owner.silent_checked": (
        {**HOUSE, "channel": "phone_out", "actorrole": "property_assistant"},
        {"situation": "常住外地，房屋空置。", "potential_problem": "阳台地漏可能干涸返味。"},
    ),
    "patrol.conducted": (
        {"projectid": "yunshan", "channel": "patrol", "actorrole": "cs_ambassador"},
        {"joint": True, "area": "地库B1", "finding_ids": ["xc-0311"]},
    ),
    "pest_control.performed": ({"projectid": "yunshan"}, {"area": "地库及绿化带", "method": "烟雾"}),
    "drill.held": ({"projectid": "yunshan", "channel": "activity"}, {"topic": "消防", "owners_joined": 62}),
    "parking_pet.talked": (
        {"projectid": "yunshan", "channel": "meeting"},
        {"issue": "地面停车", "result": "划定临停区，月底施划。"},
    ),
}
