"""客服顾问与定期联系: fixed customers of a consultant, regular contact with owners (domain.md 2.5, 2.8)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from schemas.fields import Personal, Ref
from schemas.model import Touchpoint


class ConsultantAssigned(Touchpoint):
    """客户分配给顾问: T198. ``customer_refs`` are references that Touchline gave, never names or numbers of persons."""

    TYPE = "consultant.assigned"

    customer_refs: Annotated[list[Ref], Field(min_length=1, max_length=5000)]
    consultant: Ref


class ConsultantContacted(Touchpoint):
    """客服顾问联系: T135. Whom: the envelope's customer."""

    TYPE = "consultant.contacted"

    topic: Ref | None = None
    content: Personal | None = None


class RegularContactMade(Touchpoint):
    """每月定期联系: T133. On the use of a house."""

    TYPE = "regular_contact.made"

    situation: Personal | None = None


class FollowupRegularCompleted(Touchpoint):
    """定期回访: T134. With advice on living there."""

    TYPE = "followup.regular_completed"

    situation: Personal | None = None
    needs: Personal | None = None
