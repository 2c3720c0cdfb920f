"""One run of verify: which stretches it walks, and what it makes of them for each tenant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ledger.chain import FACTS, GENESIS
from ledger.findings import LaneHead, Report
from ledger.verifying.hands import Hands, IdPart
from ledger.verifying.heads import Ends, check_heads, ends, lane_head
from ledger.verifying.ids import Ids
from ledger.verifying.pages import UNREADABLE, Reads, row_at, verdict_places
from ledger.verifying.register import readable
from ledger.verifying.strays import Register, check_strays
from ledger.verifying.stretch import Stretch
from ledger.verifying.total import Total, draw

Progress = Callable[[str, str, int, int], None]
"""Called with tenant, lane, places done, places in all."""
_STRETCHES = 4096


@dataclass(frozen=True, slots=True)
class Places:
    """Facts at places first to last (0: to the head), and the verdicts that follow them. The rest is taken as it is."""

    first: int = 1
    last: int = 0

    @property
    def whole(self) -> bool:
        return self.first <= 1 and not self.last


@dataclass(slots=True)
class Run:
    """One run over a register: ``tenant`` for each."""

    source: Reads
    report: Report
    register: Register
    progress: Progress | None
    expect: Sequence[LaneHead]
    places: Places
    resume: bool
    deep: bool
    hands: Hands
    stretch: int
    unsound: set[str] = field(default_factory=set)
    """Lanes of the tenant in hand whose last row was found bad, or not looked at."""

    def tenant(self, number: int, raw: bytes) -> None:
        name = readable(raw)
        self.unsound.clear()
        try:
            with self.source.read() as connection:
                found = ends(connection, number)
        except UNREADABLE:
            self.report.bad(name, FACTS, 0, "the database cannot read it")
            return
        facts = Total()
        for lane, end in found.items():
            after, upto = self._range(number, name, lane, found)
            try:
                total = self._lane(number, raw, end, after, upto, found[FACTS].upto)
                if lane == FACTS:
                    facts = total
                self.report.heads.append(lane_head(self.source, number, name, lane, upto))
                if upto < end.upto:
                    self.unsound.add(lane)
            except UNREADABLE:
                self.report.bad(name, lane, after + 1, "the database cannot read it")
                return
            self._expected(number, name, end)
        try:
            self._ids(number, raw, facts, found)
            check_heads(self.source, self.report, number, name, found, self.unsound)
            check_strays(self.source, self.report, number, raw, self.register)
        except UNREADABLE:
            self.report.bad(name, "", 0, "the database cannot read it")

    def _known(self, name: str, lane: str) -> dict[int, bytes]:
        mine = (head for head in self.expect if (head.tenant, head.lane) == (name, lane))
        return {head.place: bytes.fromhex(head.hash) for head in mine}

    def _range(self, number: int, name: str, lane: str, found: dict[str, Ends]) -> tuple[int, int]:
        """Places (after, upto] of the lane that this run is about."""
        end = found[lane].upto
        first, last = self.places.first - 1, self.places.last or found[FACTS].upto
        if lane == FACTS:
            after, upto = min(first, end), min(last, end)
        elif self.places.whole:
            after, upto = 0, end
        else:
            with self.source.read() as connection:
                after, upto = verdict_places(connection, number, first, last, end)
                upto = end if not self.places.last else upto
        if self.resume:
            after = max([after, *(place for place in self._known(name, lane) if place <= end)])
        return after, max(after, upto)

    def _lane(self, number: int, raw: bytes, end: Ends, after: int, upto: int, facts_head: int) -> Total:
        name, lane = readable(raw), end.lane
        secret = draw()
        size = max(self.stretch, (upto - after) // _STRETCHES + 1)
        stretches = [
            Stretch(
                lane=lane, number=number, raw=raw, after=at, upto=min(upto, at + size), facts_head=facts_head,
                secret=secret, known=self._known(name, lane), deep=self.deep, others=self.register,
            )
            for at in range(after, upto, size)
        ]  # fmt: skip
        total, correcting = Total(secret), Total(secret)
        ids = Ids(self.source, self.report, number, raw, self.register)
        for stretch, walked in zip(stretches, self.hands.walk(stretches), strict=True):
            self.report.add(walked.problems, walked.more)
            self.report.checked += walked.checked
            total.join(walked.total)
            ids.correcting(walked.correcting, correcting)
            if lane == FACTS and self._partly:
                ids.facts(stretch.after, stretch.upto)
            self.unsound.discard(lane)
            if not walked.sound:
                self.unsound.add(lane)
            self._tell(name, lane, stretch.upto - after, upto - after)
        if lane == FACTS and not self._partly:
            ids.corrections(correcting, secret, upto)
        if after >= upto:
            self._tell(name, lane, 0, 0)
        return total

    @property
    def _partly(self) -> bool:
        return self.resume or not self.places.whole

    def _ids(self, number: int, raw: bytes, facts: Total, found: dict[str, Ends]) -> None:
        """The whole id table against the facts that were walked."""
        if self._partly:
            return
        head = found[FACTS].upto
        ids = Ids(self.source, self.report, number, raw, self.register)
        total = Total()
        for product, elsewhere in self.hands.ids(
            [IdPart(number, facts.secret, part, head) for part in range(16)]
        ):
            total.join_value(product)
            ids.rows(elsewhere)
        if total.value != facts.value:
            ids.facts(0, head)
            ids.rows()

    def _expected(self, number: int, name: str, end: Ends) -> None:
        for place, hashed in self._known(name, end.lane).items():
            with self.source.read() as connection:
                row = row_at(connection, end.lane, number, place)
            if place > end.upto:
                what = f"尾部被截断，应有第 {place} 条 cut off: place {place} was expected"
                self.report.bad(name, end.lane, end.upto + 1, what)
            elif (GENESIS if row is None and not place else row and row[4]) != hashed:
                what = "哈希与预期不符 the hash is not the expected one"
                self.report.bad(name, end.lane, place, what, "hash")

    def _tell(self, name: str, lane: str, done: int, whole: int) -> None:
        if self.progress is not None:
            self.progress(name, lane, done, whole)
