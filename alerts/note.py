"""The words of the morning note (晨会日报): Chinese lines for people, one English line for those who read no Chinese.

Made of counts, obligations, houses, roles and references of who is in charge. No personal data of customers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from alerts.message import plain
from schemas.instants import civil_date, parse_day, parse_instant, show, to_datetime
from schemas.words import label

ROOM_ZH, ROOM_EN = 1500, 350
"""Bytes of UTF-8: WeCom takes 2,048 in one message, the link included."""
_PEOPLE = (8, 5, 3, 1, 0)
"""So many are named where there is room for them; the rest are counted together."""
_WEEK = "一二三四五六日"


def worded(figures: Mapping[str, Any], tenant: str) -> tuple[str, str]:
    """(Chinese, English) of the figures (``projections.daynote``). What does not fit is counted, not told one by one."""
    civil = civil_date(parse_day(figures["day"]))
    clock = to_datetime(parse_instant(figures["at"])).strftime("%H:%M")
    head = f"【晨会日报】{civil.isoformat()} 周{_WEEK[civil.weekday()]}（截至 {clock}）· {plain(tenant)}"
    new, closed = figures["new"], figures["closed"]
    parts = [head, f"昨日新增 {_sum(new)}{_kinds(new)}；办结 {_sum(closed)}{_kinds(closed)}"]
    overdue, today, tomorrow = figures["overdue"], figures["today"], figures["tomorrow"]
    named = (("超时", overdue), ("今日到期", today), ("明日到期", tomorrow))
    for people in _PEOPLE:
        heads = [f"{word} {due['total']}{_owed(due['owed'], people)}" for word, due in named]
        room = ROOM_ZH - sum(_size(line) for line in (*parts, *heads))
        if room >= 0:
            break
    for line, told in zip(heads, _dealt([due for _, due in named], room), strict=True):
        parts += [line, *told]
    en = (
        f"Morning note {figures['day']} {clock}: {_sum(new)} new and {_sum(closed)} closed yesterday; {overdue['total']} "
        f"overdue{{}}; {today['total']} due today, {tomorrow['total']} tomorrow."
    )
    whole = en.format(_owed_en(overdue["owed"]))
    return "\n".join(parts), whole if len(whole.encode()) <= ROOM_EN else en.format("")


def _dealt(dues: Sequence[Mapping[str, Any]], room: int) -> list[list[str]]:
    """The lines under each head, as far as ``room`` bytes go: the first of each in turn, so that what is overdue leaves
    room for what falls due; and how many are not among them."""
    told: list[list[str]] = [[] for _ in dues]
    lines = [_each(due) for due in dues]
    room -= sum(_size(_rest(due["total"])) for due in dues)
    for rank in range(max(map(len, lines))):
        for mine, each in zip(told, lines, strict=True):
            if rank < len(each) and _size(each[rank]) <= room:
                room -= _size(each[rank])
                mine.append(each[rank])
    for mine, due in zip(told, dues, strict=True):
        if mine and due["total"] > len(mine):
            mine.append(_rest(due["total"] - len(mine)))
    return told


def _rest(count: int) -> str:
    return f"· 另有 {count} 条"


def _size(line: str) -> int:
    return len(line.encode()) + 1


def _sum(kinds: Mapping[str, int]) -> int:
    return sum(kinds.values())


def _kinds(kinds: Mapping[str, int]) -> str:
    told = "、".join(f"{label(kind) if kind else '其他'} {n}" for kind, n in kinds.items())
    return f"（{told}）" if told else ""


def who(person: str, roles: Sequence[str], lang: str = "zh") -> str:
    """The person in charge; where nobody is named, the roles."""
    joint = "/"
    return plain(person, 24) or joint.join(plain(label(role, lang), 24) for role in roles) or "—"


def _owed(owed: Sequence[Mapping[str, Any]], people: int) -> str:
    told = [f"{who(one['person'], one['roles'])} {one['count']}" for one in owed[:people]]
    rest = sum(one["count"] for one in owed[people:])
    return f"：{'、'.join([*told, *([f'其余 {rest}'] if rest and told else [])])}" if told else ""


def _owed_en(owed: Sequence[Mapping[str, Any]]) -> str:
    told = ", ".join(f"{who(one['person'], one['roles'], 'en')} {one['count']}" for one in owed[:4])
    return f" ({told}{' …' if len(owed) > 4 else ''})" if told else ""


def _each(due: Mapping[str, Any]) -> list[str]:
    return ["· " + _line(one) for one in due["first"]]


def _line(one: Mapping[str, Any]) -> str:
    has = f"（首问 {plain(one['has_case'], 24)}）" if one["has_case"] not in ("", one["person"]) else ""
    parts = (
        plain(one["zh"], 40),
        plain(one["project_id"] or "", 40),
        plain(one["house_id"] or "", 40),
        f"应于 {show(parse_instant(one['due']))[5:16]}" if one["due"] else "",
        who(one["person"], one["roles"]) + has,
    )
    return " ".join(part for part in parts if part)
