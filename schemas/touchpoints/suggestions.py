"""建议与意见: suggestions and opinions (domain.md 2.5)."""

from __future__ import annotations

from schemas.fields import Code, Personal, Ref, Said
from schemas.model import Touchpoint
from schemas.touchpoints.complaints import Subject


class SuggestionReceived(Touchpoint):
    """建议、意见: T110. Opens a case of kind suggestion."""

    TYPE = "suggestion.received"

    content: Said
    subject: Subject | None = None


class OpinionForwarded(Touchpoint):
    """客户意见反馈给公司管理层和相关部门: T111. ``opinion_ref`` is the event id of what the customer said."""

    TYPE = "opinion.forwarded"

    opinion_ref: Ref | None = None
    receivers: list[Code] | None = None


class SuggestionReplied(Touchpoint):
    """建议回复: T112."""

    TYPE = "suggestion.replied"

    content: Personal | None = None
