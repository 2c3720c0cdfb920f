"""Why a promise is due when it is (为什么是这个时候到期): policy, days counted and skipped, pauses, and one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from processors.rules.pauses import Span
from processors.rules.promises.calendars import NO_CALENDAR
from processors.rules.promises.docket import Docket
from processors.rules.promises.promise import Promise
from processors.rules.promises.terms import Terms
from processors.rules.promises.waiting import Paused, pauses
from processors.rules.protocol import Evidence
from processors.rules.workdays import NoCalendar
from schemas.instants import NEVER, format_instant, iso_day, show
from schemas.policy import Dur

if TYPE_CHECKING:
    from processors.rules.book import Book

_UNITS = {
    "min": ("分钟", "minutes"),
    "h": ("小时（节假日照算）", "hours, holidays included"),
    "sh": ("服务小时", "service hours"),
    "d": ("天", "days"),
    "wd": ("个工作日", "working days"),
    "mo": ("个月", "months"),
    "y": ("年", "years"),
}


def explain_due(row: Promise, evidence: Sequence[Evidence], book: Book) -> dict[str, Any]:
    """{"sentence_zh", "sentence_en", "policy", "calendar" or None, "pauses"}; ``evidence`` of the row's scope, in order."""
    bound = book.policy_at(row.policy_place, row.obligation)
    if bound is None:
        return {"sentence_zh": "", "sentence_en": "", "policy": None, "calendar": None, "pauses": []}
    terms = bound.terms
    spans = [p for p in pauses(terms.pause, Docket(evidence)) if p.start <= min(row.due, row.settled)]
    zh, en = _sentence(row, terms)
    return {
        "sentence_zh": zh,
        "sentence_en": en,
        "policy": {
            "key": row.obligation,
            "row": terms.row,
            "zh": terms.zh,
            "en": terms.en,
            "version": bound.version.version,
            "profile": bound.version.profile,
            "effective_from": format_instant(bound.version.effective),
            "place": bound.version.place,
            "published_by": bound.version.published_by,
        },
        "calendar": _calendar(row, terms, spans, book),
        "pauses": [_pause(span) for span in spans],
    }


def _calendar(row: Promise, terms: Terms, paused: Sequence[Paused], book: Book) -> dict[str, Any] | None:
    """Days counted and skipped, each with its name (春节); None for hours, for given dates, and where none can be told."""
    limit = terms.limit
    if limit is None or limit.unit in ("min", "h") or row.undated or row.early:
        return None
    version = book.calendar_at(row.calendar_place)
    spans: list[Span] = [(span.start, span.stop) for span in paused]
    try:
        counted = (version.calendar if version is not None else NO_CALENDAR).counted(row.opened, limit, spans)
    except NoCalendar:
        return None
    return {
        "name": version.name if version is not None else "",
        "version": version.version if version is not None else "",
        "counted": [iso_day(day) for day, _ in counted.days],
        "names": {iso_day(day): why for day, why in counted.days if why},
        "skipped": [{"day": iso_day(day), "name": why} for day, why in counted.skipped],
    }


def _pause(span: Paused) -> dict[str, Any]:
    return {
        "from": format_instant(span.start),
        "to": None if span.stop is None else format_instant(span.stop),
        "party": span.party,
    }


def _sentence(row: Promise, terms: Terms) -> tuple[str, str]:
    """One sentence in Chinese and in English."""
    opened, due = show(row.opened), show(row.due)
    begun_zh, begun_en = f"自 {opened} 起", f"It began at {opened}"
    if row.early:
        return (
            f"{begun_zh}，{_length(terms.min, 0)}内不得完成；{due} 提前完成，即为超时。",
            f"{begun_en} and may not end within {_length(terms.min, 1)}; it ended too early, at {due}.",
        )
    if row.paused:
        return (
            f"{begun_zh}，限 {_length(terms.limit, 0)}；计时暂停中，恢复后才有到期时间。",
            f"{begun_en} with {_length(terms.limit, 1)}; the clock stands still, and is due once it goes on.",
        )
    if row.undated:
        why = ("触发事件没有给出期限", "its trigger gave no date") if terms.given else (
            "日历还没有那一年的数据",
            "the calendar has no data for that year yet",
        )  # fmt: skip
        return f"{begun_zh}，到期时间待定：{why[0]}。", f"{begun_en}; the due time is undated: {why[1]}."
    if terms.limit is not None and row.due != NEVER:
        dated = "，由后来发布的日历确定" if row.dated_by else ""
        dated_en = ", as dated by a calendar published later" if row.dated_by else ""
        return (
            f"{begun_zh}，限 {_length(terms.limit, 0)}，{due} 到期{dated}。",
            f"{begun_en} with {_length(terms.limit, 1)}, so it is due at {due}{dated_en}.",
        )
    if terms.given:
        return f"触发事件给出的期限是 {due}。", f"Its trigger says when it is due: {due}."
    return (
        f"{begun_zh}待办，没有规定时限。",
        f"{begun_en}; no limit is laid down, so it stands on the worklist.",
    )


def _length(limit: Dur | None, lang: int) -> str:
    return f"{limit.n} {_UNITS[limit.unit][lang]}" if limit is not None else ""
