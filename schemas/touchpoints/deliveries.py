"""入住与交付: concentrated move-in and the hand-over of a house (domain.md 2.3)."""

from __future__ import annotations

from schemas.fields import Count, Day, Ref
from schemas.model import Touchpoint


class DeliveryBatchStarted(Touchpoint):
    """集中入住开始: T65. Of a project."""

    TYPE = "delivery.batch_started"

    units_count: Count | None = None
    planned_end: Day | None = None


class DeliveryCompleted(Touchpoint):
    """办理入住、收房、交付: T70. Of a house."""

    TYPE = "delivery.completed"

    handover_date: Day | None = None
    items_received: list[Ref] | None = None
