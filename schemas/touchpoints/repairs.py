"""报修与维修: repairs from report to closing, and upkeep inside the warranty (domain.md 2.4, attributes in 1.5)."""

from __future__ import annotations

from typing import Literal

from schemas.fields import Code, Count, Fen, Moment, Past, Personal, Ref, Said
from schemas.model import Part, Touchpoint
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

    item: Ref | None = None
    description: Personal | None = None
    fee_quote_fen: Fen | None = None


class RepairContacted(Touchpoint):
    """响应: T78. The warranty engineer contacted the owner."""

    TYPE = "repair.contacted"

    contacted_at: Past | None = None


class RepairVisitBooked(Touchpoint):
    """约定上门查看及检修时间: T79."""

    TYPE = "repair.visit_booked"

    slot: Slot | None = None


class RepairVisited(Touchpoint):
    """上门: T80."""

    TYPE = "repair.visited"

    arrived_at: Past | None = None
    finding: Personal | None = None
    wearing_badge: bool | None = None


class RepairCauseDetermined(Touchpoint):
    """责任方分析: T81."""

    TYPE = "repair.cause_determined"

    cause: RepairCause | None = None
    responsible_party: Code | None = None
    within_warranty: bool | None = None


class RepairAppraisalCompleted(Touchpoint):
    """技术鉴定和分析: T82. Of a larger quality problem; it may concern a defect rather than a case."""

    TYPE = "repair.appraisal_completed"

    defect_id: Ref | None = None
    appraisers: list[Said] | None = None
    conclusion: Personal | None = None
    report_ref: Ref | None = None


class RepairPlanExplained(Touchpoint):
    """方案讲解: T83."""

    TYPE = "repair.plan_explained"

    plan: Personal | None = None


class RepairPlanConfirmed(Touchpoint):
    """先得到业主确认: T84."""

    TYPE = "repair.plan_confirmed"

    confirmed_by: Personal | None = None


class RepairStarted(Touchpoint):
    """保修实施: T85."""

    TYPE = "repair.started"

    crew: Ref | None = None


class RepairCompleted(Touchpoint):
    """维修结束: T86. ``key_work``: 重点工程, owed a second return visit."""

    TYPE = "repair.completed"

    result: Personal | None = None
    materials: Personal | None = None
    key_work: bool | None = None


class RepairQualityAccepted(Touchpoint):
    """维修质量验收: T87. ``accepted`` false: looked at and refused."""

    TYPE = "repair.quality_accepted"

    accepted: bool | None = None
    defects: Personal | None = None


class RepairCompletionConfirmed(Touchpoint):
    """业主确认维修结果: T88."""

    TYPE = "repair.completion_confirmed"

    confirmed_by: Personal | None = None
    satisfied: bool | None = None


class RepairClosed(Touchpoint):
    """维修关闭: T89."""

    TYPE = "repair.closed"

    closed_at: Past | None = None
    close_reason: CloseReason | None = None


class RepairJointTeamEstablished(Touchpoint):
    """联合维修小组成立: T196. Of a project, for the three months after concentrated move-in."""

    TYPE = "repair.joint_team_established"

    members: list[Said] | None = None


class RepairJointTeamDissolved(Touchpoint):
    """联合维修小组解散: T196."""

    TYPE = "repair.joint_team_dissolved"


class MaintenanceVisitPerformed(Touchpoint):
    """主动上门检修及保养: T93. Free, inside the warranty; of a house, no case."""

    TYPE = "maintenance.visit_performed"

    component: Ref | None = None
    campaign: Ref | None = None
    finding: Personal | None = None


class MaintenanceTipSent(Touchpoint):
    """保养、维修提示: T94."""

    TYPE = "maintenance.tip_sent"

    topic: Ref | None = None
