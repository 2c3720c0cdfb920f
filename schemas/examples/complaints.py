"""投诉: an example of each type of ``schemas.touchpoints.complaints``."""

from __future__ import annotations

from typing import Final

from schemas.examples.estate import COMPLAINT, HOUSE, WHO, Examples

EXAMPLES: Final[Examples] = {
    "complaint.received": (
        {**COMPLAINT, **HOUSE, "actorref": "kf-012", "stage": "daily_service"},
        {
            "customer": WHO,
            "description": "卫生间顶板渗水，上月已修过一次，雨后又漏，要求彻底处理并书面答复。",
            "subject": "engineering",
            "category": "渗漏",
            "severity": "ordinary",
            "demands": "彻底维修，书面说明原因",
            "same_problem_key": "3-1-2301/卫生间/渗漏",
            "repeat_no": 2,
            "is_cs_channel": True,
            "attachments": [{"kind": "photo", "ref": "photo/2026/03/02/7731.jpg", "title": "卫生间顶板水渍"}],
        },
    ),
    "complaint.registered": (
        {**COMPLAINT, "department": "project_cs"},
        {"ledger_no": "云杉里-投诉-2026-031"},
    ),
    "complaint.analysed": (
        {**COMPLAINT, "department": "cs_dept"},
        {"cause": "construction_quality", "category": "渗漏", "analysis": "楼上卫生间防水层在管根处开裂。"},
    ),
    "complaint.forwarded": (
        {**COMPLAINT, "channel": "internal_letter"},
        {"to_department": "engineering_dept", "due_at": ("ahead", 72)},
    ),
    "complaint.responsibility_determined": (
        {**COMPLAINT, "channel": "meeting"},
        {"responsible_department": "engineering_dept", "participants": ["工程部 周工", "客服部 何敏"]},
    ),
    "complaint.urged": (COMPLAINT, {"urged_role": "engineering_dept"}),
    "complaint.checked": (COMPLAINT, {"result": "已进场，防水修补完成一半。"}),
    "complaint.progress_notified": (
        {**COMPLAINT, "channel": "phone_out"},
        {"progress": "防水层已重做，正在闭水试验，预计后天恢复吊顶。", "next_date": ("day", 2)},
    ),
    "complaint.classified_major": (
        {**COMPLAINT, "actorrole": "cs_supervisor"},
        {"severity": "key", "reason": "同一问题两次返修未愈，客户拟向媒体反映。"},
    ),
    "complaint.decided": (
        {**COMPLAINT, "actorrole": "cs_leader"},
        {"decision": "同意更换施工单位重做防水，费用由原施工单位承担。"},
    ),
    "complaint.resolved": (
        {**COMPLAINT, "department": "engineering_dept"},
        {"resolution": "重做防水并通过48小时闭水试验，吊顶已恢复。", "handled_at": ("past", 1)},
    ),
    "complaint.replied": (
        {**COMPLAINT, "channel": "phone_out"},
        {"content": "已电话告知处理结果并寄出书面说明，客户表示认可。"},
    ),
    "complaint.closed": (COMPLAINT, {"closed_at": ("past", 0), "close_reason": "resolved"}),
}
