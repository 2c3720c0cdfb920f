"""Of a calendar that is to be published."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

CALENDARS: Final[Mapping[str, tuple[str, str]]] = {
    "calendar.year": ("years：{value} 不是年份，请写 2026", "years: {value} is no year; write 2026"),
    "calendar.letters": (
        "years.{year}：须为 {days} 个字母，每天一个，W 上班、H 休息",
        "years.{year}: give {days} letters, one for each day, W for a working day and H for a day off",
    ),
    "calendar.no_work": ("years.{year}：没有一个工作日", "years.{year}: not one working day"),
    "calendar.lunar_year": ("lunar：years 中没有 {year}", "lunar: {year} is none of the years"),
    "calendar.shifts": (
        "shifts：须按先后写，每段结束晚于开始，互不重叠",
        "shifts: write them in order, each ending after it starts, without overlaps",
    ),
    "calendar.close": (
        "close：00:00 使全天无法工作；一天结束请写 24:00 或 null",
        "close: 00:00 leaves no day to work in; write 24:00 or null for the day's end",
    ),
    "lunar.order": (
        "lunar.{year}：请按先后写明每个农历月的首日",
        "lunar.{year}: write the first day of each month in order",
    ),
    "lunar.reach": (
        "lunar.{year}：各月须从 {year} 年 1 月 1 日或之前起，到 12 月 31 日之后止",
        "lunar.{year}: the months must reach from 1 January {year} or before to after its 31 December",
    ),
    "lunar.length": (
        "lunar.{year}：{day} 开始的月有 {days} 天，应为 29 或 30 天",
        "lunar.{year}: the month that begins on {day} has {days} days, not 29 or 30",
    ),
    "lunar.follows": (
        "lunar.{year}：{before} 月之后不能是 {after} 月",
        "lunar.{year}: month {after} follows month {before}",
    ),
}
"""Code -> (Chinese, English)."""
