"""The heads of a tenant: the counter of its facts and the engine row, read in one snapshot before its lanes are walked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from ledger.chain import FACTS, VERDICTS
from ledger.findings import LaneHead, Report
from ledger.tables import counters, engines
from ledger.verifying.pages import LANES, Reads, row_at
from schemas.instants import Instant

KEEPER = {FACTS: "counter", VERDICTS: "engine row"}
_COLUMNS = {
    FACTS: ("place", "recorded", "hash"),
    VERDICTS: ("verdict_place", "verdict_recorded", "verdict_hash"),
}


@dataclass(frozen=True, slots=True)
class HeadRow:
    """What the counter, or the engine row, says of the end of a lane."""

    place: int
    recorded: Instant
    hash: bytes


def head_row(connection: Connection, lane: str, tenant: int) -> HeadRow | None:
    """The keeper of a lane's end, or None where it is missing."""
    table = counters if lane == FACTS else engines
    query = select(*(table.c[name] for name in _COLUMNS[lane])).where(table.c.tenant == tenant)
    row = connection.execute(query).first()
    return None if row is None else HeadRow(*row)


def last_place(connection: Connection, lane: str, tenant: int) -> int:
    """The highest place of a lane that has a row; 0 for an empty lane."""
    table = LANES[lane]
    query = select(func.max(table.c.place)).where(table.c.tenant == tenant)
    return int(connection.execute(query).scalar_one() or 0)


@dataclass(frozen=True, slots=True)
class Ends:
    """Of one lane, in the snapshot with which the run began. ``upto``: how far it is walked."""

    lane: str
    head: HeadRow | None
    last: int

    @property
    def upto(self) -> int:
        return self.last if self.head is None else max(0, min(self.head.place, self.last))


def ends(connection: Connection, tenant: int) -> dict[str, Ends]:
    """Of both lanes."""
    return {
        lane: Ends(lane, head_row(connection, lane, tenant), last_place(connection, lane, tenant))
        for lane in (FACTS, VERDICTS)
    }


def check_heads(
    source: Reads, report: Report, tenant: int, name: str, found: dict[str, Ends], unsound: set[str]
) -> None:
    """The counter and the engine row against the ends of their lanes, and against each other. The last row of an
    ``unsound`` lane was found bad itself, and is not held against them."""
    with source.read() as connection:
        for lane, end in found.items():
            if lane not in unsound:
                _lane_end(report, name, end, row_at(connection, lane, tenant, end.upto))
        last = None if VERDICTS in unsound else row_at(connection, VERDICTS, tenant, found[VERDICTS].upto)
        _engine(connection, report, tenant, name, found[FACTS].last, 0 if last is None else last[2])


def lane_head(source: Reads, tenant: int, name: str, lane: str, place: int) -> LaneHead:
    """What ``--expect`` is compared with: the last place walked, as stored."""
    with source.read() as connection:
        row = row_at(connection, lane, tenant, place)
    return LaneHead(name, lane, place, (bytes(32) if row is None else row[4]).hex())


def _lane_end(report: Report, name: str, end: Ends, row: Any) -> None:
    lane, head, keeper = end.lane, end.head, KEEPER[end.lane]
    place, recorded, hashed = _COLUMNS[lane]
    if head is None:
        report.bad(name, lane, end.last, f"the {keeper} is missing")
        return
    if head.place > end.last:
        report.bad(name, lane, end.last + 1, f"missing: the {keeper} is at {head.place}", place)
        return
    if head.place < end.last:
        return  # what stands beyond it is named as a stray
    if row is None:
        if (head.recorded, head.hash) != (0, bytes(32)):
            report.bad(name, lane, 0, f"the {keeper} of an empty lane has a hash or a recorded time", hashed)
    elif head.hash != row[4]:
        report.bad(name, lane, end.upto, f"the {keeper} has another hash", hashed)
    elif head.recorded != row[1]:
        report.bad(name, lane, end.upto, f"the {keeper} has another recorded time", recorded)


def _engine(connection: Connection, report: Report, tenant: int, name: str, last: int, follows: int) -> None:
    """What else the two rows say: how far it is decided, how far time has come. ``last``: the last fact that has a row;
    ``follows``: the fact that the last verdict follows."""
    c, e = counters.c, engines.c
    counter = connection.execute(select(c.place, c.recorded, c.floor).where(c.tenant == tenant)).first()
    engine = connection.execute(select(e.decided, e.advanced, e.epoch).where(e.tenant == tenant)).first()
    if counter is None or engine is None:
        return  # named already
    if engine.decided > max(counter.place, last):
        report.bad(name, "engines", engine.decided, "decided beyond the last fact", "decided")
    elif engine.decided < follows:
        report.bad(
            name,
            "engines",
            engine.decided,
            f"decided before fact {follows}, which a verdict follows",
            "decided",
        )
    if counter.floor < 0:
        report.bad(name, "counters", counter.place, "the floor is no instant", "floor")
    elif engine.advanced > max(counter.recorded, counter.floor):
        report.bad(
            name,
            "engines",
            engine.decided,
            "time came further than the last fact and the last cut",
            "advanced",
        )
    if engine.advanced < 0:
        report.bad(name, "engines", engine.decided, "advanced is no instant", "advanced")
    if engine.epoch < 0:
        report.bad(name, "engines", engine.decided, "the epoch is negative", "epoch")
