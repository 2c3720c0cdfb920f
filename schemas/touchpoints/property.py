"""物业服务: what customers told the property company, and what it does every day (domain.md 2.5)."""

from __future__ import annotations

from schemas.fields import Code, Count, Due, Personal, Ref
from schemas.model import Touchpoint


class PropertyFeedbackReceived(Touchpoint):
    """顾客向物管单位反馈的信息: T123. Walk-about contacts (走动式管理) too."""

    TYPE = "property_feedback.received"

    topic: Ref | None = None
    content: Personal | None = None
    needs_group_help: bool | None = None


class PropertyFeedbackSummarised(Touchpoint):
    """物业反馈信息汇总: T124. ``items`` are the event ids of what it sums up."""

    TYPE = "property_feedback.summarised"

    items: list[Ref] | None = None
    recipients: list[Code] | None = None
    summary: Personal | None = None


class PropertyUrged(Touchpoint):
    """督促物业公司: T208. By minutes or a contact sheet; ``basis`` is the event id of the opinion behind it."""

    TYPE = "property.urged"

    basis: Ref | None = None
    demand: Personal | None = None
    due_at: Due | None = None


class SiteQualityChecked(Touchpoint):
    """现场品质日查: T129. Of a project, every day."""

    TYPE = "site_quality.checked"

    findings: list[Personal] | None = None
    resolved: bool | None = None


class OwnerSilentChecked(Touchpoint):
    """沉默业主关注: T127. Of a house, through the property assistant."""

    TYPE = "owner.silent_checked"

    situation: Personal | None = None
    potential_problem: Personal | None = None


class PatrolConducted(Touchpoint):
    """日常巡查、联合巡查: T128."""

    TYPE = "patrol.conducted"

    joint: bool | None = None
    area: Ref | None = None
    finding_ids: list[Ref] | None = None


class PestControlPerformed(Touchpoint):
    """消杀服务: T130. With marked signs."""

    TYPE = "pest_control.performed"

    area: Ref | None = None
    method: Ref | None = None


class DrillHeld(Touchpoint):
    """突发事件培训、演习: T131."""

    TYPE = "drill.held"

    topic: Ref | None = None
    owners_joined: Count | None = None


class ParkingPetTalked(Touchpoint):
    """车辆停放、养犬座谈: T132."""

    TYPE = "parking_pet.talked"

    issue: Ref | None = None
    result: Personal | None = None
