"""事项: who has a case, and when it waits for somebody else (domain.md 2.8; waiting is read by pauses of policies)."""

from __future__ import annotations

from typing import Literal

from schemas.fields import Personal, Ref
from schemas.model import Touchpoint

Party = Literal["owner", "contractor", "property_co", "developer", "supplier", "authority", "other"]


class CaseHandedOver(Touchpoint):
    """事项移交: T210. ``to_ref`` is to have the case; has it once that is accepted (or at once, as the profile says)."""

    TYPE = "case.handed_over"

    to_ref: Ref
    from_ref: Ref | None = None
    reason: Personal | None = None


class CaseHandoverAccepted(Touchpoint):
    """移交接收: no row; T210 names the change of owner alone. ``to_ref`` takes the case that was last handed to them."""

    TYPE = "case.handover_accepted"

    to_ref: Ref


class CaseWaitStarted(Touchpoint):
    """等待开始: no row. The case waits for ``party``; policies that say so stop their clocks."""

    TYPE = "case.wait_started"

    party: Party
    reason: Personal | None = None


class CaseWaitEnded(Touchpoint):
    """等待结束: no row."""

    TYPE = "case.wait_ended"

    party: Party
