"""One realistic event of each type that may be written from outside: to post, to read, to test with.

The estate is invented. Its complaint and its repair keep one ticket each, so that examples posted one after the
other make one case history.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from schemas.instants import HOUR, Instant, format_instant, iso_day, parse_instant
from schemas.instants import day_of as day

MOMENT: Final = parse_instant("2026-03-02T16:00:00+08:00")
_COMPLAINT: Final = {"ticket": "TS-2026-0301", "channel": "hotline", "actorrole": "cs_front_desk"}
_REPAIR: Final = {"ticket": "BX-2026-0117", "channel": "phone_out", "actorrole": "warranty_engineer"}
_HOUSE: Final = {"projectid": "yunshan", "houseid": "3-1-2301", "ownertype": "break_in"}
_WHO: Final = {
    "number": "KH-100234",
    "name": "林若溪",
    "phone": "13800138000",
    "address": "云杉里3栋1单元2301",
}


def make(name: str, at: Instant | None, event: str | None) -> dict[str, Any]:
    """The CloudEvent. Without ``event`` its id follows from type and time, so that the same example is a duplicate
    of itself and another moment makes another event."""
    moment = MOMENT if at is None else at
    attributes, data = _EXAMPLES[name]
    made: dict[str, Any] = {
        "specversion": "1.0",
        "id": event or _id(name, moment),
        "source": "example",
        "type": name,
        "time": format_instant(moment),
        "datacontenttype": "application/json",
    }
    for key, value in attributes.items():
        made[key] = _id(value[1:], moment) if value.startswith("@") else value
    made["data"] = _filled(data, moment)
    return made


def _id(name: str, at: Instant) -> str:
    return f"example-{name}" if at == MOMENT else f"example-{name}-{at // 1000}"


def _filled(value: Any, at: Instant) -> Any:
    """Relative instants in the tables below: ("past"|"ahead", hours) and ("day", days)."""
    if isinstance(value, tuple):
        kind, n = value
        if kind == "day":
            return iso_day(day(at) + n)
        return format_instant(at + (n if kind == "ahead" else -n) * HOUR)
    if isinstance(value, dict):
        return {key: _filled(inner, at) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, at) for inner in value]
    return value


_UUID: Final = "0d9f2b52-6a0e-5c57-9b0c-6d3a51f2c0de"

_Entry = tuple[Mapping[str, str], Mapping[str, Any]]
_EXAMPLES: Final[Mapping[str, _Entry]] = {
    "contact.received": (
        {**_HOUSE, "channel": "hotline", "actorrole": "cs_front_desk", "actorref": "kf-012"},
        {
            "customer": _WHO,
            "summary": "来电反映卫生间顶板渗水，情绪较急",
            "recording_ref": "rec/2026/03/02/0081.wav",
            "is_cs_channel": True,
        },
    ),
    "inquiry.received": (
        {**_HOUSE, "ticket": "ZX-2026-0088", "channel": "wechat", "actorrole": "first_contact_owner"},
        {"customer": _WHO, "topic": "产权证办理", "question": "产权证什么时候可以领取？需要带哪些材料？"},
    ),
    "inquiry.answered": (
        {"ticket": "ZX-2026-0088", "channel": "wechat", "actorrole": "first_contact_owner"},
        {"answer": "预计四月中旬可领，请携带身份证与购房合同原件到客服中心办理。", "resolved": True},
    ),
    "inquiry.referred": (
        {"ticket": "ZX-2026-0088", "channel": "wechat", "actorrole": "first_contact_owner"},
        {"referred_to": "sales_rep", "is_cs_channel": False},
    ),
    "complaint.received": (
        {**_COMPLAINT, **_HOUSE, "actorref": "kf-012", "stage": "daily_service"},
        {
            "customer": _WHO,
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
        {**_COMPLAINT, "department": "project_cs"},
        {"ledger_no": "云杉里-投诉-2026-031"},
    ),
    "complaint.analysed": (
        {**_COMPLAINT, "department": "cs_dept"},
        {"cause": "construction_quality", "category": "渗漏", "analysis": "楼上卫生间防水层在管根处开裂。"},
    ),
    "complaint.forwarded": (
        {**_COMPLAINT, "channel": "internal_letter"},
        {"to_department": "engineering_dept", "due_at": ("ahead", 72)},
    ),
    "complaint.responsibility_determined": (
        {**_COMPLAINT, "channel": "meeting"},
        {"responsible_department": "engineering_dept", "participants": ["工程部 周工", "客服部 何敏"]},
    ),
    "complaint.urged": (_COMPLAINT, {"urged_role": "engineering_dept"}),
    "complaint.checked": (_COMPLAINT, {"result": "已进场，防水修补完成一半。"}),
    "complaint.progress_notified": (
        {**_COMPLAINT, "channel": "phone_out"},
        {"progress": "防水层已重做，正在闭水试验，预计后天恢复吊顶。", "next_date": ("day", 2)},
    ),
    "complaint.classified_major": (
        {**_COMPLAINT, "actorrole": "cs_supervisor"},
        {"severity": "key", "reason": "同一问题两次返修未愈，客户拟向媒体反映。"},
    ),
    "complaint.decided": (
        {**_COMPLAINT, "actorrole": "cs_leader"},
        {"decision": "同意更换施工单位重做防水，费用由原施工单位承担。"},
    ),
    "complaint.resolved": (
        {**_COMPLAINT, "department": "engineering_dept"},
        {"resolution": "重做防水并通过48小时闭水试验，吊顶已恢复。", "handled_at": ("past", 1)},
    ),
    "complaint.replied": (
        {**_COMPLAINT, "channel": "phone_out"},
        {"content": "已电话告知处理结果并寄出书面说明，客户表示认可。"},
    ),
    "complaint.closed": (_COMPLAINT, {"closed_at": ("past", 0), "close_reason": "resolved"}),
    "suggestion.received": (
        {**_HOUSE, "ticket": "JY-2026-0012", "channel": "suggestion_box"},
        {"customer": _WHO, "content": "建议在地库入口加装雨棚，雨天坡道湿滑。", "subject": "property"},
    ),
    "opinion.forwarded": (
        {"channel": "internal_letter", "department": "crc"},
        {"opinion_ref": _UUID, "receivers": ["property_co", "design_dept"]},
    ),
    "suggestion.replied": ({"ticket": "JY-2026-0012", "channel": "sms"}, {"content": "雨棚方案已报批。"}),
    "repair.reported": (
        {**_REPAIR, **_HOUSE, "channel": "hotline", "actorrole": "cs_front_desk"},
        {
            "customer": _WHO,
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
        {**_HOUSE, "ticket": "YC-2026-0034", "channel": "building_intercom", "actorrole": "property_monitor"},
        {"customer": _WHO, "item": "更换厨房水龙头", "fee_quote_fen": 12000},
    ),
    "repair.contacted": (_REPAIR, {"contacted_at": ("past", 1)}),
    "repair.visit_booked": (_REPAIR, {"slot": {"start": ("ahead", 18), "end": ("ahead", 20)}}),
    "repair.visited": (
        {**_REPAIR, "channel": "visit_home"},
        {"arrived_at": ("past", 1), "finding": "窗框与墙体间密封胶老化脱开。", "wearing_badge": True},
    ),
    "repair.cause_determined": (
        {**_REPAIR, "actorrole": "cs_supervisor"},
        {"cause": "construction_quality", "responsible_party": "contractor", "within_warranty": True},
    ),
    "repair.appraisal_completed": (
        {**_REPAIR, "actorrole": "cs_senior_supervisor"},
        {
            "appraisers": ["周工", "设计院 陈工"],
            "conclusion": "外窗密封构造不当，需整面返工。",
            "report_ref": "JD-2026-004",
        },
    ),
    "repair.plan_explained": (
        {**_REPAIR, "channel": "visit_home"},
        {"plan": "铲除旧胶，重打耐候密封胶，淋水试验合格后恢复墙面。"},
    ),
    "repair.plan_confirmed": ({**_REPAIR, "channel": "app"}, {"confirmed_by": "林若溪"}),
    "repair.started": (
        {**_REPAIR, "channel": "visit_home", "actorrole": "repair_crew"},
        {"crew": "维保二队"},
    ),
    "repair.completed": (
        {**_REPAIR, "channel": "visit_home", "actorrole": "repair_crew"},
        {"result": "淋水试验合格，墙面已恢复。", "materials": "耐候密封胶两支，内墙腻子", "key_work": False},
    ),
    "repair.quality_accepted": ({**_REPAIR, "actorrole": "repair_supervisor"}, {"accepted": True}),
    "repair.completion_confirmed": (
        {**_REPAIR, "channel": "visit_home"},
        {"confirmed_by": "林若溪", "satisfied": True},
    ),
    "repair.closed": (
        {**_REPAIR, "actorrole": "cs_front_desk"},
        {"closed_at": ("past", 0), "close_reason": "resolved"},
    ),
    "repair.joint_team_established": (
        {"projectid": "yunshan", "department": "engineering_dept"},
        {"members": ["工程部 周工", "客服部 何敏", "物业 孙磊"]},
    ),
    "repair.joint_team_dissolved": ({"projectid": "yunshan", "department": "engineering_dept"}, {}),
    "maintenance.visit_performed": (
        {**_HOUSE, "channel": "visit_home", "department": "crc"},
        {"component": "入户门", "campaign": "2026-spring", "finding": "铰链已上油，密封条完好。"},
    ),
    "maintenance.tip_sent": ({**_HOUSE, "channel": "wechat_official"}, {"topic": "回南天防潮提示"}),
    "followup.repair_first_completed": (
        {**_REPAIR, "actorrole": "cs_front_desk"},
        {
            "satisfied": True,
            "still_faulty": False,
            "scores": [{"component": "responsiveness", "points": 95, "comment": "来得很快"}],
        },
    ),
    "followup.repair_second_completed": (
        {**_REPAIR, "actorrole": "cs_front_desk"},
        {"satisfied": True, "content": "两个月来未再渗水。"},
    ),
    "followup.attempted": (
        {**_REPAIR, "actorrole": "cs_front_desk"},
        {"followup_kind": "repair_first", "outcome": "unreachable", "attempt_no": 1},
    ),
    "followup.complaint_intake_completed": (
        {**_COMPLAINT, "channel": "phone_out"},
        {"reached": True, "content": "已告知受理情况与承办部门。"},
    ),
    "followup.complaint_close_completed": (
        {**_COMPLAINT, "channel": "phone_out"},
        {"satisfied": True, "scores": [{"component": "reliability", "points": 4, "out_of": 5}]},
    ),
    "property_service.problem_handled": (
        {**_HOUSE, "ticket": "WY-2026-0209", "channel": "property_desk", "actorrole": "property_co"},
        {"customer": _WHO, "kind": "complaint", "topic": "电梯异响", "content": "已更换导靴并试运行。"},
    ),
    "followup.property_service_completed": (
        {"ticket": "WY-2026-0209", "channel": "phone_out", "actorrole": "property_co"},
        {"satisfied": True},
    ),
    "forum_post.captured": (
        {"projectid": "yunshan", "channel": "owner_forum", "actorrole": "cs_staff"},
        {"post_ref": "forum/88213", "topic": "地库渗水", "content": "地库B2多处滴水，请物业和开发商答复。"},
    ),
    "forum_post.replied": (
        {"projectid": "yunshan", "channel": "owner_forum", "actorrole": "cs_staff"},
        {"post_ref": "forum/88213", "content": "已安排排查，本周五前在此公布结果。"},
    ),
    "consultant.assigned": (
        {"projectid": "yunshan", "department": "cs_centre"},
        {"customer_refs": [_UUID], "consultant": "gw-07"},
    ),
    "consultant.contacted": (
        {**_HOUSE, "channel": "wechat", "actorrole": "customer_consultant", "actorref": "gw-07"},
        {"customer": _WHO, "topic": "装修进度", "content": "装修顺利，无诉求。"},
    ),
    "regular_contact.made": (
        {**_HOUSE, "channel": "phone_out", "actorrole": "cs_staff"},
        {"customer": _WHO, "situation": "居住正常，阳台门略紧。"},
    ),
    "followup.regular_completed": (
        {**_HOUSE, "channel": "visit_home", "actorrole": "cs_staff"},
        {"customer": _WHO, "situation": "居住正常", "needs": "希望增加快递柜"},
    ),
    "property_feedback.received": (
        {**_HOUSE, "channel": "property_desk", "actorrole": "property_co"},
        {"topic": "电梯", "content": "早高峰等候过久。", "needs_group_help": False},
    ),
    "property_feedback.summarised": (
        {"projectid": "yunshan", "department": "cs_dept"},
        {"items": [_UUID], "recipients": ["property_co"], "summary": "电梯等候、快递柜两项集中。"},
    ),
    "property.urged": (
        {"projectid": "yunshan", "channel": "internal_letter", "department": "cs_dept"},
        {"basis": _UUID, "demand": "两周内调整电梯群控。", "due_at": ("day", 14)},
    ),
    "site_quality.checked": (
        {"projectid": "yunshan", "channel": "patrol", "actorrole": "property_co"},
        {"findings": ["3栋大堂地砖松动一处"], "resolved": True},
    ),
    "owner.silent_checked": (
        {**_HOUSE, "channel": "phone_out", "actorrole": "property_assistant"},
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
    "compensation.claimed": (
        {**_HOUSE, "ticket": "PF-2026-0007", "channel": "visit_in", "actorrole": "cs_staff"},
        {"customer": _WHO, "amount_claimed_fen": 800000, "grounds": "渗水损坏木地板。"},
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
        {**_HOUSE, "ticket": "TF-2026-0002", "channel": "visit_in"},
        {"customer": _WHO, "reason": "延期交付超过合同约定。"},
    ),
    "house_return.resolved": ({"ticket": "TF-2026-0002"}, {"outcome": "协商后撤回申请。"}),
    "dispute.recorded": (
        {**_HOUSE, "channel": "meeting", "actorrole": "cs_centre"},
        {"parties": ["业主", "装修公司"], "outcome": "双方同意由第三方检测。"},
    ),
    "policy.explained": (
        {**_HOUSE, "channel": "hotline", "actorrole": "cs_centre"},
        {"policy": "保修范围", "customer_reaction": "表示理解"},
    ),
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
    "defect.recorded": (
        {**_HOUSE, "department": "cs_dept"},
        {
            "defect_id": "QX-2026-019",
            "severity": "large",
            "discipline": "engineering",
            "component": "外窗",
            "description": "同户型外窗密封构造渗水，多户报修。",
        },
    ),
    "contact_sheet.issued": (
        {**_COMPLAINT, "channel": "internal_letter", "actorrole": "cs_dept"},
        {
            "sheet_id": "LXD-2026-017",
            "to_department": "engineering_dept",
            "due_at": ("day", 18),
            "item": "3栋1单元卫生间防水整改",
        },
    ),
    "contact_sheet.completed": (
        {**_COMPLAINT, "channel": "internal_letter", "actorrole": "engineering_dept"},
        {"sheet_id": "LXD-2026-017", "result": "整改完成，附闭水试验记录。"},
    ),
    "contact_sheet.verified": (
        {**_COMPLAINT, "channel": "internal_letter", "actorrole": "cs_dept"},
        {"sheet_id": "LXD-2026-017", "passed": True, "result": "现场复查无渗漏。"},
    ),
    "commitment.made": (
        {**_COMPLAINT, "channel": "phone_out"},
        {
            "commitment_id": "CN-2026-0045",
            "promise_text": "本周五前完成防水重做并当面说明原因。",
            "promised_by": "kf-012",
            "due_at": ("ahead", 96),
            "within_authority": True,
        },
    ),
    "commitment.fulfilled": (
        {**_COMPLAINT, "channel": "visit_home"},
        {"commitment_id": "CN-2026-0045", "evidence": "客户签字的现场确认单"},
    ),
    "case.handed_over": (
        _COMPLAINT,
        {"from_ref": "kf-012", "to_ref": "kf-007", "reason": "原承办人休假"},
    ),
    "case.handover_accepted": (_COMPLAINT, {"to_ref": "kf-007"}),
    "case.wait_started": (_COMPLAINT, {"party": "owner", "reason": "客户出差，约定下周上门"}),
    "case.wait_ended": (_COMPLAINT, {"party": "owner"}),
    "delivery.batch_started": (
        {"projectid": "yunshan", "department": "project_cs", "stage": "move_in"},
        {"units_count": 386, "planned_end": ("day", 10)},
    ),
    "delivery.completed": (
        {**_HOUSE, "department": "project_cs", "stage": "move_in"},
        {"customer": _WHO, "handover_date": ("day", 0), "items_received": ["钥匙6把", "两书", "门禁卡2张"]},
    ),
    "event.withdrawn": (
        {"correctssourceid": "@complaint.progress_notified"},
        {"reason": "同一通电话重复录入", "by": "kf-012"},
    ),
    "penalty.confirmed": (
        {},
        {
            "penalty_id": _UUID,
            "problem": "wt-2026-0031",
            "by": "fgs-001",
            "amount_fen": 30000,
            "reason": "第二次投诉，首次维修未查明漏点",
            "objection": "当日人手不足",
        },
    ),
    "penalty.waived": (
        {},
        {"penalty_id": _UUID, "problem": "wt-2026-0031", "by": "fgs-001", "reason": "客户多次改约"},
    ),
    "obligation.waived": (
        {"ticket": "TS-2026-0301"},
        {
            "obligation_key": "complaint.close_return_visit",
            "keys": {"case": _UUID},
            "reason": "客户书面要求不再回访",
            "by": "kf-001",
        },
    ),
    "problem.merged": (
        {"ticket": "BX-2026-0117"},
        {
            "problem_key": ["repair", "yunshan", "3-1-2301", "component", "window", "location", "主卧"],
            "reason": "同一扇窗，两次登记的部位写法不同",
            "by": "kf-001",
        },
    ),
    "problem.split": ({"ticket": "BX-2026-0117"}, {"reason": "不是同一扇窗", "by": "kf-001"}),
    "alert.acknowledged": (
        {"ticket": "TS-2026-0301"},
        {"verdict_id": _UUID, "obligation_key": "complaint.close_return_visit", "by": "kf-001"},
    ),
    "event.resumed": ({}, {"rule": "promises", "parked_event": _UUID, "by": "admin"}),
    "policy.published": (
        {},
        {
            "profile": "example",
            "version": "1",
            "effective_from": "2026-01-01T00:00:00+08:00",
            "policy": {
                "profile": "example",
                "version": "1",
                "effective_from": "2026-01-01T00:00:00+08:00",
                "keys": {"case": "case_id"},
                "ladders": {"default": {"breach": ["ower", "superior"], "steps": []}},
                "policies": {
                    "complaint.close_return_visit": {
                        "row": "O30",
                        "zh": "投诉关闭后回访",
                        "on": "complaint.closed",
                        "per": ["case"],
                        "due": {"after": "72h"},
                        "by": "followup.complaint_close_completed",
                        "owes": "cs_front_desk",
                    }
                },
            },
            "by": "admin",
        },
    ),
    "calendar.published": (
        {},
        {
            "name": "office",
            "version": "example-2026",
            "effective_from": "2026-01-01T00:00:00+08:00",
            "years": {"2026": "HHHH" + ("WWWWW" + "HH") * 51 + "WWWW"},
            "names": {"2026-01-01": "元旦"},
            "shifts": [["09:00", "12:00"], ["13:30", "18:00"]],
            "roll": "none",
        },
    ),
    "roles.published": (
        {},
        {
            "roles": [
                {"role": "cs_supervisor", "zh": "客服主管", "en": "Customer-service supervisor"},
                {"role": "cs_front_desk", "zh": "客服前台", "superior": "cs_supervisor"},
            ]
        },
    ),
    "source.declared": ({}, {"source": "night-batch", "reports_within": "26h", "by": "admin"}),
    "source.reported_through": ({}, {"through_at": "2026-03-02T09:00:00+08:00"}),
    "privacy.erasure_requested": ({}, {"subject_ref": _UUID, "basis": "customer_request", "by": "admin"}),
    "privacy.erasure_executed": ({}, {"subject_ref": _UUID, "basis": "customer_request", "request": _UUID}),
    "privacy.access_recorded": (
        {},
        {"subject_ref": _UUID, "by": "kf-001", "purpose": "complaint_handling", "range": "TS-2026-0301"},
    ),
}
