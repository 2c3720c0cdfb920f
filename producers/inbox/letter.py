"""A letter (来件): what was sent, that it was kept, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.errors import KeyMissing, Unsealable
from schemas.canonical import canonical, read_json


@dataclass(frozen=True, slots=True)
class Content:
    """What was sent. ``query``: of the URL, without what proves who sent it; of a Kafka record its headers, as latin-1."""

    media: str
    query: tuple[tuple[str, str], ...]
    body: bytes
    origin: str = ""
    """Of a Kafka record topic/partition/offset; "" for what was posted."""

    def text(self) -> str:
        pairs = [list(pair) for pair in self.query]
        more = [self.origin] if self.origin else []
        return canonical([self.media, pairs, self.body.decode("latin-1"), *more])

    @classmethod
    def of(cls, text: str) -> Content:
        media, query, body, *more = read_json(text)
        return cls(media, tuple((name, value) for name, value in query), body.encode("latin-1"), *more)


@dataclass(frozen=True, slots=True)
class Kept:
    """``fresh`` False: the same delivery was kept before."""

    id: str
    place: int
    fresh: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of a letter: its next state, touchpoints, and the first of its faults."""

    state: str
    events: int = 0
    faults: int = 0
    field: str = ""
    reason: str = ""
    reason_zh: str = ""


class Gone(LookupError):
    """The letter's content is not there any more."""


UNREADABLE = (KeyMissing, Unsealable, Gone)
