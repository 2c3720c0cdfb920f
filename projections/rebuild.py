"""Rebuild: a fresh fold of the recorded lanes into a shadow set, compared with the active one, and swapped.

Readers and the live engine go on all the while. The swap locks the engine rows in ascending order, folds what is left and
flips one row, which every read and every engine's compare-and-set looks at; nothing is renamed. A fold error, a crash or
a lost connection before that leaves the active set as it was and parks nothing; what is left of the shadow is cleared by
the next rebuild. The old set is dropped when nobody reads it any more (``Sets``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy import Connection, insert, select, update

from ledger import lanes, tenants
from ledger.errors import LedgerError, OutcomeUnknown, trouble
from ledger.ledger import Ledger
from ledger.ports import Locks
from processors.ports import Effects
from processors.rules.linear import AnyRule
from projections.differences import Differing, compared
from projections.refold import Refold
from projections.sets import PATIENCE, Sets, StillActive
from projections.store import ACTIVE, SqlStore, active_set
from projections.tables import set_tables

TRIES = 50
"""How often it tries to find both sets at one place, where engines of other processes go on."""
NEAR = 64
"""Pieces of a page that show that it is close behind the engine; what is left then is folded under the engine's lock."""
ANY = Locks()
"""Needs no tenant's locks: shares a commit with whatever is there."""


@dataclass(frozen=True, slots=True)
class Far:
    """How far a rebuild has come: facts of all tenants, filed, judged and in all; ``step`` is fold, judge, compare, swap or
    drop."""

    step: str
    tenant: str
    facts: int
    judged: int
    whole: int

    @property
    def done(self) -> int:
        """Of ``2 * whole``: each fact is filed, and judged."""
        return self.facts + self.judged


Tell = Callable[[Far], None]


@dataclass(slots=True)
class Rebuilt:
    """What a rebuild did. ``differences`` by tenant, of those that have any; ``compared`` False where nobody looked."""

    old_set: str
    new_set: str
    facts: int = 0
    verdicts: int = 0
    compared: bool = False
    swapped: bool = False
    differences: dict[str, Differing] = field(default_factory=dict)


class FoldFailed(RuntimeError):
    """A rule fails on what is recorded. The active set stays as it was; nothing is parked. The error's class is named, never
    its text, which may hold anything."""


class NeverAbreast(RuntimeError):
    """The engines went on too fast to be compared with: try again at a quieter time."""


class Rebuild:
    """One rebuild of all tenants. ``pause`` keeps this process's engine from going on; it is held while the last facts are
    folded, before a snapshot is taken that shows both sets at one place and before the swap. May be entered again."""

    def __init__(
        self,
        ledger: Ledger,
        rules: Sequence[AnyRule],
        pause: AbstractContextManager[object] | None = None,
        tell: Tell = lambda _: None,
    ) -> None:
        self.ledger = ledger
        self.rules = tuple(rules)
        self._pause = pause or nullcontext()
        self._tell = tell
        self.sets = Sets(ledger.database, ledger.writer)
        with ledger.database.read() as conn:
            active = active_set(conn)
        old = active[0] if active else ""
        self._kinds = tuple(kind for rule in self.rules for kind in rule.rows)
        self.report = Rebuilt(old, self.sets.free(old))
        self.store = SqlStore(set_tables(self.report.new_set, self._kinds), self.rules, ledger.writer.clock)
        self._folds: dict[int, Refold] = {}
        self._whole = self._judged = 0
        """Facts of all tenants; those of them whose scopes are judged."""

    def run(self, *, swap: bool = True, compare: bool = True) -> Rebuilt:
        """Fold, compare, swap. Without ``swap`` (dry run) the shadow is dropped again. Raises what a rule raises."""
        self.sets.clear()
        self.sets.make(self.store.tables)
        try:
            with self.ledger.database.read() as conn:
                listed = tenants.listed(conn)
                self._whole = sum(lanes.engine_state(conn, tenant).decided for tenant in listed)
            self._catch_up()
            self.ledger.database.counted(self.store.tables.metadata)
            if compare:
                self._compare()
            if swap:
                self._said("swap")
                self._swap()
        finally:
            if not self.report.swapped:
                with suppress(StillActive):  # it was swapped, and the answer got lost
                    self.sets.drop(self.report.new_set, 0.0)
        return self.report

    def drop_old(self, patience: float = PATIENCE) -> bool:
        """After the swap: drop the old set. False where it is read still after ``patience`` seconds."""
        if not self.report.swapped or not self.report.old_set:
            return True
        self._said("drop")
        return self.sets.drop(self.report.old_set, patience)

    # -- steps

    def _catch_up(self) -> None:
        """Fold what the engines have decided by now, of every tenant there is. They may go on meanwhile; who is faster than
        this is not chased."""
        for tenant in self.ledger.tenants():
            fold = self._folds.get(tenant.number)
            if fold is None:
                fold = self._folds[tenant.number] = Refold(self.ledger, self.store, self.rules, tenant)
                with self._blaming(fold):
                    fold.bulk(self._folding(tenant.name))
            with self.ledger.database.read() as conn:
                state = lanes.engine_state(conn, tenant)
            while (fold.place, fold.said) < (state.decided, state.verdict_place):
                with self.ledger.database.read() as conn, self._blaming(fold):
                    if fold.step(conn, self._writing(tenant.number), self._folding(tenant.name)) < NEAR:
                        break

    @contextmanager
    def _blaming(self, fold: Refold) -> Iterator[None]:
        try:
            yield
        except LedgerError:
            raise
        except Exception as error:
            if trouble(error):
                raise
            where = f"of {fold.tenant.name}, after fact {fold.place}"
            raise FoldFailed(f"{type(error).__name__} {where}") from error

    def _folding(self, tenant: str) -> Callable[[int, int, int], None]:
        def told(facts: int, verdicts: int, judged: int) -> None:
            self.report.facts += facts
            self.report.verdicts += verdicts
            self._judged += judged
            self._said("fold" if facts or verdicts else "judge", tenant)

        return told

    def _said(self, step: str, tenant: str = "") -> None:
        facts = self.report.facts
        self._tell(Far(step, tenant, facts, self._judged, max(facts, self._whole)))

    def _writing(self, tenant: int) -> Callable[[Effects], None]:
        def write(effects: Effects) -> None:
            self.ledger.writer.call(lambda conn: self.store.write(conn, tenant, effects), ANY)

        return write

    def _compare(self) -> None:
        standing = self.sets.standing().get(self.report.old_set)
        if not standing:
            return  # a copy has none
        was = set_tables(self.report.old_set, self._kinds)
        with self._meeting() as conn:
            for fold in self._folds.values():
                self._said("compare", fold.tenant.name)
                found = compared(conn, was, self.store.tables, fold.tenant.number, standing)
                if found:
                    self.report.differences[fold.tenant.name] = found
        self.report.compared = True

    @contextmanager
    def _meeting(self) -> Iterator[Connection]:
        """A snapshot that shows both sets at one place. Raises NeverAbreast."""
        for _ in range(TRIES):
            self._catch_up()
            with self._pause:
                self._catch_up()
                self.ledger.writer.call(self._rest, self._engines())
                snapshot = self.ledger.database.read()
                conn = snapshot.__enter__()
                met = self._abreast(conn)
            try:
                if met:
                    yield conn
                    return
            finally:
                snapshot.__exit__(None, None, None)
        raise NeverAbreast

    def _swap(self) -> None:
        try:
            while not self.report.swapped:
                self._catch_up()
                with self._pause:
                    self._catch_up()
                    self.report.swapped = self.ledger.writer.call(self._flip, self._engines())
        except OutcomeUnknown:
            with self.ledger.database.read() as conn:
                active = active_set(conn)
            if active is None or active[0] != self.report.new_set:
                raise
            self.report.swapped = True

    # -- within a job of the writer that holds the engine rows

    def _engines(self) -> Locks:
        return Locks(engines=frozenset(self._folds))

    def _rest(self, conn: Connection) -> None:
        """Fold what the engines decided until they were locked."""
        for number in sorted(self._folds):
            fold = self._folds[number]
            write = partial(self.store.write, conn, number)
            with self._blaming(fold):
                while fold.step(conn, write, self._folding(fold.tenant.name)):
                    pass

    def _abreast(self, conn: Connection) -> bool:
        listed = tenants.listed(conn)
        return len(listed) == len(self._folds) and all(
            self._folds[t.number].abreast(lanes.engine_state(conn, t)) for t in listed
        )

    def _flip(self, conn: Connection) -> bool:
        """One row says which set is read; every engine's compare-and-set looks at its own copy of the name. False: a tenant
        has come that is not folded yet."""
        known = conn.execute(select(ACTIVE.c.name).with_for_update()).first()
        self._rest(conn)
        if not self._abreast(conn):
            return False
        for number in sorted(self._folds):
            state = lanes.engine_state(conn, self._folds[number].tenant)
            lanes.switch_set(conn, state, set_name=self.store.name, fold_version=self.store.version)
        active = {"name": self.store.name, "fold_version": self.store.version}
        conn.execute(update(ACTIVE).values(active) if known else insert(ACTIVE).values(one=1, **active))
        return True
