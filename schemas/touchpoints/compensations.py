"""索赔与赔付, 退房, 纠纷: claims, returned houses and disputes (domain.md 2.5)."""

from __future__ import annotations

from schemas.fields import Code, Fen, Personal, Ref
from schemas.model import Touchpoint


class CompensationClaimed(Touchpoint):
    """索赔: T115. Opens a case of kind compensation unless it names one."""

    TYPE = "compensation.claimed"

    amount_claimed_fen: Fen | None = None
    grounds: Personal | None = None


class CompensationAccepted(Touchpoint):
    """赔付受理: T116."""

    TYPE = "compensation.accepted"

    accepted: bool | None = None


class CompensationResponsibilityAnalysed(Touchpoint):
    """赔付责任方分析: T117."""

    TYPE = "compensation.responsibility_analysed"

    responsible_party: Code | None = None


class CompensationPlanProposed(Touchpoint):
    """赔付处理方案: T118. A proposal; no money is booked here."""

    TYPE = "compensation.plan_proposed"

    proposal: Personal | None = None
    amount_fen: Fen | None = None


class CompensationSettled(Touchpoint):
    """赔付了结: T119."""

    TYPE = "compensation.settled"

    amount_fen: Fen | None = None
    paid_by: Code | None = None


class HouseReturnRequested(Touchpoint):
    """退房申请: T121. Opens a case."""

    TYPE = "house_return.requested"

    reason: Personal | None = None


class HouseReturnResolved(Touchpoint):
    """退房处理: T121."""

    TYPE = "house_return.resolved"

    outcome: Personal | None = None


class DisputeRecorded(Touchpoint):
    """纠纷协调: T120."""

    TYPE = "dispute.recorded"

    parties: list[Personal] | None = None
    outcome: Personal | None = None


class PolicyExplained(Touchpoint):
    """客户服务政策解释: T122."""

    TYPE = "policy.explained"

    policy: Ref | None = None
    customer_reaction: Personal | None = None
