"""What if (假如按另一政策): a tenant's history folded in memory, under the policies it had or under another. Writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from ledger.ledger import Ledger
from ledger.tenants import Tenant
from processors.backfill import backfill
from processors.batch import PUBLICATIONS, up_to_publication
from processors.fold import Fold
from processors.ports import Announced, DueRow, Parked, Recall
from processors.rows import whole
from processors.rules.book import Book
from processors.rules.promises.promise import Promise
from processors.rules.promises.rule import Promises
from processors.rules.protocol import Evidence, Row
from processors.shelf import Shelf
from processors.standing import fetching
from schemas.event import Event
from schemas.instants import NEVER, Instant

PAGE = 1000


class Nothing:
    """Pages of a store that is empty: the shelf keeps everything itself."""

    def evidence(self, rule: str, scopes: Sequence[str]) -> Mapping[str, list[Evidence]]:
        return {}

    def linked(self, rule: str, scopes: Sequence[str]) -> Mapping[str, list[str]]:
        return {}

    def evidence_of(
        self, event_ids: Sequence[str], *, voided: bool = False
    ) -> Mapping[str, list[tuple[str, Evidence]]]:
        return {}

    def rows(self, rule: str, scopes: Sequence[str]) -> Mapping[str, list[tuple[Row, Instant]]]:
        return {}

    def announced(self, rule: str, scopes: Sequence[str]) -> list[Announced]:
        return []

    def due(self, until: Instant, limit: int) -> list[DueRow]:
        return []

    def earliest(self) -> Instant:
        return NEVER

    def publications(self) -> list[int]:
        return []

    def parked(self) -> list[Parked]:
        return []

    def said_at(self, verdict_id: str) -> int | None:
        return None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one promise by the end: the row, and whether a breach stands."""

    row: Promise
    breached: bool


def outcomes(
    ledger: Ledger,
    conn: Connection,
    tenant: Tenant,
    now: Instant,
    policy: Mapping[str, Any] | None = None,
    told: Callable[[int], None] = lambda _: None,
) -> dict[str, Outcome]:
    """Promise id -> outcome, by ``now``. ``policy``: the data of a ``policy.published`` that stands, from the first on, for
    all that were published; None: as it was. ``told`` is called with the number of facts folded since the last call."""
    rule, last = Promises(), 0
    fold = Fold((rule,), Book.empty(), Shelf(Nothing()), fetching(ledger, conn, tenant))
    for batch in _history(ledger, conn, tenant, policy):
        before = fold.book
        fold.take(batch)
        fact = batch[-1]
        if fact.type in PUBLICATIONS:
            backfill(fold, ledger, conn, tenant, fact, before)
            _recall(fold, rule)
        told(fact.place - last)
        last = fact.place
    fold.advance(whole(now), last)
    rows = fold.shelf.rows.every(Promise)
    return {
        row.id: Outcome(
            row,
            (said := fold.shelf.announced(rule.name, row.scope, row.id).get("breached")) is not None
            and bool(said.standing),
        )
        for row in rows
        if row.opened <= now
    }


def _history(
    ledger: Ledger, conn: Connection, tenant: Tenant, policy: Mapping[str, Any] | None
) -> Iterator[list[Event]]:
    """In batches."""
    place, published = 0, False
    while page := ledger.facts(conn, tenant, place, PAGE):
        place = page[-1].place
        facts: list[Event] = []
        for fact in page:
            if policy is None or fact.type != "policy.published":
                facts.append(fact)
            elif not published:
                published = True
                # in force since the tenant's own first policy was, so that it judges what that one judged
                since = {"effective_from": fact.data["effective_from"]}
                data = {**policy, **since, "policy": {**policy["policy"], **since}}
                facts.append(replace(fact, data=data))
        while facts:
            batch = up_to_publication(facts)
            facts = facts[len(batch) :]
            yield batch


def _recall(fold: Fold, rule: Promises) -> None:
    """What a publication recalls comes due at its instant, as a store sees to it (``ports.Recall``)."""
    recalls, fold.recalls = fold.recalls, []
    for recall in recalls:
        for row in fold.shelf.rows.every(Promise):
            _, upcoming = fold.shelf.scopes.get(rule.name, row.scope).rows[row.id]
            if upcoming > recall.next and _recalled(recall, row, upcoming):
                fold.shelf.rows.put(rule.name, row, recall.next)


def _recalled(recall: Recall, row: Promise, upcoming: Instant) -> bool:
    value = getattr(row, recall.column)
    if not recall.reach:
        return bool(value == recall.value)
    low, high = recall.value
    return bool(low < value <= high) and upcoming <= recall.next + recall.reach
