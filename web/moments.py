"""Moments in a query: RFC 3339 with an offset."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.instants import Instant, parse_instant
from schemas.refusals import refusal
from web.problems import Refused


def instant(text: str | None, field: str) -> Instant | None:
    """A query parameter -> µs UTC; None stays. 422 naming the parameter."""
    if text is None:
        return None
    try:
        # "+" in a query means a space to everybody but the person who typed it
        return parse_instant(text.replace(" ", "+"))
    except ValueError as error:
        plain = refusal("bad_time")
        en, zh = plain.reason, plain.reason_zh
        if "-00:00" in str(error):
            en, zh = f"{error}; it {en}", f"偏移 -00:00 表示时区未知；{zh}"
        elif str(error).startswith("no such time"):
            en, zh = f"{error}; it {en}", f"没有这个时间；{zh}"
        raise Refused(422, "bad_time", en, zh, field=field) from None


@dataclass(frozen=True, slots=True)
class Moment:
    """What had happened by then, or what was known then, as it was asked for."""

    as_of: str | None
    known_at: str | None

    def instants(self) -> dict[str, Instant | None]:
        """For the readers. 422 for both, and for what is no instant."""
        if self.as_of is not None and self.known_at is not None:
            raise Refused(
                422,
                "ambiguous",
                "give as_of or known_at, not both",
                "as_of 与 known_at 只能给一个",
                field="as_of",
            )
        return {"as_of": instant(self.as_of, "as_of"), "known_at": instant(self.known_at, "known_at")}
