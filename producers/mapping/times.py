"""Times as other systems write them, read exactly or not at all.

A format is written with YYYY MM M DD D HH H hh h mm m ss s and A (AM, PM, 上午, 下午); everything else stands for itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import total_ordering
from typing import Final
from zoneinfo import ZoneInfo

from producers.mapping.problems import BadCell
from schemas.instants import ZONE, Instant, from_datetime, parse_instant

USUAL: Final = (
    "YYYY-M-D H:m:s", "YYYY-M-D H:m", "YYYY-M-D", "YYYY/M/D H:m:s", "YYYY/M/D H:m", "YYYY/M/D", "YYYY.M.D H:m",
    "YYYY.M.D", "YYYY年M月D日 H:m:s", "YYYY年M月D日 H:m", "YYYY年M月D日H时m分", "YYYY年M月D日 H时m分", "YYYY年M月D日",
    "YYYY-M-D Ah:m", "YYYY/M/D Ah:m", "YYYY-M-DTH:m:s", "YYYY-M-DTH:m",
)  # fmt: skip
"""Read where a mapping names no formats: the year first, so that nothing is ambiguous."""

_TOKENS: Final = {
    "YYYY": r"(?P<Y>\d{4})", "MM": r"(?P<M>\d\d)", "M": r"(?P<M>\d\d?)", "DD": r"(?P<D>\d\d)", "D": r"(?P<D>\d\d?)",
    "HH": r"(?P<h>\d\d)", "H": r"(?P<h>\d\d?)", "hh": r"(?P<i>\d\d)", "h": r"(?P<i>\d\d?)",
    "mm": r"(?P<m>\d\d)", "m": r"(?P<m>\d\d?)", "ss": r"(?P<s>\d\d)", "s": r"(?P<s>\d\d?)",
    "A": r"(?P<A>[AaPp][Mm]|上午|下午)",
}  # fmt: skip
_TOKEN = re.compile("YYYY|MM?|DD?|HH?|hh?|mm?|ss?|A")
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\S+(Z|[+-]\d\d:\d\d)", re.ASCII)
_SERIAL = re.compile(r"\d{5}(\.\d+)?", re.ASCII)
_FIRST_SERIAL = datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet's dates have no zone
_SERIALS = (25_569, 73_051)  # 1970 to 2100
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class When:
    """A time that was read. ``text`` is RFC 3339 with the offset of its zone; ``day`` its date there."""

    instant: Instant
    text: str
    day: str
    whole_day: bool
    """Only a date was given; ``instant`` is the clock time that the mapping says such a date means."""
    end: str
    """RFC 3339 of the last microsecond of that date."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, When) and self.instant == other.instant

    def __lt__(self, other: When) -> bool:
        return self.instant < other.instant

    def __hash__(self) -> int:
        return hash(self.instant)

    @property
    def due(self) -> str:
        """As a due date: a bare date means its end of day, in its own zone."""
        return self.end if self.whole_day else self.text

    def __str__(self) -> str:
        return self.day if self.whole_day else self.text


def compiled(form: str) -> re.Pattern[str]:
    """The pattern of a format. Raises ValueError saying what it lacks."""
    parts: list[str] = []
    at = 0
    for token in _TOKEN.finditer(form):
        parts += [re.escape(form[at : token.start()]), _TOKENS[token[0]]]
        at = token.end()
    try:
        pattern = re.compile("".join([*parts, re.escape(form[at:])]).replace(r"\ ", " +"), re.ASCII)
    except re.error:
        raise ValueError("a part stands twice in it") from None
    has = pattern.groupindex
    if not {"Y", "M", "D"} <= has.keys():
        raise ValueError("it needs YYYY, M and D")
    if ("i" in has) != ("A" in has):
        raise ValueError("hh and A go together")
    return pattern


def clock_time(text: str) -> time:
    """``09:00``. Raises ValueError."""
    found = _CLOCK.fullmatch(text)
    if found is None:
        raise ValueError("write a clock time as 09:00")
    return time(int(found[1]), int(found[2]))


class Times:
    """Reads cells of one mapping: in its zone, by its formats. ``serial``: a bare number in a text is a spreadsheet's
    date too (in a workbook it always is)."""

    def __init__(self, zone: ZoneInfo, formats: Sequence[str] = USUAL, *, serial: bool = False) -> None:
        self.zone = zone
        self._patterns = [compiled(form) for form in formats]
        self._serial = serial
        self._asked = "2026-03-02 09:12" if formats is USUAL else " / ".join(formats[:3])
        """How to write one, for who wrote it otherwise."""

    def read(self, cell: object, whole_days_at: time = time()) -> When:
        """A cell, or the cells of a date and a clock time, to an instant. Raises BadCell."""
        if isinstance(cell, datetime):
            return self._local(cell, whole=False)
        if isinstance(cell, date):
            return self._day(cell, whole_days_at)
        if isinstance(cell, (int, float)) and not isinstance(cell, bool):
            return self._of_serial(cell, whole_days_at)
        if isinstance(cell, str):
            return self._text(cell, whole_days_at)
        raise BadCell("不是时间", "is not a time")

    def _text(self, text: str, at: time) -> When:
        if _RFC3339.fullmatch(text):
            try:
                instant = parse_instant(text)
            except ValueError:
                raise BadCell("没有这个时间", "is no such time") from None
            return self._aware(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=instant))
        for pattern in self._patterns:
            if found := pattern.fullmatch(text):
                return self._parts(found.groupdict(), at)
        if self._serial and _SERIAL.fullmatch(text):
            return self._of_serial(float(text), at)
        if (
            half := unicodedata.normalize("NFKC", text)
        ) != text:  # ２０２６-３-２ ９：１２, as a Chinese keyboard writes it
            return self._text(half, at)
        raise BadCell(
            f"不是所声明格式的时间，请写成 {self._asked}",
            f"is not a time of the declared formats; write it as {self._asked}",
        )

    def _parts(self, has: dict[str, str], at: time) -> When:
        try:
            day = date(int(has["Y"]), int(has["M"]), int(has["D"]))
            if "h" in has:
                hour = int(has["h"])
            elif "i" in has:
                if not 1 <= int(has["i"]) <= 12:
                    raise ValueError
                hour = int(has["i"]) % 12 + (12 if has["A"] in ("PM", "pm", "Pm", "pM", "下午") else 0)
            else:
                return self._day(day, at)
            clock = time(hour, int(has.get("m", 0)), int(has.get("s", 0)))
        except ValueError:
            raise BadCell("没有这个日期或时刻", "is no such date or clock time") from None
        return self._local(datetime.combine(day, clock), whole=False)

    def _of_serial(self, serial: float, at: time) -> When:
        if not _SERIALS[0] <= serial < _SERIALS[1]:
            raise BadCell("不是日期序号", "is not a spreadsheet's date")
        moment = _FIRST_SERIAL + timedelta(seconds=round(serial * 86_400))
        return self._day(moment.date(), at) if serial == int(serial) else self._local(moment, whole=False)

    def _day(self, day: date, at: time) -> When:
        return self._local(datetime.combine(day, at), whole=True)

    def _local(self, naive: datetime, *, whole: bool) -> When:
        """In the zone: what the clocks showed twice (end of summer time) is the first; what they never showed is refused."""
        moment = naive.replace(tzinfo=self.zone)
        settled = self.zone is ZONE and naive.year > 1991  # Shanghai has had one offset since
        if not settled and moment.astimezone(UTC).astimezone(self.zone).replace(tzinfo=None) != naive:
            raise BadCell("夏令时拨快时不存在的时刻", "is a clock time that summer time skipped")
        return self._made(moment, whole)

    def _aware(self, moment: datetime) -> When:
        return self._made(moment.astimezone(self.zone), whole=False)

    def _made(self, moment: datetime, whole: bool) -> When:
        day = moment.date()
        last = datetime.combine(day, time(23, 59, 59, 999_999), self.zone).isoformat() if whole else ""
        return When(from_datetime(moment), moment.isoformat(), day.isoformat(), whole, last)
