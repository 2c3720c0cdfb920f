"""What the engine asks of a store of rows, and what it hands back: one batch, one transaction.

``Pages`` are reads, made before the transaction. ``Effects`` are all the writes of a batch; the store applies them in
one transaction that begins with a compare-and-set on the tenant's engine row (invariant 6).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from ledger.lanes import EngineState, VerdictDraft
from processors.rules.linear import Summed
from processors.rules.protocol import Evidence, Row
from schemas.instants import Instant


class Announced(NamedTuple):
    """The verdict last said of (row, kind). ``standing`` 1 until retracted; ``generation`` counts the times it was said."""

    scope: str
    row_id: str
    kind: str
    generation: int
    standing: int
    verdict_id: str
    time: Instant


class Parked(NamedTuple):
    """What a rule failed on. Without ``scope`` (rule, event): its evidence is kept out until it is resumed. With it (rule,
    scope) that stands still, for no event in hand, until the rule can go on with it: the event is the newest in it."""

    rule: str
    event_id: str
    scope: str
    verdict_id: str
    error: str
    resumed: int = 0


class Said(NamedTuple):
    """Where a verdict stands in its lane: found by case, row and verdict id."""

    place: int
    case_id: str
    row_id: str
    verdict_id: str


class DueRow(NamedTuple):
    """A row whose next instant has come."""

    next: Instant
    rule: str
    scope: str
    row_id: str


class Recall(NamedTuple):
    """After a publication: rows of ``table`` where ``column`` = ``value`` are to be judged again at ``next``. With a
    ``reach``: rows whose ``column`` lies behind the first and up to the second of ``value``, and whose next instant comes
    within it, are to be looked at again."""

    table: type[Row]
    column: str
    value: Any
    next: Instant
    reach: int = 0


class Written(NamedTuple):
    """A row with its next instant, to insert or replace; ``before`` the same as it stands in the store, None where it does
    not."""

    row: Row
    next: Instant
    before: tuple[Row, Instant] | None = None


@dataclass(slots=True, kw_only=True)
class Effects:
    """All writes of one batch of one tenant."""

    expect: EngineState
    decided: int
    advanced: Instant
    verdicts: list[VerdictDraft] = field(default_factory=list)
    evidence: list[tuple[str, Evidence]] = field(default_factory=list)
    """(rule, evidence) to insert or, where a filing was voided, to replace."""
    rows: list[Written] = field(default_factory=list)
    gone: list[Row] = field(default_factory=list)
    sums: list[Summed] = field(default_factory=list)
    """To be added to what stands; of each cell one, and none that adds nothing."""
    announced: list[tuple[str, Announced]] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    parked: list[Parked] = field(default_factory=list)
    publications: list[int] = field(default_factory=list)
    """Places of publications in this batch."""
    unneeded: list[int] = field(default_factory=list)
    """Places of former publications that the book can do without."""
    recalls: list[Recall] = field(default_factory=list)


class Pages(Protocol):
    """Reads of one tenant in one projection set. Only standing evidence (``voided`` = 0) unless said otherwise."""

    def evidence(self, rule: str, scopes: Sequence[str]) -> Mapping[str, list[Evidence]]: ...

    def linked(self, rule: str, scopes: Sequence[str]) -> Mapping[str, list[str]]:
        """Of partial scopes: the full scopes that read them."""
        ...

    def evidence_of(
        self, event_ids: Sequence[str], *, voided: bool = False
    ) -> Mapping[str, list[tuple[str, Evidence]]]:
        """Standing evidence by event, links included, with the rule's name; ``voided``: what was taken out too."""
        ...

    def rows(self, rule: str, scopes: Sequence[str]) -> Mapping[str, list[tuple[Row, Instant]]]: ...

    def announced(self, rule: str, scopes: Sequence[str]) -> list[Announced]: ...

    def due(self, until: Instant, limit: int) -> list[DueRow]:
        """Rows with next <= until, ordered by (next, rule, row id)."""
        ...

    def earliest(self) -> Instant:
        """The smallest next instant of any row; NEVER if there is none."""
        ...

    def publications(self) -> list[int]: ...

    def parked(self) -> Iterable[Parked]: ...

    def said_at(self, verdict_id: str) -> int | None:
        """The place of a verdict in its lane; None where none is known by that id."""
        ...


def said_from(drafts: Sequence[VerdictDraft], last_place: int) -> list[Said]:
    """Index lines of verdicts that follow ``last_place`` in their lane."""
    return [
        Said(
            place=last_place + n,
            case_id=str(draft.body.get("case_id", "")),
            row_id=str(draft.body["row"]),
            verdict_id=draft.event_id,
        )
        for n, draft in enumerate(drafts, 1)
    ]
