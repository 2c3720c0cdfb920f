"""What the wall shows of a promise, an entry of a history, a case: plain values, so that templates only place them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from schemas.instants import SECOND, Instant, civil_date, day_of, end_of_day, parse_instant, show, to_datetime
from web.words import Words

OPEN = ("breached", "unconfirmed", "due_soon", "pending", "undated", "worklist")
"""Wall states of what is still open, the most pressing first."""
ERASED = {"erased": True}
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$")
_SHORT = 120


def at(text: str | None) -> Instant | None:
    return parse_instant(text) if text else None


def weekday(day: date, t: Words) -> str:
    return (
        "周" + "一二三四五六日"[day.weekday()]
        if t.lang == "zh"
        else ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][day.weekday()]
    )


def near(instant: Instant, now: Instant, t: Words) -> str:
    """An instant as people say it near now: 今天 18:00, 明天 24:00, 11-25 周三 09:30; another year is named."""
    day, today = day_of(instant), day_of(now)
    moment = to_datetime(instant)
    clock = (
        "24:00" if instant == end_of_day(day) else moment.strftime("%H:%M:%S" if moment.second else "%H:%M")
    )
    close = {-1: ("昨天", "yesterday"), 0: ("今天", "today"), 1: ("明天", "tomorrow")}.get(day - today)
    if close:
        return f"{close[t.lang == 'en']} {clock}"
    civil = civil_date(day)
    if civil.year != civil_date(today).year:
        return f"{civil.isoformat()} {clock}"
    return f"{civil:%m-%d} {weekday(civil, t)} {clock}"


def stamp(instant: Instant) -> str:
    """For time lines: ``11-22 10:00:05``."""
    return to_datetime(instant).strftime("%m-%d %H:%M:%S")


def ticking(micros: int, t: Words) -> str:
    """The countdown as the page's script writes it: ``2 天 03:04:05``, ``00:59:01``."""
    seconds = micros // SECOND
    days, rest = divmod(seconds, 86_400)
    clock = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
    return f"{days} {t('day')} {clock}" if days else clock


def promise_row(promise: Mapping[str, Any], now: Instant, t: Words, *, live: bool = True) -> dict[str, Any]:
    """One promise as a row. Instants for the script are milliseconds. ``live`` is false in a replay, where "today"
    would mislead."""
    due, opened, settled = at(promise["due"]), at(promise["opened"]), at(promise["settled"])
    wall = promise["wall"]
    still = wall in OPEN
    word, left = "", ""
    spent = 0
    if due is not None and still:
        over = now > due
        word = t("over") if over else t("left")
        left = ticking(now - due if over else due - now + SECOND - 1000, t)
        span = due - (opened or due)
        spent = max(0, min(1000, 1000 * (now - (opened or due)) // span)) if span > 0 else 1000
    elif due is not None and settled is not None and wall in ("met", "met_late", "late_entry", "retracted"):
        word = t("late") if settled > due else t("early")
        left = t.spell(abs(settled - due))
    elif settled is not None:
        word, left = t("ended"), near(settled, now, t)
    elif wall == "worklist" and opened is not None:
        word, left = t("since"), t.spell(max(0, now - opened))
    name = promise["en"] if t.lang == "en" and promise["en"] else promise["zh"]
    return {
        "id": promise["id"],
        "wall": wall,
        "open": still,
        "undated": wall == "undated" or (due is None and wall == "pending"),
        "name": name or promise["obligation"],
        "row": promise["row"],
        "flags": [t(f"flag.{flag}") for flag in promise["flags"] if flag in ("born_late", "paused")],
        "person": promise["person"],
        "owes": [t.label(role) for role in promise["owes"]],
        "house": promise["house_id"] or "",
        "project": promise["project_id"] or "",
        "case_id": promise["case_id"] or "",
        "due": promise["due"] or "",
        "due_ms": due // 1000 if due else 0,
        "due_text": "" if not due else near(due, now, t) if live else show(due),
        "opened_ms": opened // 1000 if opened else 0,
        "spent": spent,
        "left_word": word,
        "left_text": left,
        "step": promise["step"],
        "ack": "",
    }


def clear(value: Any, t: Words) -> str:
    """A value of an event's data for people: erased text says so, codes get their labels."""
    if value == ERASED:
        return t("erased")
    if isinstance(value, bool):
        return ("是" if value else "否") if t.lang == "zh" else ("yes" if value else "no")
    if isinstance(value, str):
        if _MOMENT.match(value):
            return stamp(parse_instant(value))
        return t.label(value) if value.isascii() and len(value) < 40 else value
    if isinstance(value, list):
        return t.row(clear(item, t) for item in value)
    if isinstance(value, dict):
        return " · ".join(clear(item, t) for item in value.values())
    return str(value)


_TEXTS = (
    "description",
    "demands",
    "question",
    "content",
    "resolution",
    "result",
    "reply",
    "note",
    "remark",
    "reason",
)
_HIDDEN = ("verdict_id", "promise_id", "customer_ref", "subject_ref", "same_problem_key", "attachments")


def content(data: Mapping[str, Any], t: Words) -> tuple[str, list[tuple[str, str]]]:
    """(the text, further fields with their names) of a touchpoint's data."""
    text = next((clear(data[name], t) for name in _TEXTS if data.get(name)), "")
    pairs: list[tuple[str, str]] = []
    shown = next((name for name in _TEXTS if data.get(name)), "")
    for name, value in data.items():
        if name == shown or name in _HIDDEN or value in ("", None, [], {}):
            continue
        if name == "customer" and isinstance(value, dict):
            pairs += [(t.field(key), clear(part, t)) for key, part in value.items() if part]
        else:
            pairs.append((t.field(name), clear(value, t)[:_SHORT]))
    return text, pairs


def wall_of(kind: str) -> str:
    """The wall state by whose shape and colour a verdict of this type is told; "" for none."""
    return {
        "obligation.due_soon": "due_soon",
        "obligation.breached": "breached",
        "obligation.alert_step_reached": "breached",
        "obligation.retracted": "retracted",
        "obligation.dated": "pending",
    }.get(kind, "")


def touchpoint(entry: Mapping[str, Any], order: str, t: Words) -> dict[str, Any]:
    """A fact on the time line; struck through where it was corrected or withdrawn."""
    text, pairs = content(entry["data"], t)
    who = [t.label(entry["actor_role"]), entry["actor_ref"], t.label(entry["channel"]), entry["source"]]
    made = _entry(entry, order, t)
    made |= {
        "verdict": False,
        "wall": "",
        "title": entry["en"] if t.lang == "en" and entry.get("en") else entry["zh"],
        "text": text,
        "pairs": pairs,
        "who": " · ".join(part for part in who if part),
        "state": entry["state"],
        "replaced": entry.get("changed_by", "") if entry["state"] == "corrected" else "",
    }
    return made


def verdict(entry: Mapping[str, Any], order: str, t: Words) -> dict[str, Any]:
    """A conclusion on the time line."""
    data = entry["data"]
    name = data.get("en") if t.lang == "en" else data.get("zh")
    label = t.verdict(entry["type"], str(data.get("retracted_kind") or ""))
    pairs = [(t("step.word"), str(data["step"]))] if data.get("step") else []
    if data.get("to"):
        pairs.append((t("told"), t.row(t.label(role) for role in data["to"])))
    made = _entry(entry, order, t)
    made |= {
        "verdict": True,
        "wall": wall_of(entry["type"]),
        "title": f"{label} · {name}" if name else label,
        "text": "",
        "pairs": pairs,
        "who": "",
        "state": "stands",
        "replaced": "",
    }
    return made


def _entry(entry: Mapping[str, Any], order: str, t: Words) -> dict[str, Any]:
    happened, recorded = parse_instant(entry["time"]), parse_instant(entry["recorded"])
    by_time = order == "time"
    gap = recorded - happened
    return {
        "id": entry["event_id"],
        "place": entry["place"],
        "main": entry["time"] if by_time else entry["recorded"],
        "main_text": stamp(happened if by_time else recorded),
        "other_word": t("recorded") if by_time else t("happened"),
        "other_text": stamp(recorded if by_time else happened),
        "delay": t.spell(gap) if gap >= 60 * SECOND else "",
        "order": (happened, recorded) if by_time else (recorded, happened),
    }


def days_line(calendar: Mapping[str, Any], t: Words) -> list[dict[str, Any]]:
    """The calendar days that a due date counted and skipped, in order, with their names (春节). Runs of the same kind
    in the middle of a long count are drawn as one."""
    days: list[dict[str, Any]] = []
    for number, item in enumerate(
        sorted(calendar.get("counted") or [], key=lambda item: str(item["day"])), 1
    ):
        days.append(_day(item["day"], item.get("name") or "", t("why.nth", n=number), True, t))
    for item in calendar.get("skipped") or []:
        days.append(_day(item["day"], item.get("name") or "", t("why.rest"), False, t))
    days.sort(key=lambda day: str(day["day"]))
    return days if len(days) <= _LONG else _shortened(days, t)


_LONG = 28


def _day(text: str, name: str, word: str, counted: bool, t: Words) -> dict[str, Any]:
    civil = date.fromisoformat(text)
    return {
        "day": text,
        "short": f"{civil:%m-%d}",
        "weekday": weekday(civil, t),
        "name": name,
        "word": word,
        "counted": counted,
    }


def _shortened(days: list[dict[str, Any]], t: Words) -> list[dict[str, Any]]:
    """Named days and both ends stay; what lies between them is drawn as one run."""
    made: list[dict[str, Any]] = []
    for index, day in enumerate(days):
        keep = index < 2 or index >= len(days) - 2 or (day["name"] and not day["counted"])
        if keep:
            made.append(day)
        elif made and made[-1].get("run"):
            made[-1]["run"] += 1
            made[-1]["weekday"] = t("why.days", n=made[-1]["run"])
        else:
            made.append(
                {**day, "short": "…", "weekday": t("why.days", n=1), "name": "", "word": "", "run": 1}
            )
    return made
