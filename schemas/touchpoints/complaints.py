"""投诉: complaints from intake to closing (domain.md 2.5, attributes in 1.5)."""

from __future__ import annotations

from typing import Literal

from schemas.fields import Code, Count, Due, Past, Personal, Ref, Said
from schemas.model import CLOSES, OPENS, Touchpoint

Subject = Literal["sales_rep", "design", "engineering", "sales", "service", "property", "product"]
Severity = Literal["ordinary", "key", "major", "special", "difficult"]
Cause = Literal["construction_quality", "non_construction_quality", "delay"]
CloseReason = Literal["resolved", "customer_withdrew", "duplicate", "not_our_duty", "unreached", "other"]


class ComplaintReceived(Touchpoint):
    """受理投诉: T95, T19. Opens a case of kind complaint.

    ``repeat_no`` is what the sender counted: kept as evidence, compared with the engine's own count, never used.
    """

    TYPE = "complaint.received"
    ZH, EN = "投诉受理", "Complaint received"
    CASE, RANK = "opens", OPENS

    description: Said
    subject: Subject | None = None
    category: Ref | None = None
    severity: Severity | None = None
    cause: Cause | None = None
    demands: Personal | None = None
    same_problem_key: Ref | None = None
    repeat_no: Count | None = None
    is_cs_channel: bool | None = None


class ComplaintRegistered(Touchpoint):
    """登记: T96. Entered in the electronic or paper ledger."""

    TYPE = "complaint.registered"
    ZH, EN = "投诉登记", "Complaint registered"
    CASE = "needs"

    ledger_no: Ref | None = None


class ComplaintAnalysed(Touchpoint):
    """分析: T97."""

    TYPE = "complaint.analysed"
    ZH, EN = "投诉分析", "Complaint analysed"
    CASE = "needs"

    cause: Cause | None = None
    category: Ref | None = None
    analysis: Personal | None = None


class ComplaintForwarded(Touchpoint):
    """传递: T98. Passed to the responsible department, with a limit where one was set."""

    TYPE = "complaint.forwarded"
    ZH, EN = "投诉传递", "Complaint forwarded"
    CASE = "needs"

    to_department: Code
    due_at: Due | None = None


class ComplaintResponsibilityDetermined(Touchpoint):
    """协同判定: T99. Determined jointly with the departments."""

    TYPE = "complaint.responsibility_determined"
    ZH, EN = "投诉责任判定", "Complaint responsibility determined"
    CASE = "needs"

    responsible_department: Code
    participants: list[Said] | None = None


class ComplaintUrged(Touchpoint):
    """督促: T100."""

    TYPE = "complaint.urged"
    ZH, EN = "投诉督促", "Complaint urged"
    CASE = "needs"

    urged_role: Code | None = None


class ComplaintChecked(Touchpoint):
    """检查: T101. How the handling was found."""

    TYPE = "complaint.checked"
    ZH, EN = "投诉检查", "Complaint handling checked"
    CASE = "needs"

    result: Personal | None = None


class ComplaintProgressNotified(Touchpoint):
    """适时通知客户: T102. Told how far it is when it could not be finished in time."""

    TYPE = "complaint.progress_notified"
    ZH, EN = "投诉进展告知", "Complaint progress notified"
    CASE = "needs"

    progress: Personal | None = None
    next_date: Due | None = None


class ComplaintClassifiedMajor(Touchpoint):
    """定为重大、特殊、重点投诉: T103."""

    TYPE = "complaint.classified_major"
    ZH, EN = "投诉升级定性", "Complaint classified as major"
    CASE = "needs"

    severity: Literal["key", "major", "special", "difficult"]
    reason: Personal | None = None


class ComplaintDecided(Touchpoint):
    """领导决定或批示: T104."""

    TYPE = "complaint.decided"
    ZH, EN = "投诉领导决定", "Complaint decided"
    CASE = "needs"

    decision: Personal | None = None


class ComplaintResolved(Touchpoint):
    """处理完毕: T105."""

    TYPE = "complaint.resolved"
    ZH, EN = "投诉处理完毕", "Complaint resolved"
    CASE = "needs"

    resolution: Personal | None = None
    handled_at: Past | None = None


class ComplaintReplied(Touchpoint):
    """回复客户: T106."""

    TYPE = "complaint.replied"
    ZH, EN = "投诉回复", "Complaint replied"
    CASE = "needs"

    content: Personal | None = None


class ComplaintClosed(Touchpoint):
    """投诉关闭: T107."""

    TYPE = "complaint.closed"
    ZH, EN = "投诉关闭", "Complaint closed"
    CASE, RANK = "needs", CLOSES

    closed_at: Past | None = None
    close_reason: CloseReason | None = None
