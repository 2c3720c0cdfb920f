"""Warm scopes (热卷): what a batch had in hand, kept for the next, so that a case in full swing is read once.

The engine owns its tenant for as long as its compare-and-set succeeds (invariant 6), so after a commit that succeeded the
scopes in memory are those of the store. After anything else (fenced, refused, failed, another set, rows changed behind
the fold) they are forgotten, and the next batch reads.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from processors.ports import Announced
from processors.rules.protocol import Evidence, Row
from schemas.instants import Instant

Key = tuple[str, str]
"""(rule name, scope)"""

MOST = 16_000
"""Pieces (evidence, rows, links, announcements, and one for each scope) kept at most: about 8 MB."""


class Scope:
    """Standing evidence in order, without links; rows by id with their next instant; links by (event, other scope)."""

    __slots__ = ("evidence", "linked", "links", "rows", "said")

    def __init__(self) -> None:
        self.evidence: list[Evidence] = []
        self.rows: dict[str, tuple[Row, Instant]] = {}
        self.links: dict[tuple[str, str], Evidence] = {}
        self.said: dict[str, dict[str, Announced]] = {}
        """By row id and kind; of rows that are gone too."""
        self.linked: list[str] | None = None
        """Of a partial scope: the full scopes that read it as they stood in the store when asked for; None: not asked yet."""

    def weight(self) -> int:
        """Pieces held. A row has as many fields as several pieces of evidence."""
        linked = len(self.linked) if self.linked else 0
        return 1 + len(self.evidence) + 3 * len(self.rows) + len(self.links) + len(self.said) + linked


class Warm:
    """Scopes by key, the longest untouched forgotten first."""

    __slots__ = ("_scopes", "_weights", "most", "weight")

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self.weight = 0
        # ordered: a plain dict looks for its first key past all that left it
        self._scopes: OrderedDict[Key, Scope] = OrderedDict()
        self._weights: dict[Key, int] = {}

    def __len__(self) -> int:
        return len(self._scopes)

    def get(self, key: Key) -> Scope | None:
        """The scope as the store has it, if it is here."""
        return self._scopes.get(key)

    def keep(self, scopes: Iterable[tuple[Key, Scope]]) -> None:
        """What a batch touched and has committed."""
        kept, weights = self._scopes, self._weights
        for key, scope in scopes:
            kept[key] = scope
            kept.move_to_end(key)
            weight = scope.weight()
            self.weight += weight - weights.get(key, 0)
            weights[key] = weight
        while self.weight > self.most:
            oldest, _ = kept.popitem(last=False)
            self.weight -= weights.pop(oldest)

    def forget(self) -> None:
        """All of it."""
        self._scopes.clear()
        self._weights.clear()
        self.weight = 0
