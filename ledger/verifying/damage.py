"""Where a row does not hold: which of its columns is not what it was, and where a row belongs that stands elsewhere.

A row's stored hash is believed if the next row, or the head, was chained to it; then something that was hashed has
changed. One turned bit is found by turning it back. More than that in one column is told apart as far as it can be.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ledger.chain import FACTS, GENESIS, Chain
from ledger.verifying.bodies import fact_key, is_verdict
from ledger.verifying.heads import head_row
from ledger.verifying.pages import Reads, row_at

Named = tuple[str, str]
"""(what is wrong, column)"""
_TRIED = 64
"""Rows of a stretch that are looked into bit by bit; a lane that is broken throughout needs no finer words."""
_MOST_BODY = 20_000


def turned(value: int) -> Iterator[int]:
    """A 64-bit column's value with each bit turned over."""
    for bit in range(63):
        yield value ^ (1 << bit)
    yield value ^ -(2**63)


class Damage:
    """Of one stretch."""

    def __init__(
        self, source: Reads, lane: str, number: int, raw: bytes, others: tuple[tuple[int, bytes], ...]
    ) -> None:
        self._source = source
        self._lane = lane
        self._number = number
        self._raw = raw
        self._others = [(other, name) for other, name in others if other != number]
        self._chain = Chain(lane, number, raw)
        self._gaps: list[tuple[int, tuple[bytes, ...]]] = []
        self._tried = 0

    def missing(self, first: int, before: tuple[bytes, ...]) -> None:
        """Remember where rows are missing and what the first of them is chained to."""
        self._gaps.append((first, before))

    def changed(
        self,
        place: int,
        recorded: int,
        after: int | None,
        body: bytes,
        hashed: bytes,
        links: tuple[bytes, ...],
        before: int,
    ) -> Named:
        """A row that does not hash to what is stored: which column. ``before``: recorded time of the row before."""
        what = "the row does not hash to what is stored"
        self._tried += 1
        if self._tried > _TRIED:
            return what, ""
        follows = self._followed(place)
        if follows is not None and hashed not in follows and any(link in follows for link in links):
            return f"{what}: the next is chained to another hash", "hash"
        home = self.belongs(place, recorded, after, body, hashed)
        if home is not None:
            return home
        column = self._turned_back(place, recorded, after, body, hashed)
        if column:
            return f"{what}: one bit of {column} was turned", column
        if recorded < before:
            return what, "recorded"
        name = self._raw.decode(errors="replace")
        fits = fact_key(body, name) is not None if self._lane == FACTS else is_verdict(body)
        return (what, "") if fits else (what, "body")

    def unchecked(self, place: int, hashed: bytes) -> str:
        """A row behind a missing one: what can be said of it, and what cannot."""
        why = "前一条缺失，无法核对本条 could not be checked: the row before it, whose hash its own is made of, is missing"
        follows = self._followed(place)
        if follows is None:
            return f"{why}; nothing is chained to it either"
        if hashed in follows:
            return f"{why}; its stored hash is the one that the next is chained to, its recorded time and body stand unproved"
        return f"{why}; the next is not chained to its stored hash"

    def belongs(
        self, place: int, recorded: int, after: int | None, body: bytes, hashed: bytes
    ) -> Named | None:
        """Where this row really belongs: to another place of its lane, or to another tenant."""
        for first, before in self._gaps:
            if any(self._chain.link(one, first, recorded, body, after) == hashed for one in before):
                return f"this row belongs at place {first}", "place"
        with self._source.read() as connection:
            for number, raw in self._others:
                earlier = row_at(connection, self._lane, number, place - 1)
                previous = GENESIS if place == 1 else None if earlier is None else earlier[4]
                if previous is None:
                    continue
                if Chain(self._lane, number, raw).link(previous, place, recorded, body, after) == hashed:
                    return f"this row belongs to tenant {raw.decode(errors='replace')}", "tenant"
            for other in turned(place):
                earlier = row_at(connection, self._lane, self._number, other - 1) if other > 1 else None
                previous = GENESIS if other == 1 else None if earlier is None else earlier[4]
                if previous and self._chain.link(previous, other, recorded, body, after) == hashed:
                    return f"this row belongs at place {other}", "place"
        return None

    def _followed(self, place: int) -> frozenset[bytes] | None:
        """The hashes, this row's stored or true one, that the next row or the head was chained to; None where nobody was."""
        with self._source.read() as connection:
            upcoming = row_at(connection, self._lane, self._number, place + 1)
            here = row_at(connection, self._lane, self._number, place)
            head = head_row(connection, self._lane, self._number)
        if upcoming is None:
            return frozenset({head.hash}) if head is not None and head.place == place else None
        found = set()
        for previous in self._candidates(place, here):
            if self._chain.link(previous, upcoming[0], upcoming[1], upcoming[3], upcoming[2]) == upcoming[4]:
                found.add(previous)
        return frozenset(found)

    def _candidates(self, place: int, here: Any) -> Iterator[bytes]:
        yield here[4]
        with self._source.read() as connection:
            earlier = row_at(connection, self._lane, self._number, place - 1)
        if earlier is not None or place == 1:
            previous = earlier[4] if earlier else GENESIS
            yield self._chain.link(previous, place, here[1], here[3], here[2])

    def _turned_back(self, place: int, recorded: int, after: int | None, body: bytes, hashed: bytes) -> str:
        """The column in which turning one bit back gives the stored hash; "" for none."""
        with self._source.read() as connection:
            earlier = row_at(connection, self._lane, self._number, place - 1)
        if earlier is None and place != 1:
            return ""
        previous, link = (earlier[4] if earlier else GENESIS), self._chain.link
        if any(link(previous, place, other, body, after) == hashed for other in turned(recorded)):
            return "recorded"
        if after is not None and any(
            link(previous, place, recorded, body, other) == hashed for other in turned(after)
        ):
            return "after"
        if len(body) > _MOST_BODY:
            return ""
        for at in range(len(body)):
            for bit in range(8):
                other = body[:at] + bytes([body[at] ^ (1 << bit)]) + body[at + 1 :]
                if link(previous, place, recorded, other, after) == hashed:
                    return "body"
        return ""
