"""投诉: complaints from intake to closing (domain.md 2.5, attributes in 1.5)."""

from __future__ import annotations

from typing import Literal

from schemas.fields import Code, Count, Due, Past, Personal, Ref, Said
from schemas.model import Touchpoint

Subject = Literal["sales_rep", "design", "engineering", "sales", "service", "property", "product"]
Severity = Literal["ordinary", "key", "major", "special", "difficult"]
Cause = Literal["construction_quality", "non_construction_quality", "delay"]
CloseReason = Literal["resolved", "customer_withdrew", "duplicate", "not_our_duty", "unreached", "other"]


class ComplaintReceived(Touchpoint):
    """受理投诉: T95, T19. Opens a case of kind complaint.

    ``repeat_no`` is what the sender counted: kept as evidence, compared with the engine's own count, never used.
    """

    TYPE = "complaint.received"

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

    ledger_no: Ref | None = None


class ComplaintAnalysed(Touchpoint):
    """分析: T97."""

    TYPE = "complaint.analysed"

    cause: Cause | None = None
    category: Ref | None = None
    analysis: Personal | None = None


class ComplaintForwarded(Touchpoint):
    """传递: T98. Passed to the responsible department, with a limit where one was set."""

    TYPE = "complaint.forwarded"

    to_department: Code
    due_at: Due | None = None


class ComplaintResponsibilityDetermined(Touchpoint):
    """协同判定: T99. Determined jointly with the departments."""

    TYPE = "complaint.responsibility_determined"

    responsible_department: Code
    participants: list[Said] | None = None


class ComplaintUrged(Touchpoint):
    """督促: T100."""

    TYPE = "complaint.urged"

    urged_role: Code | None = None


class ComplaintChecked(Touchpoint):
    """检查: T101. How the handling was found."""

    TYPE = "complaint.checked"

    result: Personal | None = None


class ComplaintProgressNotified(Touchpoint):
    """适时通知客户: T102. Told how far it is when it could not be finished in time."""

    TYPE = "complaint.progress_notified"

    progress: Personal | None = None
    next_date: Due | None = None


class ComplaintClassifiedMajor(Touchpoint):
    """定为重大、特殊、重点投诉: T103."""

    TYPE = "complaint.classified_major"

    severity: Literal["key", "major", "special", "difficult"]
    reason: Personal | None = None


class ComplaintDecided(Touchpoint):
    """领导决定或批示: T104."""

    TYPE = "complaint.decided"

    decision: Personal | None = None


class ComplaintResolved(Touchpoint):
    """处理完毕: T105."""

    TYPE = "complaint.resolved"

    resolution: Personal | None = None
    handled_at: Past | None = None


class ComplaintReplied(Touchpoint):
    """回复客户: T106."""

    TYPE = "complaint.replied"

    content: Personal | None = None


class ComplaintClosed(Touchpoint):
    """投诉关闭: T107."""

    TYPE = "complaint.closed"

    closed_at: Past | None = None
    close_reason: CloseReason | None = None
