"""Why a promise is due when it is (为何此时到期): trigger, limit, days counted and skipped, pauses — in one sentence."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from processors.rules.book import Book
from processors.rules.policies import Bound
from processors.rules.promises.docket import Docket
from processors.rules.promises.promise import Promise
from processors.rules.promises.waiting import Paused, pauses
from processors.rules.protocol import Evidence
from processors.rules.published import CalendarVersion
from processors.rules.sources import Wait
from processors.rules.workdays import Counted, NoCalendar
from schemas.catalogue import CATALOGUE
from schemas.instants import MINUTE, NEVER, format_instant, iso_day, show
from schemas.policy import Dur
from schemas.policy_words import length
from schemas.words import label

SAME_DAY = {"d": ("当天", "the same day"), "wd": ("当个工作日", "the same working day")}
"""A limit of none of these lasts to the end of the day."""
FLAGS = (
    ("undated", "缺少日历或日期，到期时间待定", "no calendar or date yet: undated"),
    ("paused", "目前暂停计时", "the clock stands still now"),
    ("born_late", "首次登记时已逾期", "overdue when first recorded"),
    ("late_entry", "按时完成、补录达标", "done in time, entered late"),
)


def why(
    row: Promise, evidence: Sequence[Evidence], trigger: str, book: Book, waits: Sequence[Wait] = ()
) -> dict[str, Any]:
    """{"sentence_zh", "sentence_en", "policy", "calendar", "pauses"}; ``trigger`` is the trigger's event type, ``waits`` the
    sources for which its breach still waits."""
    bound = book.policies.at(row.policy_place, row.obligation)
    calendar = book.almanac.at(row.calendar_place)
    spans = pauses(bound.terms.pause, Docket(evidence)) if bound else []
    counted = _counted(row, bound, calendar, spans)
    zh, en = _sentence(row, bound, trigger, counted, spans, waits)
    return {
        "sentence_zh": zh,
        "sentence_en": en,
        "policy": _policy(row, bound),
        "calendar": _calendar(calendar, counted) if calendar and counted else None,
        "pauses": [
            {
                "start": format_instant(p.start),
                "stop": format_instant(p.stop) if p.stop is not None else None,
                "party": p.party,
            }
            for p in spans
        ],
    }


def limit_words(limit: Dur) -> tuple[str, str]:
    """A limit in Chinese and English: 3 个工作日 / 3 working days."""
    return length(limit) if limit.n else SAME_DAY.get(limit.unit, ("立即", "at once"))


def _counted(
    row: Promise, bound: Bound | None, calendar: CalendarVersion | None, spans: Sequence[Paused]
) -> Counted | None:
    limit = bound.terms.limit if bound else None
    if limit is None or calendar is None or limit.unit not in ("wd", "sh") or row.due == NEVER:
        return None
    try:
        return calendar.calendar.counted(row.opened, limit, [(p.start, p.stop) for p in spans])
    except NoCalendar:
        return None


def _policy(row: Promise, bound: Bound | None) -> dict[str, Any]:
    if bound is None:
        return {"key": row.obligation, "version": row.policy_version, "place": row.policy_place}
    return {
        "key": row.obligation,
        "row": row.obligation_row,
        "zh": bound.terms.zh,
        "en": bound.terms.en,
        "limit": str(bound.terms.limit) if bound.terms.limit else bound.terms.given,
        "profile": bound.version.profile,
        "version": bound.version.version,
        "effective_from": format_instant(bound.version.effective),
        "place": bound.version.place,
        "published_by": bound.version.published_by,
    }


def _calendar(calendar: CalendarVersion, counted: Counted) -> dict[str, Any]:
    return {
        "name": calendar.name,
        "version": calendar.version,
        "place": calendar.place,
        "counted": [{"day": iso_day(d), "name": name} for d, name in counted.days],
        "skipped": [{"day": iso_day(d), "name": name} for d, name in counted.skipped],
    }


def _sentence(
    row: Promise,
    bound: Bound | None,
    trigger: str,
    counted: Counted | None,
    spans: Sequence[Paused],
    waits: Sequence[Wait],
) -> tuple[str, str]:
    kind = CATALOGUE.get(trigger)
    name_zh, name_en = (kind.zh, kind.en) if kind else (trigger, trigger)
    zh = [f"{show(row.opened)} {name_zh}"]
    en = [f"{name_en} at {show(row.opened)}"]
    if bound and bound.terms.limit is not None:
        limit_zh, limit_en = limit_words(bound.terms.limit)
        zh.append(f"限 {limit_zh}")
        en.append(f"limit {limit_en}")
    elif bound and bound.terms.form == "gate":
        zh.append("须在后一件事之前或同时")
        en.append("at or before the event that closes the gate")
    elif row.period:
        zh.append(f"所属期 {row.period}")
        en.append(f"for the period {row.period}")
    elif bound and bound.terms.given:
        zh.append("期限由事件本身给出")
        en.append("the event itself gives the date")
    if counted:
        zh.append("计入 " + "、".join(_day(d, n) for d, n in counted.days))
        en.append("counting " + ", ".join(_day(d, n) for d, n in counted.days))
        if counted.skipped:
            zh.append("跳过 " + "、".join(_day(d, n) for d, n in counted.skipped))
            en.append("skipping " + ", ".join(_day(d, n) for d, n in counted.skipped))
    if spans:
        zh.append(f"暂停 {len(spans)} 次")
        en.append(f"paused {len(spans)} time(s)")
    for party, taken in sorted(json.loads(row.waited).items()):
        minutes = taken // MINUTE
        zh.append(f"{label(party)}用去 {minutes // 60} 小时 {minutes % 60} 分")
        en.append(f"{label(party, 'en')} took {minutes // 60} h {minutes % 60} min")
    for flag, flag_zh, flag_en in FLAGS:
        if getattr(row, flag):
            zh.append(flag_zh)
            en.append(flag_en)
    if row.due != NEVER:
        zh.append(f"到期 {show(row.due)}")
        en.append(f"due {show(row.due)}")
    for wait in waits:
        zh.append(f"待核实：来源 {wait.source} 尚未报数至到期时间，最迟等到 {show(wait.limit)}")
        en.append(
            f"unconfirmed: source {wait.source} has not reported so far; waited for until {show(wait.limit)}"
        )
    return "；".join(zh) + "。", "; ".join(en) + "."


def _day(day: int, name: str) -> str:
    return iso_day(day)[5:] + (f"({name})" if name else "")
