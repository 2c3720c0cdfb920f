"""索赔与赔付, 退房, 纠纷: an example of each type of ``schemas.touchpoints.compensations``."""

from __future__ import annotations

from typing import Final

from schemas.examples.estate import HOUSE, WHO, Examples

EXAMPLES: Final[Examples] = {
    "compensation.claimed": (
        {**HOUSE, "ticket": "PF-2026-0007", "channel": "visit_in", "actorrole": "cs_staff"},
        {"customer": WHO, "amount_claimed_fen": 800000, "grounds": "渗水损坏木地板。"},
    ),
    "compensation.accepted": ({"ticket": "PF-2026-0007", "actorrole": "project_cs"}, {"accepted": True}),
    "compensation.responsibility_analysed": (
        {"ticket": "PF-2026-0007", "actorrole": "cs_supervisor"},
        {"responsible_party": "contractor"},
    ),
    "compensation.plan_proposed": (
        {"ticket": "PF-2026-0007", "actorrole": "cs_supervisor"},
        {"proposal": "更换受损地板并补偿一个月物业费。", "amount_fen": 650000},
    ),
    "compensation.settled": (
        {"ticket": "PF-2026-0007", "actorrole": "finance_dept"},
        {"amount_fen": 650000, "paid_by": "contractor"},
    ),
    "house_return.requested": (
        {**HOUSE, "ticket": "TF-2026-0002", "channel": "visit_in"},
        {"customer": WHO, "reason": "延期交付超过合同约定。"},
    ),
    "house_return.resolved": ({"ticket": "TF-2026-0002"}, {"outcome": "协商后撤回申请。"}),
    "dispute.recorded": (
        {**HOUSE, "channel": "meeting", "actorrole": "cs_centre"},
        {"parties": ["业主", "装修公司"], "outcome": "双方同意由第三方检测。"},
    ),
    "policy.explained": (
        {**HOUSE, "channel": "hotline", "actorrole": "cs_centre"},
        {"policy": "保修范围", "customer_reaction": "表示理解"},
    ),
}
