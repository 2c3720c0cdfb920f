"""The engine of one tenant: facts in, one transaction a batch (invariant 6).

Reading and computing come before the transaction; only the writes are inside, and they begin with a compare-and-set on
the engine row. ``step`` folds what is there; ``tick`` lets time come against a cut (invariant 11). Neither waits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from time import perf_counter, time_ns
from typing import Protocol

from sqlalchemy import Connection

from ledger import lanes, tracing
from ledger.feeding import EMBEDDED
from ledger.lanes import Cut, EngineState
from ledger.ledger import Ledger
from ledger.ports import Locks
from ledger.tenants import Tenant
from processors.agenda import Agenda
from processors.backfill import backfill
from processors.batch import PUBLICATIONS, up_to_publication
from processors.books import book_of
from processors.fold import Fold
from processors.pace import BATCH, Pace
from processors.ports import DueRow, Effects, Pages, said_from
from processors.rows import DueKey, whole
from processors.rules.book import Book
from processors.rules.linear import AnyRule
from processors.shelf import Shelf
from processors.standing import fetching
from processors.warm import Warm
from schemas.event import Event
from schemas.instants import Instant

AHEAD = 256
"""Facts read at once where there are as many."""


Source = Callable[[Connection, int, int], list[Event]]
"""(reading connection, place, most) -> up to so many facts of the tenant right behind that place, in order and without a
hole, as the ledger has them; none: there is nothing to fold now."""


class OtherSet(RuntimeError):
    """This process has other tables in hand than those the tenant was folded into: open the folder again."""


class Sets(Protocol):
    """A store of rows as the engine sees it."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    def current(self, conn: Connection, *, hold: bool = False) -> bool:
        """Are these the tables that everybody reads? ``hold``, in a job of the writer: and will be until the commit?"""
        ...

    def pages(self, conn: Connection, tenant: int) -> Pages: ...

    def apply(self, conn: Connection, effects: Effects) -> EngineState: ...


@dataclass(slots=True)
class Engine:
    """One tenant's engine. Not thread-safe: one runner owns it; whoever takes the tenant over raises the epoch first.

    Raises ``lanes.Fenced`` from ``step`` and ``tick`` when another owner has the tenant: drop it and go on without.
    """

    tenant: Tenant
    ledger: Ledger
    store: Sets
    rules: Sequence[AnyRule]
    read: Callable[[], AbstractContextManager[Connection]]
    write: Callable[[Callable[[Connection], EngineState]], EngineState]
    state: EngineState
    book: Book
    pace: Pace = field(default_factory=Pace)
    alone: bool = False
    """Nobody waits behind the writer (a command that runs to the head and ends): large batches, whatever time they take."""
    source: Source | None = None
    """Where its facts come from; None: the ledger."""
    warm: Warm = field(default_factory=Warm, init=False, repr=False)
    agenda: Agenda = field(init=False, repr=False)
    ahead: list[Event] = field(default_factory=list, init=False, repr=False)
    """Facts that were read and not folded yet, in order from behind the decided one."""

    def __post_init__(self) -> None:
        self.agenda = Agenda(self.rules)

    @classmethod
    def take_over(
        cls,
        tenant: Tenant,
        ledger: Ledger,
        store: Sets,
        rules: Sequence[AnyRule],
        owner: str,
        *,
        batch: int = BATCH,
        feed: str = EMBEDDED,
        epoch: int | None = None,
        source: Source | None = None,
    ) -> Engine:
        """Raise the epoch, then read where the tenant stands. ``epoch``: that which we raised it to before, to go on with
        (``lanes.take_over``, whose errors are raised). Raises OtherSet where the tables in hand are not those that the
        tenant is folded into."""

        def take(conn: Connection) -> EngineState:
            state = lanes.take_over(conn, tenant, owner, feed, epoch)
            if not store.current(conn, hold=True):
                raise OtherSet(f"set {store.name} is not the active one any more")
            if (state.set_name, state.fold_version) == (store.name, store.version):
                return state
            if state.decided:
                raise OtherSet(f"tenant {tenant.name} was folded into set {state.set_name}, not {store.name}")
            return lanes.switch_set(conn, state, set_name=store.name, fold_version=store.version)

        locks = Locks.engine(tenant.number)

        def write(job: Callable[[Connection], EngineState]) -> EngineState:
            return ledger.writer.call(job, locks)

        state = write(take)
        with ledger.database.read() as conn:
            places = store.pages(conn, tenant.number).publications()
            book = book_of(ledger, conn, tenant, places)
        return cls(
            tenant, ledger, store, rules, ledger.database.bare, write, state, book, Pace(batch), source=source
        )

    def step(self) -> bool:
        """Fold the next batch. False: there was nothing to fold."""
        with self._forgetting():
            return self._step()

    def _step(self) -> bool:
        began = time_ns()
        with self.read() as conn:
            facts = self._next(conn)
            if not facts:
                return False
            pages = self.store.pages(conn, self.tenant.number)
            due, bound, until = self._slice_of_due(pages, facts[-1].recorded)
            facts = [f for f in facts if f.recorded <= until]
            fold = self._fold(conn, pages)
            fold.shelf.rows.schedule(due)
            if not facts:
                fold.advance(bound, self.state.decided)
                return self._commit(fold, self.state.decided, until)
            fold.take(facts)
            last = facts[-1]
            if last.type in PUBLICATIONS:
                backfill(fold, self.ledger, conn, self.tenant, last, self.book)
        # what a publication recalls is due at its own instant and not concluded yet, though a fact before it may have brought
        # time as far; of several at one instant only the last may recall, so none of them says that this instant is over
        over = last.recorded - 1 if last.type in PUBLICATIONS else last.recorded
        done = self._commit(fold, last.place, over)
        if tracing.on():
            self._trace(facts, began)
        return done

    def _trace(self, facts: Sequence[Event], began: int) -> None:
        """Every fact of a batch that came under a trace waited for the whole of it."""
        for fact in facts:
            tracing.past(
                "decide", fact.traceparent, began, "consumer", tenant=self.tenant.number, place=fact.place
            )

    def _next(self, conn: Connection) -> list[Event]:
        """The facts of a batch. A fact never changes, so what a slice of time left over is not read again."""
        most = self.pace.facts(self.alone)
        ahead = self.ahead
        if ahead and ahead[0].place != self.state.decided + 1:
            done = self.state.decided + 1 - ahead[0].place
            ahead = ahead[done:] if 0 < done < len(ahead) else []
        if len(ahead) < most:
            after = ahead[-1].place if ahead else self.state.decided
            ahead = ahead + self._source(conn, after, max(most, AHEAD))
        self.ahead = ahead
        return up_to_publication(ahead[:most])

    def _source(self, conn: Connection, after: int, most: int) -> list[Event]:
        if self.source is not None:
            return self.source(conn, after, most)
        return self.ledger.facts(conn, self.tenant, after, most)

    def tick(self, cut: Cut) -> bool:
        """Let time come up to the cut's instant. The caller has folded everything up to the cut's place; if more has been
        folded since, those facts have already brought time further. False: nothing was due."""
        if self.state.decided != cut.place:
            return False
        with self._forgetting():
            return self._tick(cut)

    def _tick(self, cut: Cut) -> bool:
        with self.read() as conn:
            pages = self.store.pages(conn, self.tenant.number)
            due, bound, until = self._slice_of_due(pages, cut.at)
            if not due:
                return False
            fold = self._fold(conn, pages)
            fold.shelf.rows.schedule(due)
            fold.advance(bound, self.state.decided)
        return self._commit(fold, self.state.decided, until)

    def _slice_of_due(self, pages: Pages, until: Instant) -> tuple[list[DueRow], DueKey, Instant]:
        """What falls due by ``until``, or as much of it as one transaction takes; how far to conclude; and up to which instant
        everything is concluded then. A slice may end between two rows of one instant: the next goes on from there, in the
        same order, so that where the slices fall changes nothing."""
        most = self.pace.rows(self.alone)
        due = self.agenda.due(pages, until, most)
        if len(due) < most:
            return due, whole(until), until
        last = due[-1]
        return due, (last.next, last.rule, last.row_id), last.next - 1

    def earliest(self) -> Instant:
        """The next instant at which a row of this tenant has more to say; NEVER if none."""
        if (known := self.agenda.earliest()) is not None:
            return known
        with self._forgetting(), self.read() as conn:
            return self.agenda.look_for_earliest(self.store.pages(conn, self.tenant.number))

    @contextmanager
    def _forgetting(self) -> Iterator[None]:
        """Whatever is raised: what is in memory may be more than what was committed."""
        try:
            yield
        except BaseException:
            self.warm.forget()
            self.agenda.forget()
            self.ahead = []
            raise

    def _fold(self, conn: Connection, pages: Pages) -> Fold:
        return Fold(
            self.rules,
            self.book,
            Shelf(pages, self.warm),
            fetching(self.ledger, conn, self.tenant, pages.said_at),
        )

    def _commit(self, fold: Fold, decided: int, advanced: Instant) -> bool:
        effects = Effects(
            expect=self.state,
            decided=decided,
            advanced=advanced if decided > self.state.decided else max(advanced, self.state.advanced),
            verdicts=fold.said.drafts,
            said=said_from(fold.said.drafts, self.state.verdict_place),
            publications=fold.publications,
            unneeded=fold.unneeded,
            recalls=fold.recalls,
        )
        fold.shelf.collect(effects)
        spent, waiting = 0.0, False

        def apply(conn: Connection) -> EngineState:
            nonlocal spent, waiting
            began = perf_counter()
            state = self.store.apply(conn, effects)
            spent, waiting = perf_counter() - began, self.ledger.writer.waiting() > 0
            return state

        taken = decided - self.state.decided
        self.state = self.write(apply)
        self.book = fold.book
        self.agenda.note(effects)
        if fold.recalls:  # the store has set rows' next instant by itself
            self.warm.forget()
        else:
            self.warm.keep(fold.shelf.scopes.held.items())
        if not self.alone:
            self.pace.learn(taken, spent, waiting)
        return True
