"""A policy in words (政策释义): what opens a promise, when it is due, what settles it, who owes it; Chinese and English."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from schemas.instants import format_instant
from schemas.lunar import PREFIX
from schemas.policy import (
    After,
    AllOf,
    AnyOf,
    Before,
    Coverage,
    Dur,
    Every,
    Expr,
    Gate,
    Given,
    Match,
    Policy,
    PolicyFile,
    Test,
)
from schemas.words import label

Pair = tuple[str, str]
"""Chinese and English of the same."""

_UNITS: Mapping[str, Pair] = {
    "min": ("分钟", "minutes"),
    "h": ("小时", "hours"),
    "sh": ("个服务小时", "service hours"),
    "d": ("天", "days"),
    "wd": ("个工作日", "working days"),
    "mo": ("个月", "months"),
    "y": ("年", "years"),
}
_SAME: Mapping[str, Pair] = {
    "d": ("触发当天", "the same day"),
    "wd": ("触发当天；不是工作日的，下一个工作日", "the same day, or the next working day where it is none"),
}
_EVERY: Mapping[str, Pair] = {
    "day": ("每天", "every day"),
    "half_month": ("每半月", "every half month"),
    "month": ("每月", "every month"),
    "quarter": ("每季", "every quarter"),
    "year": ("每年", "every year"),
}
_TESTS: Mapping[str, Pair] = {
    "eq": ("为", "is"),
    "ne": ("不为", "is not"),
    "in_": ("为其一", "is one of"),
    "gt": ("大于", "is over"),
    "ge": ("不小于", "is at least"),
    "lt": ("小于", "is under"),
    "le": ("不大于", "is at most"),
    "has": ("包含", "has all of"),
}
_KINDS: Mapping[str, str] = {
    "after": "触发后限时",
    "before": "某日之前",
    "window": "时间窗内",
    "every": "周期",
    "on_threshold": "达到条件后限时",
    "gate": "某事之前",
    "coverage": "覆盖率",
    "given": "约定日期",
    "open": "待办，无期限",
    "standing": "常设，仅作记录",
}
_AGAIN: Mapping[str, Pair] = {
    "never": ("只开一次", "opens once only"),
    "restart": ("再次触发则重新计时", "a further trigger starts it anew"),
    "each": ("每次触发各开一条", "each trigger opens one"),
}


def explain(key: str, file: PolicyFile) -> list[tuple[Pair, Pair]]:
    """(what is told, what it says) line by line. Raises KeyError for a key that the file does not have."""
    policy = file.policies[key]
    lines: list[tuple[Pair, Pair]] = [
        (("名称", "name"), (policy.zh, policy.en or policy.zh)),
        (("类别", "kind"), (f"{_KINDS[policy.kind]} {policy.kind}", policy.kind)),
    ]
    if policy.row:
        lines.append((("条目", "row"), (policy.row, policy.row)))
    if not policy.enabled:
        lines.append((("停用", "off"), ("未启用", "not enabled")))
    lines.append((("触发", "opened by"), expression(policy.on)))
    names = "、".join(policy.per), ", ".join(policy.per)
    lines.append((("每", "one for each"), names))
    if policy.again in _AGAIN:
        lines.append((("再次触发", "again"), _AGAIN[policy.again]))
    lines.append((("到期", "due"), due(policy)))
    if policy.until is not None:
        lines.append((("止于", "until"), expression(policy.until)))
    if policy.by is not None:
        lines.append((("办结", "settled by"), expression(policy.by)))
    if policy.unreached is not None:
        lines.append((("联系不上", "unreached"), expression(policy.unreached)))
    for one in policy.cancel:
        lines.append((("取消", "cancelled by"), expression(one)))
    for pause in policy.pause:
        start, stop = expression(pause.start), expression(pause.stop)
        lines.append((("暂停", "paused"), (f"{start[0]} 至 {stop[0]}", f"from {start[1]} to {stop[1]}")))
    lines.append((("提醒", "warned"), _warned(policy, file)))
    lines.append((("责任", "owed by"), _owed(policy)))
    lines.append((("超时报", "told of a breach"), _told(policy, file)))
    lines.append((("日历", "calendar"), (policy.calendar or file.calendar, policy.calendar or file.calendar)))
    version = f"{file.profile} {file.version}"
    since = format_instant(file.effective_from)
    lines.append((("版本", "version"), (f"{version}，自 {since} 起", f"{version}, in force from {since}")))
    return lines


def length(duration: Dur) -> Pair:
    """3 个工作日 / 3 working days."""
    zh, en = _UNITS[duration.unit]
    return f"{duration.n} {zh}", f"{duration.n} {en.removesuffix('s') if duration.n == 1 else en}"


def _after(duration: Dur) -> Pair:
    """``0d`` and ``0wd`` last to the end of a day, ``0min`` has no time at all."""
    if not duration.n:
        return _SAME.get(duration.unit, ("立即", "at once"))
    zh, en = length(duration)
    return f"触发后 {zh}", f"{en} after"


def expression(expr: Expr) -> Pair:
    """A MATCH or a join of several."""
    if isinstance(expr, AnyOf):
        return _joined([expression(part) for part in expr.any], " 或 ", " or ")
    if isinstance(expr, AllOf):
        return _joined([expression(part) for part in expr.all], " 且 ", " and ")
    return _match(expr)


def due(policy: Policy) -> Pair:
    """When it is due."""
    one = policy.due
    if one is None:
        if policy.by is None:
            return "无期限，仅作记录", "standing duty, evidence only"
        return "没有期限，列为待办", "no clock: on the worklist with its age"
    if isinstance(one, After):
        found = [] if one.after is None else [_after(one.after)]
        if one.min is not None:
            found.append((f"不得早于触发后 {length(one.min)[0]}", f"not before {length(one.min)[1]} after"))
        if one.since is not None:
            zh, en = ("任何时候", "ever") if one.since == "ever" else length(one.since)
            found.append((f"此前 {zh} 内办的也算", f"what was done before counts too ({en})"))
        return _joined(found, "，", ", ")
    if isinstance(one, Given):
        return f"触发事件给出的 {one.given}", f"what the trigger gives as {one.given}"
    if isinstance(one, Before):
        zh, en = length(one.minus)
        lead = ("任何时候", "any time") if one.lead == "any" else length(one.lead)
        return (
            f"{one.before} 之前 {zh}；到期前 {lead[0]} 起可办",
            f"{en} before {one.before}; it may be done from {lead[1]} before it is due",
        )
    if isinstance(one, Gate):
        zh, en = _match(one.gate)
        each = ("每次", "each ") if one.each else ("", "")
        settle = ("", "")
        if one.settle is not None:
            settle = (f"，等材料 {length(one.settle)[0]}", f", waiting {length(one.settle)[1]} for papers")
        return f"{each[0]}{zh} 之前或同时{settle[0]}", f"at or before {each[1]}{en}{settle[1]}"
    if isinstance(one, Coverage):
        zh, en = _EVERY[one.coverage]
        ripe, share = length(one.ripe), _test("share", one.share)
        return (
            f"{zh}统计覆盖率（{share[0].partition(' ')[2]}），{ripe[0]} 后计入",
            f"a share, counted {en} ({share[1].partition(' ')[2]}), each after {ripe[1]}",
        )
    return _recurring(one)


def _recurring(one: Every) -> Pair:
    if one.rolling is not None:
        if isinstance(one.rolling, Dur):
            zh, en = length(one.rolling)
            return f"每次办结后 {zh} 内再办", f"again within {en} of the last time"
        return "定期，没有数字：只看多久没办", "regularly, without a figure: only since when it was not done"
    if one.every is not None:
        said = _EVERY[one.every]
    else:
        parts: Iterable[object] = one.months or one.seasons or one.spans or ()
        if one.days is not None:
            parts = [f"{name} {text}" for name, text in one.days.items()]
        listed = list(map(str, parts))
        said = (f"每逢 {'、'.join(listed).replace(PREFIX, '农历 ')}", f"each of {', '.join(listed)}")
    zh, en = said
    if one.due_on is not None:
        zh, en = f"{zh}，{one.due_on} 前", f"{en}, by {one.due_on}"
    if one.grace is not None:
        zh, en = f"{zh}，期末后 {length(one.grace)[0]}", f"{en}, {length(one.grace)[1]} after its end"
    if one.label is not None:
        zh, en = f"{zh}（{one.label} 写明哪一期）", f"{en} ({one.label} names the period)"
    return zh, en


def _match(match: Match) -> Pair:
    zh = " / ".join(_named(name)[0] for name in match.types)
    en = " / ".join(_named(name)[1] for name in match.types)
    tests = [_test(path, test) for path, test in match.where.items()]
    if tests:
        told = _joined(tests, "，", ", ")
        zh, en = f"{zh}（{told[0]}）", f"{en} ({told[1]})"
    if match.times > 1:
        different = match.distinct is not None
        zh = f"{zh} 第 {match.times} 次{'（不同日）' if match.distinct == 'day' else '（不同值）' if different else ''}"
        en = f"{en}, {match.times} times{' on different days' if match.distinct == 'day' else ''}"
    if not match.late:
        zh, en = f"{zh}（到期之前的才算）", f"{en} (only up to the due instant)"
    if match.plus is not None:
        zh, en = f"{zh} 之后 {length(match.plus)[0]}", f"{length(match.plus)[1]} after {en}"
    for again in match.reset:
        zh, en = f"{zh}，{_match(again)[0]} 则重算", f"{en}, anew after {_match(again)[1]}"
    return zh, en


def _named(name: str) -> Pair:
    if name == "*":
        return "任何事件", "any event"
    return f"{label(name)} {name}", label(name, "en")


def _test(path: str, test: Test) -> Pair:
    told: list[Pair] = []
    for name in sorted(test.model_fields_set):
        value = getattr(test, name)
        if name == "set":
            told.append(("已知", "is known") if value else ("未知", "is unknown"))
            continue
        zh, en = _TESTS[name]
        values = value if isinstance(value, list) else [value]
        told.append(
            (
                f"{zh} {'、'.join(_value(v)[0] for v in values)}",
                f"{en} {', '.join(_value(v)[1] for v in values)}",
            )
        )
    joined = _joined(told, "且", " and ")
    return f"{path} {joined[0]}", f"{path} {joined[1]}"


def _value(value: object) -> Pair:
    if isinstance(value, bool):
        return ("是", "true") if value else ("否", "false")
    return label(str(value)), label(str(value), "en")


def _warned(policy: Policy, file: PolicyFile) -> Pair:
    if policy.warn is not None:
        told = [(f"用去 {w.pct}%", f"at {w.pct} %") for w in policy.warn if w.pct is not None]
        lengths = [length(w.before) for w in policy.warn if w.before is not None]
        told += [(f"到期前 {zh}", f"{en} before") for zh, en in lengths]
        return _joined(told, "、", ", ") if told else ("不提醒", "not at all")
    if policy.due is None or policy.kind in ("open", "coverage"):
        return "不提醒", "not at all"
    ladder = file.ladders[policy.ladder]
    long = length(ladder.warn_long)
    return (
        f"用去 {ladder.warn_pct}%；以月计的和某日之前的，提前 {long[0]}",
        f"at {ladder.warn_pct} %; limits in months and up to a date: {long[1]} ahead",
    )


def _owed(policy: Policy) -> Pair:
    owers = []
    for ower in policy.owes:
        zh, en = label(ower.role), label(ower.role, "en")
        if ower.where:
            tests = _joined([_test(path, test) for path, test in ower.where.items()], "，", ", ")
            zh, en = f"{zh}（{tests[0]}）", f"{en} ({tests[1]})"
        owers.append((zh, en))
    zh, en = _joined(owers, "，否则 ", ", else ")
    if policy.also:
        zh += "；另有 " + "、".join(label(role) for role in policy.also)
        en += "; also " + ", ".join(label(role, "en") for role in policy.also)
    return zh, en


def _told(policy: Policy, file: PolicyFile) -> Pair:
    ladder = file.ladders[policy.ladder]
    zh = ["、".join(label(role) for role in ladder.breach)]
    en = [", ".join(label(role, "en") for role in ladder.breach)]
    for step in ladder.steps:
        after = length(step.cap or step.after)
        most = ("至多 ", "at most ") if step.cap else ("", "")
        zh.append(f"{most[0]}{after[0]}后 {'、'.join(label(role) for role in step.to)}")
        en.append(f"{most[1]}{after[1]} later: {', '.join(label(role, 'en') for role in step.to)}")
    return " → ".join(zh), " → ".join(en)


def _joined(parts: Iterable[Pair], zh: str, en: str) -> Pair:
    found = list(parts)
    return zh.join(part[0] for part in found), en.join(part[1] for part in found)
