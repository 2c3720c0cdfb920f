"""Of a policy file held against the event types, roles and calendars that are known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

CHECKS: Final[Mapping[str, tuple[str, str]]] = {
    "never_opens": (
        "已知的事件都不能触发它；没有这些事件类型：{unknown}（全部类型见 touchline events list）",
        "no known event can open it; unknown here: {unknown} (see the list of event types)",
    ),
    "never_settles": (
        "已知的事件都不能办结它；没有这些事件类型：{unknown}（全部类型见 touchline events list）",
        "no known event can discharge it; unknown here: {unknown} (see the list of event types)",
    ),
    "type_unknown": (
        "没有事件类型 {name}，它永远不会来",
        "no event type is called {name}, so it will never come",
    ),
    "field_unknown": ("{types} 没有字段 {name}", "no field {name} in {types}"),
    "calendar_unpublished": (
        "日历 {name} 还没有发布，请先发布",
        "no calendar {name} is published; publish one first",
    ),
    "calendar_year": (
        "日历 {name} 没有 {year} 年的数据：算到该年的时限在有数据之前待定",
        "the calendar {name} has no data for {year}: limits that reach it stay undated (待定) until it has",
    ),
    "calendar_unlike": (
        "{parts} 与已发布的不同，以已发布的为准；要更改请用 touchline calendar publish --from",
        "{parts} was published otherwise, and that counts; touchline calendar publish --from changes it",
    ),
    "role_unknown": (
        "没有角色 {name}；请先发布（roles.published）或另选一个",
        "no role is called {name}; publish it (roles.published) or take another",
    ),
    "role_near": ("没有角色 {name}；是否为 {near}？", "no role is called {name}; did you mean {near}?"),
}
"""Code -> (Chinese, English)."""
