"""Of a duty whose parts do not go together, of the repetition ladder and of penalties."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DUTIES: Final[Mapping[str, tuple[str, str]]] = {
    "warn.one": ("请写 {pct: 75} 或 {before: 2h} 其中之一", "write either {pct: 75} or {before: 2h}"),
    "pause.kinds": (
        "pause 只能与 after、given 或 before 一起用",
        "pause goes only with after, given or before",
    ),
    "until.kinds": (
        "until 和 member 只能与 every、rolling 一起用",
        "until and member go only with every and rolling",
    ),
    "member.kinds": (
        "member 只能用于周期；滚动的责任按 per 各算一项",
        "member goes only with periods; a rolling duty is one for each per",
    ),
    "until.match": (
        "until 结束的是一个成员的责任，由 per 和 member 指明，不能再写 match",
        "until ends the duty of one member: per and member say which, so match cannot",
    ),
    "unreached.kinds": (
        "unreached 不能用于周期：下一周期另有联系",
        "unreached does not go with periods: the next period brings its own attempts",
    ),
    "due.by": ("有期限就须写 by：由哪个事件办结", "a due date needs by: which event settles it"),
    "plus.role": (
        "plus 和 reset 只用于触发，不能写在 {role} 下",
        "plus and reset go only with triggers, not with {role}",
    ),
    "times.role": (
        "times 和 distinct 只用于 by 和 unreached，不能写在 {role} 下",
        "times and distinct go only with by and unreached, not with {role}",
    ),
    "late.role": ("late 只用于 by，不能写在 {role} 下", "late goes only with by, not with {role}"),
    "due.no_limit": (
        "after: null 等于没有期限；请写时长，或用 min 表示“不早于”",
        "after: null says no limit at all; give a length, or min for 'not before'",
    ),
    "due.backwards": (
        "{length} 不能从日期往回数，请用 d、mo 或 y",
        "{length} cannot be counted back from a date; write it in d, mo or y",
    ),
    "due.one": (
        "期限只能是 after、given、before、gate、coverage、every、rolling、months、seasons、days、spans 之一；现有：{found}",
        "a due date is one of after, given, before, gate, coverage, every, rolling, months, seasons, days, spans; "
        "here stand {found}",
    ),
    "lunar.no_day": (
        "{text}：农历为 01 至 12 月，每月至多 30 天",
        "{text}: a lunar year has months 01 to 12 of 30 days at most",
    ),
    "lunar.twice": (
        "{text}：农历 11-11 至 12-09 在有的公历年有两次，有的没有；请用 spans 写明日期",
        "{text}: lunar 11-11 to 12-09 come twice in some years and in others not at all; write the days as spans",
    ),
    "repetition.window": (
        "{value} 不能作累计报告的期间，请用 d、mo 或 y",
        "{value} is no window to count reports in; write it in d, mo or y",
    ),
    "repetition.level": (
        "{key}：levels 中没有第 {level} 级，最高为 {top}",
        "{key}: level {level} has no entry in levels, which end with {top}",
    ),
    "repetition.becomes": (
        "{key}：投诉不能再转为投诉；becomes 只与 kind: repair 一起用",
        "{key}: a complaint cannot become one; becomes goes with kind: repair",
    ),
    "repetition.same": (
        "{key} 与 {other} 都是 {kind} 的第 {no} 次，请只留一条",
        "{key} and {other} are both for {kind} number {no}; keep one",
    ),
    "repetition.down": (
        "{kind} 的级别往下走了；事项只上移，不下移",
        "the rungs of {kind} go down; a matter never moves down",
    ),
    "penalties.range": (
        "default_fen {usual} 不在 min_fen {least} 与 max_fen {most} 之间",
        "default_fen {usual} is not between min_fen {least} and max_fen {most}",
    ),
}
"""Code -> (Chinese, English)."""
