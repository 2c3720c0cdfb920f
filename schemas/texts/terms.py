"""Of single values: what a field must be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TERMS: Final[Mapping[str, tuple[str, str]]] = {
    "missing": ("缺少此项，请写上", "is missing; write it"),
    "unknown_field": ("没有这个字段，请删去", "no such field here; take it out"),
    "unknown_field_near": ("没有这个字段；是否为 {near}？", "no such field here; did you mean {near}?"),
    "text": ("应为文本；若本意是文本，请加引号", "is not a text; if it is one, put it in quotes"),
    "list": ("应为列表，请写 [a, b]", "is not a list; write [a, b]"),
    "pair": ("应为一对值，请写 [a, b]", "is not a pair; write [a, b]"),
    "mapping": ("应为键值，请写 {name: value}", "is not a mapping; write {name: value}"),
    "none_given": ("至少要有一项", "needs at least one entry"),
    "too_many": ("最多 {most} 项", "has more than {most} entries"),
    "empty_text": ("不能为空", "is empty"),
    "long_text": ("超过 {most} 个字符", "has more than {most} characters"),
    "at_least": ("{value} 过小，至少为 {least}", "{value} is too small; it is at least {least}"),
    "at_most": ("{value} 过大，至多为 {most}", "{value} is too large; it is at most {most}"),
    "above": ("{value} 须大于 {least}", "{value} is not above {least}"),
    "below": ("{value} 须小于 {most}", "{value} is not below {most}"),
    "form": (
        "{value} 的写法不对，须符合此格式：{pattern}",
        "{value} is not written as it must be; see this pattern: {pattern}",
    ),
    "not_one_of": ("{value} 不可用，只能取 {known}", "{value} is not one of {known}"),
    "event_or_join": (
        "应为事件类型，或含 event、any、all 的键值",
        "is neither an event type nor a mapping with event, any or all",
    ),
    "due_form": (
        "期限应为键值，如 {after: 24h} 或 {given: due_at}",
        "a due date is a mapping, such as {after: 24h} or {given: due_at}",
    ),
    "invalid": ("{value} 不合要求（{reason}）", "{reason} (it is {value})"),
    "duration": (
        "{value} 不是时长，请写 30min、24h、8sh、7d、3wd、2mo 或 1y",
        "{value} is no length of time; write 30min, 24h, 8sh, 7d, 3wd, 2mo or 1y",
    ),
    "duration.long": (
        "{value} 过长：时限最长 {most}",
        "{value} is longer than the {most} that a promise may last",
    ),
    "duration.elapsed": (
        "{value} 不能从到期时刻往回数，请用 min、h 或 d",
        "{value} cannot be counted back from a due date; write it in min, h or d",
    ),
    "flag": ("{value} 不是 true 或 false", "{value} is neither true nor false"),
    "whole": ("{value} 不是整数", "{value} is not a whole number"),
    "scalar": (
        "{value} 不能用于比较，请写文本、整数、true 或 false",
        "{value} cannot be compared with; write a text, a whole number, true or false",
    ),
    "threshold": (
        '{value} 不是阈值，请用引号把数字写成文本，如 "3" 或 "0.25"',
        '{value} is no threshold; write the figure as a text in quotes: "3" or "0.25"',
    ),
    "day": ("{value} 不是日期，请写 2026-11-22", "{value} is no date; write 2026-11-22"),
    "clock": (
        "{value} 不是时刻，请写 09:00（一天结束写 24:00）",
        "{value} is no time of day; write 09:00 (24:00 for the day's end)",
    ),
    "instant": (
        "{value} 不是带时区的时间，请写 2026-11-22T10:00:00+08:00",
        "{value} is no RFC 3339 time with an offset; write 2026-11-22T10:00:00+08:00",
    ),
    "event": (
        "{value} 不是事件类型，请写 complaint.closed 这样的类型或其列表",
        "{value} is no event type; write one such as complaint.closed, or a list of them",
    ),
    "test.empty": (
        "条件为空；请写一个值、一列值，或 {ne: urgent} 这样的比较",
        "an empty test; write a value, a list of values or an operator such as {ne: urgent}",
    ),
    "test.null": (
        "{name}: null 不是条件；字段不存在请写 {set: false}",
        "{name}: null tests nothing; for an absent field write {set: false}",
    ),
}
"""Code -> (Chinese, English)."""
