"""报修与维修: an example of each type of ``schemas.touchpoints.repairs``."""

from __future__ import annotations

from typing import Final

from schemas.examples.estate import HOUSE, REPAIR, WHO, Examples

EXAMPLES: Final[Examples] = {
    "repair.reported": (
        {**REPAIR, **HOUSE, "channel": "hotline", "actorrole": "cs_front_desk"},
        {
            "customer": WHO,
            "description": "客厅飘窗左上角渗水，墙面起皮约两掌宽。",
            "urgency": "other",
            "location": "客厅",
            "component": "飘窗",
            "in_warranty": True,
            "same_problem_key": "3-1-2301/客厅/飘窗",
            "report_no": 1,
            "dissatisfied_with_previous": False,
        },
    ),
    "repair.paid_service_requested": (
        {**HOUSE, "ticket": "YC-2026-0034", "channel": "building_intercom", "actorrole": "property_monitor"},
        {"customer": WHO, "item": "更换厨房水龙头", "fee_quote_fen": 12000},
    ),
    "repair.contacted": (REPAIR, {"contacted_at": ("past", 1)}),
    "repair.visit_booked": (REPAIR, {"slot": {"start": ("ahead", 18), "end": ("ahead", 20)}}),
    "repair.visited": (
        {**REPAIR, "channel": "visit_home"},
        {"arrived_at": ("past", 1), "finding": "窗框与墙体间密封胶老化脱开。", "wearing_badge": True},
    ),
    "repair.cause_determined": (
        {**REPAIR, "actorrole": "cs_supervisor"},
        {"cause": "construction_quality", "responsible_party": "contractor", "within_warranty": True},
    ),
    "repair.appraisal_completed": (
        {**REPAIR, "actorrole": "cs_senior_supervisor"},
        {
            "appraisers": ["周工", "设计院 陈工"],
            "conclusion": "外窗密封构造不当，需整面返工。",
            "report_ref": "JD-2026-004",
        },
    ),
    "repair.plan_explained": (
        {**REPAIR, "channel": "visit_home"},
        {"plan": "铲除旧胶，重打耐候密封胶，淋水试验合格后恢复墙面。"},
    ),
    "repair.plan_confirmed": ({**REPAIR, "channel": "app"}, {"confirmed_by": "林若溪"}),
    "repair.started": (
        {**REPAIR, "channel": "visit_home", "actorrole": "repair_crew"},
        {"crew": "维保二队"},
    ),
    "repair.completed": (
        {**REPAIR, "channel": "visit_home", "actorrole": "repair_crew"},
        {"result": "淋水试验合格，墙面已恢复。", "materials": "耐候密封胶两支，内墙腻子", "key_work": False},
    ),
    "repair.quality_accepted": ({**REPAIR, "actorrole": "repair_supervisor"}, {"accepted": True}),
    "repair.completion_confirmed": (
        {**REPAIR, "channel": "visit_home"},
        {"confirmed_by": "林若溪", "satisfied": True},
    ),
    "repair.closed": (
        {**REPAIR, "actorrole": "cs_front_desk"},
        {"closed_at": ("past", 0), "close_reason": "resolved"},
    ),
    "repair.joint_team_established": (
        {"projectid": "yunshan", "department": "engineering_dept"},
        {"members": ["工程部 周工", "客服部 何敏", "物业 孙磊"]},
    ),
    "repair.joint_team_dissolved": ({"projectid": "yunshan", "department": "engineering_dept"}, {}),
    "maintenance.visit_performed": (
        {**HOUSE, "channel": "visit_home", "department": "crc"},
        {"component": "入户门", "campaign": "2026-spring", "finding": "铰链已上油，密封条完好。"},
    ),
    "maintenance.tip_sent": ({**HOUSE, "channel": "wechat_official"}, {"topic": "回南天防潮提示"}),
}
