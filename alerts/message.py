"""The words of an alert: Chinese first, English second, readable without opening anything else (domain.md 3.8).

Made of codes and references only: obligation, due instant (Shanghai), case, house, project, roles. No personal data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from alerts.routing import NOTE
from schemas.instants import DAY, HOUR, MINUTE, NEVER, SECOND, Instant, iso_day, show
from schemas.words import label

_HEADS = {
    "obligation.due_soon": "due_soon",
    "obligation.breached": "breached",
    "obligation.alert_step_reached": "obligation.alert_step_reached",
    "obligation.retracted": "retracted",
    "escalation.raised": "escalation.raised",
    "escalation.flagged": "escalation.flagged",
}
"""Verdict type -> its word in the catalogue of messages."""
_REPEATED = {
    "escalation.raised": ("同一问题多次提出，已上移，请接手", "reported again and moved up: now yours"),
    "escalation.flagged": ("同一问题再次提出，请复核", "reported again: please look at it"),
}
"""What the repetition ladder asks for; nothing falls due by it."""
_UNITS = ((DAY, "天", "d"), (HOUR, "小时", "h"), (MINUTE, "分钟", "min"), (SECOND, "秒", "s"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert as kept in the table ``alerts``. Instants µs UTC; absent references are ""."""

    tenant: int
    tenant_name: str
    place: int
    verdict_id: str
    type: str
    kind: str
    obligation: str
    row: str
    zh: str
    en: str
    promise_id: str
    case_id: str
    project_id: str
    house_id: str
    due: Instant
    time: Instant
    recorded: Instant
    born_late: bool
    owes: Sequence[str]
    to: Sequence[str]
    retracts: str
    traceparent: str = ""
    """Under which it is sent: of the trace of the fact that was its cause; looked up, not kept."""


def span(length: int) -> tuple[str, str]:
    """Microseconds -> its two largest units in Chinese and English: ("2 小时 5 分钟", "2 h 5 min")."""
    zh, en = [], []
    for size, word, unit in _UNITS:
        count, length = divmod(length, size)
        if count:
            zh.append(f"{count} {word}")
            en.append(f"{count} {unit}")
        if len(zh) == 2 or (zh and not count):
            break
    return " ".join(zh) or "不到 1 秒", " ".join(en) or "under 1 s"


def plain(text: str, longest: int = 80) -> str:
    """One line without control characters: references come from senders, and a line break would forge a list item."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def link(base_url: str, case_id: str) -> str:
    """Where the case is shown; "" without base_url or case."""
    return f"{base_url.rstrip('/')}/wall/cases/{case_id}" if base_url and case_id else ""


def _head(kind: str) -> tuple[str, str]:
    code = _HEADS.get(kind, kind)
    return label(code, "zh"), label(code, "en")


def _roles(codes: Sequence[str], lang: str) -> str:
    joint = "、" if lang == "zh" else ", "
    return joint.join(plain(label(code, lang)) for code in codes) or "—"


def _late(alert: Alert, at: Instant) -> tuple[str, str]:
    if alert.due == NEVER:
        return "", ""
    if at > alert.due:
        zh, en = span(at - alert.due)
        return f"，已超 {zh}", f", {en} over"
    zh, en = span(alert.due - at)
    return f"，还剩 {zh}", f", {en} left"


def _where(alert: Alert) -> tuple[str, str]:
    named = (
        ("项目", "project", alert.project_id),
        ("房号", "house", alert.house_id),
        ("事项", "case", alert.case_id),
    )
    known = [(zh, en, plain(value)) for zh, en, value in named if value]
    return "，".join(f"{zh} {v}" for zh, _, v in known), ", ".join(f"{en} {v}" for _, en, v in known)


def line(alert: Alert, at: Instant) -> tuple[str, str]:
    """(Chinese, English): all there is to know on one line each; ``at`` is now, for how late it is."""
    head_zh, head_en = _head(alert.type)
    row = f"（{plain(alert.row)}）" if alert.row else ""
    name_zh = plain(alert.zh or alert.obligation, 200)
    name_en = plain(alert.en or alert.obligation, 200)
    due = show(alert.due)
    where_zh, where_en = _where(alert)
    if alert.type == "obligation.retracted":
        said_zh, said_en = (
            ("此前的超时提醒不再成立", "the earlier alert no longer stands")
            if alert.due != NEVER
            else ("此前的上移不再成立", "the earlier move no longer stands")
        )
        if alert.due != NEVER:
            said_zh, said_en = f"{said_zh}；应于 {due}", f"{said_en}; due {due}"
    elif alert.type in _REPEATED:
        said_zh, said_en = _REPEATED[alert.type]
        said_zh, said_en = (
            f"{said_zh}，报于 {show(alert.time)}",
            f"{said_en}, reported {show(alert.time)} (Shanghai)",
        )
    else:
        late_zh, late_en = _late(alert, at)
        said_zh, said_en = f"应于 {due} 前完成{late_zh}", f"due {due} (Shanghai){late_en}"
    zh = [f"【{head_zh}】{name_zh}{row}", said_zh, f"责任：{_roles(alert.owes, 'zh')}"]
    en = [f"{head_en}: {name_en}", said_en, f"owed by {_roles(alert.owes, 'en')}"]
    if alert.to and list(alert.to) != list(alert.owes):
        zh.append(f"提醒：{_roles(alert.to, 'zh')}")
        en.append(f"for {_roles(alert.to, 'en')}")
    return "；".join([*zh, *([where_zh] if where_zh else [])]), "; ".join(
        [*en, *([where_en] if where_en else [])]
    )


def item(alert: Alert, at: Instant, base_url: str) -> str:
    """Two or three lines: Chinese, English, the link to the case. The morning note brings its own lines."""
    if alert.type == NOTE:
        page = f"{base_url.rstrip('/')}/today/note?day={iso_day(-alert.place)}" if base_url else ""
        return "\n".join(part for part in (alert.zh, alert.en, page) if part)
    return "\n".join(part for part in (*line(alert, at), link(base_url, alert.case_id)) if part)


def entry(alert: Alert, at: Instant, base_url: str) -> str:
    """The same for a list of many, where every byte counts: a Chinese line, a short English one, link or case."""
    head_zh, head_en = _head(alert.type)
    late_zh, late_en = ("", "") if alert.type == "obligation.retracted" else _late(alert, at)
    place = " ".join(plain(part, 40) for part in (alert.project_id, alert.house_id) if part)
    row = f"（{plain(alert.row)}）" if alert.row else ""
    zh = [
        f"{head_zh}：{plain(alert.zh or alert.obligation)}{row}",
        f"应于 {show(alert.due)}{late_zh}" if alert.due != NEVER else f"报于 {show(alert.time)}",
        _roles(alert.owes, "zh"),
        *([place] if place else []),
    ]
    where = link(base_url, alert.case_id) or (f"事项 case {plain(alert.case_id)}" if alert.case_id else "")
    en = f"{head_en}: {plain(alert.en or alert.obligation)}{late_en}"
    return "\n".join(part for part in ("；".join(zh), en, where) if part)


def heading(alerts: Sequence[Alert], titles: Mapping[str, str]) -> str:
    """First lines of a joined message: how many of each. ``titles``: what people call a tenant, where not by its name."""
    counts: Mapping[str, int] = {
        kind: found for kind in _HEADS if (found := sum(a.type == kind for a in alerts))
    }
    zh = "，".join(f"{_head(kind)[0]} {n}" for kind, n in counts.items())
    en = ", ".join(f"{_head(kind)[1].lower()} {n}" for kind, n in counts.items())
    name = alerts[0].tenant_name
    tenant = plain(titles.get(name, name))
    return f"Touchline 提醒 {len(alerts)} 条（{tenant}）：{zh}\n{len(alerts)} alerts: {en}"


def joined(alerts: Sequence[Alert], at: Instant, base_url: str, titles: Mapping[str, str]) -> str:
    """One message: a single alert as it is, several as a numbered list under a heading."""
    if len(alerts) == 1:
        return item(alerts[0], at, base_url)
    parts = [f"{n}. {entry(alert, at, base_url)}" for n, alert in enumerate(alerts, 1)]
    return "\n".join([heading(alerts, titles), *parts])
