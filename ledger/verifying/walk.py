"""Walking a stretch of one lane: every row against the one before it. Stretches are independent of each other, because
the stored hash of the row before a stretch is read, not computed; so they can be walked side by side.

The quick loop takes a row whose place, hash, time and body are as they must be; any other row goes through ``_judge``.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from struct import Struct
from typing import Any

from ledger.chain import FACTS, GENESIS, Chain
from ledger.findings import Report
from ledger.verifying.bodies import corrects, fact_key, is_canonical, is_verdict, quick_fact_key
from ledger.verifying.damage import Damage
from ledger.verifying.pages import Reads, lane_pages, row_at
from ledger.verifying.stretch import Stretch, Walked
from ledger.verifying.total import Total

_EARLIEST = -(2**63)
_FACT = Struct(">IqIqI")
_JOIN = b"".join
_FRAME = b"\x00\x00\x00\x20"


class Walk:
    """One stretch, row by row."""

    def __init__(self, source: Reads, stretch: Stretch) -> None:
        self._source = source
        self._stretch = stretch
        self._chain = Chain(stretch.lane, stretch.number, stretch.raw)
        self._damage = Damage(source, stretch.lane, stretch.number, stretch.raw, stretch.others)
        self._report = Report()
        self._facts = stretch.lane == FACTS
        self._noted: list[bytes] = []
        self._quick = quick_fact_key(stretch.name, self._noted)
        self._walked = Walked(total=Total(stretch.secret))
        self._place = stretch.after
        self._before: tuple[bytes, ...] = (GENESIS,)
        """What the next row may be chained to: one hash; behind a bad row its stored one and the true ones; behind a
        missing row nothing is known."""
        self._recorded = _EARLIEST
        self._after = 0

    def run(self) -> Walked:
        stretch = self._stretch
        if stretch.after:
            self._run_up()
        quick = self._facts and not stretch.deep
        for page in lane_pages(self._source, stretch.lane, stretch.number, stretch.upto, lambda: self._place):
            while True:
                row = self._run_of_facts(page) if quick and len(self._before) == 1 else next(page, None)
                if row is None:
                    break
                self._judge(row[0], row[1], None if self._facts else row[2], row[-2], row[-1])
        self._pass(stretch.upto + 1)
        self._walked.problems = self._report.problems
        self._walked.more = self._report.more
        return self._walked

    def _run_of_facts(self, page: Iterator[Any]) -> Any:
        """The quick loop: up to the first row that is not as it must be, which it returns; None at the page's end."""
        (before,) = self._before
        began = place = self._place
        recorded, odd = self._recorded, None
        opening, pack, key_of, noted = self._chain.opening, _FACT.pack, self._quick, self._noted
        secret, product, prime = self._walked.total.parts
        for row in page:
            at, now, body, hashed = row
            framed = _JOIN((_FRAME, before, opening, pack(8, at, 8, now, len(body)), body))
            if at != place + 1 or now < recorded or sha256(framed).digest() != hashed:
                odd = row
                break
            key = key_of(body)
            if key < 0:
                odd = row
                break
            place, recorded, before = at, now, hashed
            product = product * (secret + (key << 64) + at) % prime
            if noted:
                self._correcting(at, key.to_bytes(16, "big"), noted.pop())
        self._walked.total.put(product)
        self._walked.checked += place - began
        self._walked.sound = self._walked.sound or place > began
        self._place, self._recorded, self._before = place, recorded, (before,)
        return odd

    def _judge(self, place: int, recorded: int, after: int | None, body: bytes, hashed: bytes) -> None:
        """One row by itself, and what it leaves for the next."""
        self._pass(place)
        links = tuple({self._chain.link(one, place, recorded, body, after): None for one in self._before})
        if not links:
            home = self._damage.belongs(place, recorded, after, body, hashed)
            if home is not None:
                self._bad(place, *home)
            else:
                self._bad(place, self._damage.unchecked(place, hashed))
        elif hashed not in links:
            self._bad(
                place, *self._damage.changed(place, recorded, after, body, hashed, links, self._recorded)
            )
        elif recorded < self._recorded:
            self._bad(place, "recorded before the one before it", "recorded")
        elif after is not None and not self._after <= after <= self._stretch.facts_head:
            self._bad(place, f"follows fact {after}, out of order", "after")
        else:
            self._content(place, body)
        good = not links or hashed in links
        self._walked.sound = good
        self._place = place
        self._before = (hashed,) if good else tuple(dict.fromkeys((hashed, *links)))[:64]
        if good:
            self._recorded = recorded
            self._after = self._after if after is None else after
        self._walked.checked += 1

    def _content(self, place: int, body: bytes) -> None:
        if not self._facts:
            if not is_verdict(body):
                self._bad(
                    place,
                    "the body is no verdict, or bears another id than row, kind and generation give",
                    "body",
                )
            elif self._stretch.deep and not is_canonical(body):
                self._bad(place, "the body is not canonical JSON", "body")
            return
        key = fact_key(body, self._stretch.name)
        if key is None:
            self._bad(place, "the body is no fact, or bears another event id", "body")
            return
        if self._stretch.deep and not is_canonical(body):
            self._bad(place, "the body is not canonical JSON", "body")
        self._walked.total.add(key, place)
        self._correcting(place, key, body)

    def _correcting(self, place: int, key: bytes, body: bytes) -> None:
        if target := corrects(body):
            self._walked.correcting.append((place, key, target))

    def _pass(self, place: int) -> None:
        """Name the places before ``place`` that have no row."""
        first = self._place + 1
        if first < place:
            places = f"place {first}" if first == place - 1 else f"places {first} to {place - 1}"
            self._bad(first, f"{places} missing", "place")
            self._damage.missing(first, self._before)
            known = self._stretch.known.get(place - 1)
            self._before = () if known is None else (known,)
        self._place = place

    def _run_up(self) -> None:
        """What the row before the stretch leaves for its first row; that row itself is another stretch's to judge."""
        stretch = self._stretch
        with self._source.read() as connection:
            last = row_at(connection, stretch.lane, stretch.number, stretch.after)
            earlier = row_at(connection, stretch.lane, stretch.number, stretch.after - 1)
        if last is None:
            known = stretch.known.get(stretch.after)
            self._before = () if known is None else (known,)
            return
        place, recorded, after, body, hashed = last
        self._before, self._recorded, self._after = (hashed,), recorded, after or 0
        if earlier is None and place > 1:
            return
        link = self._chain.link(earlier[4] if earlier else GENESIS, place, recorded, body, after)
        if link != hashed:
            self._before = (hashed, link)
            self._recorded, self._after = (earlier[1], earlier[2] or 0) if earlier else (_EARLIEST, 0)

    def _bad(self, place: int, what: str, column: str = "") -> None:
        self._report.bad(self._stretch.name, self._stretch.lane, place, what, column)
