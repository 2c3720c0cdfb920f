"""Every scope of a rule judged once, in the order in which its evidence lies in the table."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from operator import itemgetter

from sqlalchemy import ColumnElement, Connection, bindparam, literal_column, select

from ledger import lanes
from ledger.hot import Hot
from ledger.ledger import Ledger
from ledger.tenants import Tenant
from processors.ports import Effects, Pages, Written
from processors.rules.book import Book
from processors.rules.protocol import IN_ORDER, LINK, PARTIAL, Evidence, Rule
from processors.ruleset import foresight
from projections.store import SqlStore
from projections.tables import SetTables
from schemas.instants import NEVER, Instant

PORTION = 8000
"""Pieces of evidence judged at once, at least one whole scope."""

Scope = tuple[str, list[Evidence]]


def judge_all(
    ledger: Ledger,
    store: SqlStore,
    tenant: Tenant,
    rule: Rule,
    book: Book,
    at: Instant,
    still: Container[tuple[str, str]],
    write: Callable[[Effects], None],
) -> Iterator[int]:
    """As the evidence stands at ``at``: the next instant of a row lies behind that. But for what is ``still``: (rule, scope).
    ``write`` takes the rows of each portion, before the next one is read. After each: how many pieces of evidence it held."""
    behind = ""
    while True:
        with ledger.database.read() as conn:
            state = lanes.engine_state(conn, tenant)
            pages = store.pages(conn, tenant.number)
            scopes = _portion(conn, store.tables, tenant.number, rule.name, behind)
            if not scopes:
                return
            behind = scopes[-1][0]
            effects = Effects(expect=state, decided=0, advanced=0)
            instants = foresight(rule)
            for scope, evidence in _whole(pages, rule.name, scopes):
                if (rule.name, scope) in still:
                    continue
                for row in rule.judge(scope, evidence, book):
                    upcoming = min([one for one in instants(row, book) if one > at], default=NEVER)
                    effects.rows.append(Written(row, upcoming))
        write(effects)
        yield sum(len(evidence) for _, evidence in scopes)


def _portion(conn: Connection, tables: SetTables, tenant: int, rule: str, behind: str) -> list[Scope]:
    """Standing evidence of the next scopes, each whole."""
    most = PORTION
    ask = _following(tables)
    while True:
        lines = ask(conn, tenant=tenant, rule=rule, behind=behind, before=PARTIAL, most=most)
        scopes = [
            (scope, [Evidence._make(line) for line in group])
            for scope, group in groupby(lines, key=itemgetter(0))
        ]
        if len(lines) < most:
            return scopes
        if len(scopes) > 1:
            return scopes[:-1]  # the last may go on
        most *= 4


@lru_cache(maxsize=32)
def _following(tables: SetTables) -> Hot:
    """In the order in which it lies there. Names of partial scopes are the last of all (``PARTIAL``)."""
    e = tables.evidence
    zero: ColumnElement[int] = literal_column("0")
    return Hot(
        select(*(e.c[name] for name in Evidence._fields))
        .where(e.c.tenant == bindparam("tenant"), e.c.rule == bindparam("rule"))
        .where(e.c.scope > bindparam("behind"), e.c.scope < bindparam("before"), e.c.voided == zero)
        .order_by(e.c.scope, e.c.time, e.c.rank, e.c.event_id, e.c.slot, e.c.link)
        .limit(bindparam("most"))
    )


def _whole(pages: Pages, rule: str, scopes: Sequence[Scope]) -> Iterator[Scope]:
    """Each with the evidence of the partial scopes that it reads, in order of happening."""
    links = {entry.link for _, evidence in scopes for entry in evidence if entry.slot == LINK}
    partial = pages.evidence(rule, sorted(links)) if links else {}
    for scope, evidence in scopes:
        linked = {entry.link for entry in evidence if entry.slot == LINK}
        if linked:
            evidence = [entry for entry in evidence if entry.slot != LINK]
            for name in linked:
                evidence.extend(partial.get(name, ()))
            evidence.sort(key=IN_ORDER)
        yield scope, evidence
