"""缺陷: what is wrong with the product itself, told on to design and engineering (domain.md 5.4)."""

from __future__ import annotations

from typing import Literal

from schemas.fields import Code, Personal, Ref
from schemas.model import Touchpoint


class DefectRecorded(Touchpoint):
    """缺陷登记: T202. ``severity`` large (较大质量问题) calls for a technical appraisal. Without ``defect_id`` the event is the
    defect."""

    TYPE = "defect.recorded"

    defect_id: Ref | None = None
    severity: Literal["ordinary", "large"] | None = None
    discipline: Literal["design", "engineering", "sales", "service", "property"] | None = None
    location: Ref | None = None
    component: Ref | None = None
    cause: Literal["construction_quality", "non_construction_quality"] | None = None
    responsible_party: Code | None = None
    typical: bool | None = None
    common: bool | None = None
    origin_refs: list[Ref] | None = None
    description: Personal | None = None
