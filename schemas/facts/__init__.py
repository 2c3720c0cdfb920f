"""The types of what people decide and publish; a model of each beside it."""

from __future__ import annotations

from functools import partial
from typing import Final

from schemas.kinds import AFTER, OPENS, EventType, kind

_corrections = partial(kind, stage="schemas.facts.corrections", retention="record")
_waivers = partial(kind, stage="schemas.facts.waivers", retention="record")
_problems = partial(kind, stage="schemas.facts.problems", retention="record")
_alerts = partial(kind, stage="schemas.facts.alerts", retention="record")
_penalties = partial(kind, stage="schemas.facts.penalties", writer="approver", retention="record", rank=AFTER)
_publications = partial(kind, stage="schemas.facts.publications", writer="admin", retention="record")
_sources = partial(kind, stage="schemas.facts.sources", retention="record")
_privacy = partial(kind, stage="schemas.facts.privacy", writer="admin", retention="privacy")

TYPES: Final[tuple[EventType, ...]] = (
    _corrections("event.withdrawn", "撤回事件", "Event withdrawn", rank=AFTER),
    _corrections("event.resumed", "恢复处理", "Parked event resumed", rank=AFTER, writer="admin"),
    _waivers("obligation.waived", "时限豁免", "Obligation waived", rank=AFTER),
    _problems("problem.merged", "并入同类问题", "Case merged into a problem", "needs", rank=AFTER),
    _problems("problem.split", "拆出同类问题", "Case split from its problem", "needs", rank=AFTER),
    _penalties("penalty.confirmed", "处罚确认", "Penalty confirmed"),
    _penalties("penalty.waived", "处罚免除", "Penalty waived"),
    _alerts("alert.acknowledged", "确认提醒", "Alert acknowledged", rank=AFTER),
    _publications("policy.published", "时限政策发布", "Policy published", rank=OPENS),
    _publications("calendar.published", "工作日历发布", "Calendar published", rank=OPENS),
    _publications("roles.published", "岗位发布", "Roles published", rank=OPENS),
    _sources("source.declared", "来源申报", "Source declared", rank=AFTER, writer="admin"),
    _sources("source.reported_through", "报数截至", "Reported through", rank=AFTER),
    _privacy("privacy.erasure_requested", "个人信息删除请求", "Erasure requested", rank=AFTER),
    _privacy("privacy.erasure_executed", "个人信息删除执行", "Erasure executed", rank=AFTER, writer="system"),
    _privacy("privacy.access_recorded", "个人信息查阅记录", "Access to personal data recorded", rank=AFTER),
)
