"""触点: the types of what passes between the company and a customer, by stage of the life cycle; a model of each beside it."""

from __future__ import annotations

from functools import partial
from typing import Final

from schemas.kinds import AFTER, CLOSES, OPENS, EventType, kind

_contacts = partial(kind, stage="schemas.touchpoints.contacts")
_inquiries = partial(kind, stage="schemas.touchpoints.inquiries")
_complaints = partial(kind, stage="schemas.touchpoints.complaints")
_suggestions = partial(kind, stage="schemas.touchpoints.suggestions")
_repairs = partial(kind, stage="schemas.touchpoints.repairs")
_followups = partial(kind, stage="schemas.touchpoints.followups")
_sheets = partial(kind, stage="schemas.touchpoints.sheets")
_commitments = partial(kind, stage="schemas.touchpoints.commitments")
_cases = partial(kind, stage="schemas.touchpoints.cases")
_deliveries = partial(kind, stage="schemas.touchpoints.deliveries")
_forum = partial(kind, stage="schemas.touchpoints.forum")
_consultants = partial(kind, stage="schemas.touchpoints.consultants")
_property = partial(kind, stage="schemas.touchpoints.property")
_compensations = partial(kind, stage="schemas.touchpoints.compensations")
_projects = partial(kind, stage="schemas.touchpoints.projects")
_defects = partial(kind, stage="schemas.touchpoints.defects")

TYPES: Final[tuple[EventType, ...]] = (
    _contacts("contact.received", "客户联系", "Contact received", "opens", OPENS),
    _inquiries("inquiry.received", "咨询受理", "Inquiry received", "opens", OPENS),
    _inquiries("inquiry.answered", "咨询答复", "Inquiry answered", "needs", CLOSES),
    _inquiries("inquiry.referred", "咨询转介", "Inquiry referred", "needs"),
    _complaints("complaint.received", "投诉受理", "Complaint received", "opens", OPENS),
    _complaints("complaint.registered", "投诉登记", "Complaint registered", "needs"),
    _complaints("complaint.analysed", "投诉分析", "Complaint analysed", "needs"),
    _complaints("complaint.forwarded", "投诉传递", "Complaint forwarded", "needs"),
    _complaints(
        "complaint.responsibility_determined", "投诉责任判定", "Complaint responsibility determined", "needs"
    ),
    _complaints("complaint.urged", "投诉督促", "Complaint urged", "needs"),
    _complaints("complaint.checked", "投诉检查", "Complaint handling checked", "needs"),
    _complaints("complaint.progress_notified", "投诉进展告知", "Complaint progress notified", "needs"),
    _complaints("complaint.classified_major", "投诉升级定性", "Complaint classified as major", "needs"),
    _complaints("complaint.decided", "投诉领导决定", "Complaint decided", "needs"),
    _complaints("complaint.resolved", "投诉处理完毕", "Complaint resolved", "needs"),
    _complaints("complaint.replied", "投诉回复", "Complaint replied", "needs"),
    _complaints("complaint.closed", "投诉关闭", "Complaint closed", "needs", CLOSES),
    _suggestions("suggestion.received", "建议受理", "Suggestion received", "opens", OPENS),
    _suggestions("opinion.forwarded", "意见上传", "Opinion forwarded"),
    _suggestions("suggestion.replied", "建议回复", "Suggestion replied", "needs", CLOSES),
    _repairs("repair.reported", "报修", "Repair reported", "opens", OPENS),
    _repairs(
        "repair.paid_service_requested", "有偿维修申请", "Paid household repair requested", "opens", OPENS
    ),
    _repairs("repair.contacted", "报修联系", "Repair: owner contacted", "needs"),
    _repairs("repair.visit_booked", "约定上门", "Repair: visit booked", "needs"),
    _repairs("repair.visited", "上门查看", "Repair: visited on site", "needs"),
    _repairs("repair.cause_determined", "维修责任方分析", "Repair: cause determined", "needs"),
    _repairs("repair.appraisal_completed", "技术鉴定完成", "Repair: technical appraisal completed"),
    _repairs("repair.plan_explained", "维修方案讲解", "Repair: plan explained", "needs"),
    _repairs("repair.plan_confirmed", "维修方案确认", "Repair: plan confirmed by owner", "needs"),
    _repairs("repair.started", "维修实施", "Repair: work started", "needs"),
    _repairs("repair.completed", "维修结束", "Repair: work completed", "needs"),
    _repairs("repair.quality_accepted", "维修质量验收", "Repair: quality accepted", "needs"),
    _repairs("repair.completion_confirmed", "业主确认完工", "Repair: completion confirmed by owner", "needs"),
    _repairs("repair.closed", "维修关闭", "Repair closed", "needs", CLOSES),
    _repairs("repair.joint_team_established", "联合维修小组成立", "Joint repair team established"),
    _repairs("repair.joint_team_dissolved", "联合维修小组解散", "Joint repair team dissolved", rank=CLOSES),
    _repairs("maintenance.visit_performed", "主动上门保养", "Proactive maintenance visit performed"),
    _repairs("maintenance.tip_sent", "保养提示", "Maintenance tip sent"),
    _followups(
        "followup.repair_first_completed",
        "维修第一次回访",
        "First repair return visit completed",
        "needs",
        AFTER,
    ),
    _followups(
        "followup.repair_second_completed",
        "维修第二次回访",
        "Second repair return visit completed",
        "needs",
        AFTER,
    ),
    _followups("followup.attempted", "回访未果", "Return visit attempted without result", "needs", AFTER),
    _followups(
        "followup.complaint_intake_completed",
        "投诉接单回访",
        "Complaint intake return visit completed",
        "needs",
        AFTER,
    ),
    _followups(
        "followup.complaint_close_completed",
        "投诉关闭回访",
        "Complaint close return visit completed",
        "needs",
        AFTER,
    ),
    _followups(
        "property_service.problem_handled",
        "物业问题处理完毕",
        "Property-service problem handled",
        "opens",
        CLOSES,
    ),
    _followups(
        "followup.property_service_completed",
        "物业服务回访",
        "Property-service return visit completed",
        "needs",
        AFTER,
    ),
    _sheets(
        "contact_sheet.issued", "工作联系单发出", "Contact sheet issued", "opens", OPENS, thing="sheet_id"
    ),
    _sheets("contact_sheet.completed", "工作联系单完成", "Contact sheet completed", rank=CLOSES),
    _sheets("contact_sheet.verified", "工作联系单验证", "Contact sheet verified", rank=AFTER),
    _commitments("commitment.made", "作出承诺", "Commitment made", "opens", OPENS, thing="commitment_id"),
    _commitments("commitment.fulfilled", "兑现承诺", "Commitment fulfilled", rank=CLOSES),
    _cases("case.handed_over", "事项移交", "Case handed over", "needs"),
    _cases("case.handover_accepted", "移交接收", "Case hand-over accepted", "needs"),
    _cases("case.wait_started", "事项等待开始", "Case wait started", "needs"),
    _cases("case.wait_ended", "事项等待结束", "Case wait ended", "needs"),
    _deliveries("delivery.batch_started", "集中入住开始", "Concentrated move-in started", rank=OPENS),
    _deliveries("delivery.completed", "房屋交付", "House delivered"),
    _forum("forum_post.captured", "论坛帖文收录", "Forum post captured", rank=OPENS, thing="post_ref"),
    _forum("forum_post.replied", "论坛回复", "Forum post replied", rank=CLOSES),
    _consultants("consultant.assigned", "顾问指派", "Consultant assigned", rank=OPENS),
    _consultants("consultant.contacted", "顾问联系", "Consultant contacted a customer"),
    _consultants("regular_contact.made", "定期联系", "Regular contact made"),
    _consultants("followup.regular_completed", "定期回访", "Regular return visit completed", rank=AFTER),
    _property("property_feedback.received", "物业反馈", "Property feedback received", rank=OPENS),
    _property("property_feedback.summarised", "物业反馈汇总", "Property feedback summarised", rank=CLOSES),
    _property("property.urged", "督促物业", "Property company urged"),
    _property("site_quality.checked", "现场品质日查", "Site quality checked"),
    _property("owner.silent_checked", "沉默业主关注", "Silent owner checked"),
    _property("patrol.conducted", "巡查", "Patrol conducted"),
    _property("pest_control.performed", "消杀服务", "Pest control performed"),
    _property("drill.held", "应急演习", "Emergency drill held"),
    _property("parking_pet.talked", "停车养犬座谈", "Talk on parking and pets held"),
    _compensations("compensation.claimed", "索赔", "Compensation claimed", "opens", OPENS),
    _compensations("compensation.accepted", "赔付受理", "Compensation claim accepted", "needs"),
    _compensations(
        "compensation.responsibility_analysed",
        "赔付责任分析",
        "Compensation responsibility analysed",
        "needs",
    ),
    _compensations("compensation.plan_proposed", "赔付方案", "Compensation plan proposed", "needs"),
    _compensations("compensation.settled", "赔付了结", "Compensation settled", "needs", CLOSES),
    _compensations("house_return.requested", "退房申请", "House return requested", "opens", OPENS),
    _compensations("house_return.resolved", "退房处理", "House return resolved", "needs", CLOSES),
    _compensations("dispute.recorded", "纠纷协调", "Dispute recorded"),
    _compensations("policy.explained", "政策解释", "Service policy explained"),
    _projects("project.registered", "项目登记", "Project registered", rank=OPENS),
    _projects("project.delivered", "项目交付", "Project delivered", rank=OPENS),
    _projects("report.issued", "报告发出", "Report issued", rank=AFTER),
    _defects("defect.recorded", "缺陷登记", "Defect recorded", rank=OPENS, thing="defect_id"),
)
