"""Of names in a policy file that lead nowhere, and of circles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

NAMES: Final[Mapping[str, tuple[str, str]]] = {
    "fact.name": (
        "请写成“范围.名称”，范围为以下之一：{known}",
        "name it scope.fact, its scope one of {known}",
    ),
    "fact.source": (
        "请写 take: {type: field} 或 value: {type: constant}",
        "give take: {type: field} or value: {type: constant}",
    ),
    "fact.verdict": (
        "事实不能取自时限规则自己的结论",
        "a fact cannot be taken from what the promises rule itself says",
    ),
    "date.verdict": (
        "日期不能取自时限规则自己的结论",
        "a date cannot be taken from what the promises rule itself says",
    ),
    "date.unknown": ("没有日期 {name}；dates 有 {known}", "no date is called {name}; dates has {known}"),
    "ladder.unknown": (
        "没有升级规则 {name}；ladders 有 {known}",
        "no ladder is called {name}; ladders has {known}",
    ),
    "calendar.unknown": (
        "没有日历 {name}；calendars 有 {known}",
        "no calendar is called {name}; calendars has {known}",
    ),
    "key.no_path": (
        "键 {name} 没有写明字段；请写 {{plain}: field}，或用 {known}",
        "the key {name} has no path; write {{plain}: field} or one of {known}",
    ),
    "fact.unknown": ("没有事实 {name}；facts 有 {known}", "no fact is called {name}; facts has {known}"),
    "fact.scope": (
        "事实 {name} 只能用于 per 为 {scope} 的时限",
        "the fact {name} can be read only by a promise that is per {scope}",
    ),
    "verdict.mixed": (
        "结论与事实不能写在同一列类型中；请用 any 分写两条",
        "verdicts and facts cannot stand in one list of types; write two with any",
    ),
    "verdict.which": (
        "{type} 是结论：请用 where: {obligation_key: …} 指明是哪项责任",
        "{type} is a verdict: name its obligation by where: {obligation_key: …}",
    ),
    "verdict.unknown": (
        "where obligation_key：没有政策 {name}",
        "where obligation_key: no policy is called {name}",
    ),
    "circle": (
        "触发关系绕回自身：{trail}；请去掉其中一个触发",
        "its trigger leads back to itself: {trail}; take one of these triggers out",
    ),
}
"""Code -> (Chinese, English)."""
