"""回访: return visits, what they follow, and attempts that reached nobody (domain.md 2.4, 2.5)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from schemas.fields import Count, Personal, Ref
from schemas.model import Score, Touchpoint

Scores = Annotated[list[Score], Field(max_length=100)]
FollowupKind = Literal[
    "repair_first", "repair_second", "complaint_intake", "complaint_close", "property_service"
]


class FollowupRepairFirstCompleted(Touchpoint):
    """维修第一次回访: T90. ``satisfied`` absent: not asked, or no answer."""

    TYPE = "followup.repair_first_completed"

    satisfied: bool | None = None
    scores: Scores | None = None
    still_faulty: bool | None = None
    content: Personal | None = None


class FollowupRepairSecondCompleted(Touchpoint):
    """重点工程第二次回访: T91."""

    TYPE = "followup.repair_second_completed"

    satisfied: bool | None = None
    scores: Scores | None = None
    content: Personal | None = None


class FollowupAttempted(Touchpoint):
    """回访未果: T92. Unreachable or refused; three on different days settle the visit as unreached.

    ``attempt_no`` is what the sender counted: kept as evidence, never used.
    """

    TYPE = "followup.attempted"

    followup_kind: FollowupKind
    outcome: Literal["unreachable", "refused", "other"] | None = None
    attempt_no: Count | None = None


class FollowupComplaintIntakeCompleted(Touchpoint):
    """接单后24小时回访: T108."""

    TYPE = "followup.complaint_intake_completed"

    reached: bool | None = None
    content: Personal | None = None


class FollowupComplaintCloseCompleted(Touchpoint):
    """投诉关闭后回访: T109."""

    TYPE = "followup.complaint_close_completed"

    satisfied: bool | None = None
    scores: Scores | None = None
    content: Personal | None = None


class PropertyServiceProblemHandled(Touchpoint):
    """物业问题处理后: T125. What the property company handled opens a case where it names none that is known."""

    TYPE = "property_service.problem_handled"

    kind: Literal["consultation", "suggestion", "complaint", "repair"] | None = None
    topic: Ref | None = None
    content: Personal | None = None


class FollowupPropertyServiceCompleted(Touchpoint):
    """物业服务回访: T126."""

    TYPE = "followup.property_service_completed"

    satisfied: bool | None = None
    scores: Scores | None = None
    content: Personal | None = None
