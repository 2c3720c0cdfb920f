"""项目: what happens to a project as a whole, and the reports that are owed on it (domain.md 2.8)."""

from __future__ import annotations

from schemas.fields import Code, Day, Ref
from schemas.model import Touchpoint


class ProjectRegistered(Touchpoint):
    """项目登记: no row; the region in which a project lies, whose calendar its promises keep. The newest told counts."""

    TYPE = "project.registered"

    region: Ref
    name: Ref | None = None


class ProjectDelivered(Touchpoint):
    """小区建成交付: T181. Of a project; ``delivered_on`` is the day that counts."""

    TYPE = "project.delivered"

    delivered_on: Day | None = None


class ReportIssued(Touchpoint):
    """报告发出: T204. ``report_kind`` tells which report (complaint_monthly, patrol, defect_quarterly …), ``period`` for which
    period: 2026-03, 2026-Q1, 2026."""

    TYPE = "report.issued"

    report_kind: Code
    period: Ref | None = None
    recipients: list[Code] | None = None
    report_ref: Ref | None = None
