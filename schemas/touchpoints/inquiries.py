"""咨询: consultations (domain.md 2.1)."""

from __future__ import annotations

from schemas.fields import Code, Personal, Ref
from schemas.model import Touchpoint


class InquiryReceived(Touchpoint):
    """咨询、顾客问询: T5. Opens a case of kind consultation."""

    TYPE = "inquiry.received"

    topic: Ref | None = None
    question: Personal | None = None
    is_cs_channel: bool | None = None


class InquiryAnswered(Touchpoint):
    """答复、解释: T6. ``resolved`` false: the customer was answered but not helped."""

    TYPE = "inquiry.answered"

    answer: Personal | None = None
    resolved: bool | None = None


class InquiryReferred(Touchpoint):
    """帮助联络相关人员: T7. The right person was found for a customer who came by another channel."""

    TYPE = "inquiry.referred"

    referred_to: Code | None = None
    is_cs_channel: bool | None = None
