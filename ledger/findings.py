"""What verify finds: the heads of the lanes, and every place that does not hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ledger.chain import FACTS, TENANTS, VERDICTS

MOST = 1000
"""Problems listed; further ones are only counted."""


@dataclass(frozen=True, slots=True)
class LaneHead:
    """The last place of a lane (0 = none) and its hash in hex: what ``--expect`` is compared with."""

    tenant: str
    lane: str
    place: int
    hash: str

    def __str__(self) -> str:
        return f"{self.tenant}/{self.lane}@{self.place}:{self.hash}"

    @classmethod
    def parse(cls, text: str) -> LaneHead:
        """Reads what ``str`` writes. Raises ValueError."""
        try:
            where, what = text.strip().rsplit("@", 1)
            tenant, lane = where.rsplit("/", 1)
            place, hashed = what.split(":")
            if lane not in (FACTS, VERDICTS) or len(bytes.fromhex(hashed)) != 32:
                raise ValueError
            return cls(tenant, lane, int(place), hashed)
        except ValueError:
            raise ValueError(f"not a head (write tenant/facts@PLACE:HASH): {text!r}") from None


@dataclass(frozen=True, slots=True)
class BadPlace:
    """One thing that does not hold. ``lane`` is facts, verdicts, or the table tenants, fact_ids, corrections, counters,
    engines; ``place`` is the lane's, or for tenants the number. ``column`` is the stored column that is not what it was,
    where that can be told; "" where a whole row is missing, too many, or could not be checked."""

    tenant: str
    lane: str
    place: int
    what: str
    column: str = ""

    def __str__(self) -> str:
        column = f".{self.column}" if self.column else ""
        return f"{self.tenant}/{self.lane}@{self.place}{column}: {self.what}"


@dataclass(slots=True)
class Report:
    """``heads`` per tenant and lane, as stored; ``problems`` in the order of checking; ``more`` beyond those listed."""

    heads: list[LaneHead] = field(default_factory=list)
    problems: list[BadPlace] = field(default_factory=list)
    more: int = 0
    checked: int = 0
    """Rows of both lanes that were read."""

    @property
    def ok(self) -> bool:
        return not self.problems

    def bad(self, tenant: str, lane: str, place: int, what: str, column: str = "") -> None:
        self.add([BadPlace(tenant, lane, place, what, column)])

    def add(self, problems: Sequence[BadPlace], more: int = 0) -> None:
        """Take over what a part has found."""
        room = max(0, MOST - len(self.problems))
        self.problems += problems[:room]
        self.more += more + len(problems[room:])

    def in_order(self, tenants: Sequence[str]) -> None:
        """Sort the problems: by tenant as registered, lanes before tables, places upwards."""
        names = {name: at for at, name in enumerate(tenants)}
        lanes = {lane: at for at, lane in enumerate((TENANTS, FACTS, VERDICTS))}
        self.problems.sort(
            key=lambda bad: (
                bad.lane != TENANTS,
                names.get(bad.tenant, len(names)),
                lanes.get(bad.lane, len(lanes)),
                bad.place,
            )
        )
