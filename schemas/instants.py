"""Instants: int64 microseconds UTC since 1970; days: day numbers of a civil zone.

Every instant in the system is an ``int``. Text is RFC 3339 with an offset and at most six
fractional digits; anything looser is refused (lax parsers read "20261122" as 1970).
Wall-clock rules use Asia/Shanghai from the zone database: it kept +9:00 in the summers of 1986 to 1991.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

Instant = int  # microseconds UTC
Day = int  # days since 1970-01-01 in the civil zone

US = 1
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
NEVER: Instant = 2**63 - 1
"""Stands for "no instant" in columns that must not be null; sorts after every real instant."""
AHEAD = 5 * MINUTE
"""How far a sender's clock may run before ours."""

ZONE = ZoneInfo("Asia/Shanghai")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_STEADY = 694_224_000 * SECOND  # 1992-01-01: Shanghai has been +8:00 without a break since
_OFFSET = 8 * HOUR
_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?(Z|[+-]\d\d:\d\d)", re.ASCII
)


def parse_instant(text: str) -> Instant:
    """RFC 3339 with an offset and at most six fractional digits -> microseconds UTC.

    Raises ValueError saying what is wrong. A leap second (``:60``) is refused.
    """
    m = _RFC3339.fullmatch(text)
    if m is None:
        raise ValueError(
            "not an RFC 3339 time with an offset and at most six fractional digits "
            "(write 2026-11-22T10:00:00+08:00)"
        )
    if m[8] == "-00:00":
        raise ValueError("the offset -00:00 means an unknown zone; give the real offset")
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return from_datetime(moment)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"no such time: {error}") from None


def from_datetime(moment: datetime) -> Instant:
    """An aware datetime -> microseconds UTC, exactly (no float on the way)."""
    gap = moment - _EPOCH
    return (gap.days * 86_400 + gap.seconds) * SECOND + gap.microseconds


def to_datetime(at: Instant) -> datetime:
    """Microseconds UTC -> aware datetime in Asia/Shanghai."""
    return (_EPOCH + timedelta(microseconds=at)).astimezone(ZONE)


def format_instant(at: Instant) -> str:
    """Microseconds UTC -> RFC 3339 in Asia/Shanghai; the fraction only where there is one."""
    return to_datetime(at).isoformat()


def show(at: Instant) -> str:
    """For people: ``2026-11-22 18:00:00``, Shanghai; a due end of day as ``2026-11-22 24:00``; NEVER as ``—``."""
    if at == NEVER:
        return "—"
    if at % SECOND == 999_999 and (at + 1) == start_of_day(day_of(at) + 1):
        return iso_day(day_of(at)) + " 24:00"
    return to_datetime(at).strftime("%Y-%m-%d %H:%M:%S")


def day_of(at: Instant) -> Day:
    """The civil day (Asia/Shanghai) on which the instant falls."""
    if at >= _STEADY:
        return (at + _OFFSET) // DAY
    return to_datetime(at).date().toordinal() - _EPOCH_DAY


@lru_cache(maxsize=8192)
def start_of_day(day: Day) -> Instant:
    """First microsecond of a civil day."""
    first = date.fromordinal(day + _EPOCH_DAY)
    return from_datetime(datetime(first.year, first.month, first.day, tzinfo=ZONE))


def end_of_day(day: Day) -> Instant:
    """Last microsecond of a civil day (23:59:59.999999): still in time."""
    return start_of_day(day + 1) - 1


def parse_day(text: str) -> Day:
    """``2026-11-22`` -> day number. Raises ValueError for anything else."""
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) is None:
        raise ValueError("not a date (write 2026-11-22)")
    return date.fromisoformat(text).toordinal() - _EPOCH_DAY


def iso_day(day: Day) -> str:
    """Day number -> ``2026-11-22``."""
    return date.fromordinal(day + _EPOCH_DAY).isoformat()


def civil_date(day: Day) -> date:
    """Day number -> date."""
    return date.fromordinal(day + _EPOCH_DAY)


def day_number(civil: date) -> Day:
    """date -> day number."""
    return civil.toordinal() - _EPOCH_DAY


def shift_months(day: Day, months: int) -> Day:
    """The corresponding day that many months on, else the last day of that month (S5)."""
    civil = date.fromordinal(day + _EPOCH_DAY)
    year, month = divmod(civil.year * 12 + civil.month - 1 + months, 12)
    first_of_next = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    last = (first_of_next - date(year, month + 1, 1)).days
    return date(year, month + 1, min(civil.day, last)).toordinal() - _EPOCH_DAY
