"""报修与维修: repairs from report to closing, and upkeep inside the warranty (domain.md 2.4, attributes in 1.5)."""

from __future__ import annotations

from typing import Literal

from schemas.fields import Code, Count, Fen, Moment, Past, Personal, Ref, Said
from schemas.model import CLOSES, OPENS, Part, Touchpoint
from schemas.touchpoints.complaints import CloseReason

RepairCause = Literal["construction_quality", "non_construction_quality"]


class Slot(Part):
    """约定时段: an agreed visit."""

    start: Moment
    end: Moment | None = None


class RepairReported(Touchpoint):
    """报修: T75; T76 with urgency urgent by building intercom is the night emergency (夜间紧急事件).
    Opens a case of kind repair.

    ``report_no`` is what the sender counted: kept as evidence, compared with the engine's own count, never used.
    """

    TYPE = "repair.reported"
    ZH, EN = "报修", "Repair reported"
    CASE, RANK = "opens", OPENS

    description: Said
    urgency: Literal["urgent", "other"] | None = None
    location: Ref | None = None
    component: Ref | None = None
    in_warranty: bool | None = None
    item_id: Ref | None = None
    same_problem_key: Ref | None = None
    report_no: Count | None = None
    dissatisfied_with_previous: bool | None = None
    previous_case_id: Ref | None = None
    is_cs_channel: bool | None = None
    tag: Code | None = None


class RepairPaidServiceRequested(Touchpoint):
    """有偿家政维修: T77. Household repair for a fee; opens a case of its own."""

    TYPE = "repair.paid_service_requested"
    ZH, EN = "有偿维修申请", "Paid household repair requested"
    CASE, RANK = "opens", OPENS

    item: Ref | None = None
    description: Personal | None = None
    fee_quote_fen: Fen | None = None


class RepairContacted(Touchpoint):
    """响应: T78. The warranty engineer contacted the owner."""

    TYPE = "repair.contacted"
    ZH, EN = "报修联系", "Repair: owner contacted"
    CASE = "needs"

    contacted_at: Past | None = None


class RepairVisitBooked(Touchpoint):
    """约定上门查看及检修时间: T79."""

    TYPE = "repair.visit_booked"
    ZH, EN = "约定上门", "Repair: visit booked"
    CASE = "needs"

    slot: Slot | None = None


class RepairVisited(Touchpoint):
    """上门: T80."""

    TYPE = "repair.visited"
    ZH, EN = "上门查看", "Repair: visited on site"
    CASE = "needs"

    arrived_at: Past | None = None
    finding: Personal | None = None
    wearing_badge: bool | None = None


class RepairCauseDetermined(Touchpoint):
    """责任方分析: T81."""

    TYPE = "repair.cause_determined"
    ZH, EN = "维修责任方分析", "Repair: cause determined"
    CASE = "needs"

    cause: RepairCause | None = None
    responsible_party: Code | None = None
    within_warranty: bool | None = None


class RepairAppraisalCompleted(Touchpoint):
    """技术鉴定和分析: T82. Of a larger quality problem; it may concern a defect rather than a case."""

    TYPE = "repair.appraisal_completed"
    ZH, EN = "技术鉴定完成", "Repair: technical appraisal completed"

    defect_id: Ref | None = None
    appraisers: list[Said] | None = None
    conclusion: Personal | None = None
    report_ref: Ref | None = None


class RepairPlanExplained(Touchpoint):
    """方案讲解: T83."""

    TYPE = "repair.plan_explained"
    ZH, EN = "维修方案讲解", "Repair: plan explained"
    CASE = "needs"

    plan: Personal | None = None


class RepairPlanConfirmed(Touchpoint):
    """先得到业主确认: T84."""

    TYPE = "repair.plan_confirmed"
    ZH, EN = "维修方案确认", "Repair: plan confirmed by owner"
    CASE = "needs"

    confirmed_by: Personal | None = None


class RepairStarted(Touchpoint):
    """保修实施: T85."""

    TYPE = "repair.started"
    ZH, EN = "维修实施", "Repair: work started"
    CASE = "needs"

    crew: Ref | None = None


class RepairCompleted(Touchpoint):
    """维修结束: T86. ``key_work``: 重点工程, owed a second return visit."""

    TYPE = "repair.completed"
    ZH, EN = "维修结束", "Repair: work completed"
    CASE = "needs"

    result: Personal | None = None
    materials: Personal | None = None
    key_work: bool | None = None


class RepairQualityAccepted(Touchpoint):
    """维修质量验收: T87. ``accepted`` false: looked at and refused."""

    TYPE = "repair.quality_accepted"
    ZH, EN = "维修质量验收", "Repair: quality accepted"
    CASE = "needs"

    accepted: bool | None = None
    defects: Personal | None = None


class RepairCompletionConfirmed(Touchpoint):
    """业主确认维修结果: T88."""

    TYPE = "repair.completion_confirmed"
    ZH, EN = "业主确认完工", "Repair: completion confirmed by owner"
    CASE = "needs"

    confirmed_by: Personal | None = None
    satisfied: bool | None = None


class RepairClosed(Touchpoint):
    """维修关闭: T89."""

    TYPE = "repair.closed"
    ZH, EN = "维修关闭", "Repair closed"
    CASE, RANK = "needs", CLOSES

    closed_at: Past | None = None
    close_reason: CloseReason | None = None


class RepairJointTeamEstablished(Touchpoint):
    """联合维修小组成立: T196. Of a project, for the three months after concentrated move-in."""

    TYPE = "repair.joint_team_established"
    ZH, EN = "联合维修小组成立", "Joint repair team established"

    members: list[Said] | None = None


class RepairJointTeamDissolved(Touchpoint):
    """联合维修小组解散: T196."""

    TYPE = "repair.joint_team_dissolved"
    ZH, EN = "联合维修小组解散", "Joint repair team dissolved"
    RANK = CLOSES


class MaintenanceVisitPerformed(Touchpoint):
    """主动上门检修及保养: T93. Free, inside the warranty; of a house, no case."""

    TYPE = "maintenance.visit_performed"
    ZH, EN = "主动上门保养", "Proactive maintenance visit performed"

    component: Ref | None = None
    campaign: Ref | None = None
    finding: Personal | None = None


class MaintenanceTipSent(Touchpoint):
    """保养、维修提示: T94."""

    TYPE = "maintenance.tip_sent"
    ZH, EN = "保养提示", "Maintenance tip sent"

    topic: Ref | None = None
