"""The worker: engines of the tenants that a transport assigns to this process, fed by what it delivers (invariants 6, 12).

A client (``faust_worker``, ``kafka_worker``) calls ``assign``, ``revoke`` and ``deliver`` from its own thread and believes
nothing; one thread here does all SQL. Where a tenant goes on is what its engine row says, never what a client committed.
The epoch is raised once per assignment. Being fenced is no error, unless the tenant is still assigned here after 5 s: then
two processes think that it is theirs, and this one ends (exit 75) to be assigned anew. Any other error ends it too.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from time import monotonic

from ledger import lanes
from ledger.errors import Fenced, OtherFeed
from ledger.feeding import KAFKA, feed_of
from ledger.leases import Leases
from ledger.ledger import Ledger
from processors.assignment import Assignment, Held
from processors.delivery import Record
from processors.engine import Engine, OtherSet, Sets
from processors.progress import Progress
from processors.rules.linear import AnyRule
from processors.runner import SAFETY, Runner, log
from schemas.instants import NEVER, SECOND

LOOK = 0.25
"""Seconds between two looks at the heads of the ledger, the epochs and the feed."""
FENCED_FOR = 5.0
"""Seconds that a tenant may be assigned here and run elsewhere."""
ROOM_WITHIN = 1.0
"""Seconds that a client waits for an engine that is behind, before it lets records go."""


class StillFenced(RuntimeError):
    """A tenant is assigned to this process, and another one runs it."""


class Worker(Runner):
    """``start``, then a client drives it, then ``stop``. ``failed`` is why it ended by itself, and ``ended`` is told."""

    def __init__(
        self,
        ledger: Ledger,
        store: Sets,
        rules: Sequence[AnyRule],
        progress: Progress,
        owner: str,
        reopen: Callable[[], Sets] | None = None,
        leases: Leases | None = None,
    ) -> None:
        super().__init__(ledger, store, rules, progress, owner, reopen)
        self.status.feed = KAFKA
        self.failed: BaseException | None = None
        self.fenced = 0
        """How often a tenant was found to be somebody else's."""
        self.looked = monotonic()
        """When the ledger was last looked at with success."""
        self.on_end: Callable[[], None] = lambda: None
        """Told when it has ended, by itself or not."""
        self._assignment = Assignment(ledger, leases)
        self._wake = threading.Event()
        self._stopping = False
        self._look_at = 0.0
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    # -- the client's side, from any thread

    def assign(self, partitions: Iterable[int]) -> None:
        """These are ours from now on, beside those that are already."""
        self._assignment.give(partitions)
        self._look_at = 0.0
        self._wake.set()

    def revoke(self, partitions: Iterable[int]) -> None:
        """These are not ours any more; what is in hand of them is dropped. A batch that is under way may still be kept, or
        be fenced by who has them now."""
        self._assignment.take(partitions)
        self._wake.set()

    def assignment(self) -> frozenset[int]:
        """The partitions that are ours."""
        return self._assignment.partitions()

    def held(self) -> dict[int, Held]:
        """The tenants that are run here: those of the assignment that are known, and those that nobody has."""
        return self._assignment.held()

    def deliver(self, partition: int, records: Iterable[Record], patience: float = ROOM_WITHIN) -> int:
        """Records of a partition, in whatever order; those of a partition that is not ours (any more) are dropped. May wait
        for room. Returns how many were kept."""
        held = self._assignment.of(partition)
        if held is None:
            return 0
        self._wake.set()
        kept = held.delivery.put(records, patience)
        self._wake.set()
        return kept

    def crowded(self, partition: int) -> bool:
        """Whether the engine is so far behind that no more of a partition should be fetched."""
        held = self._assignment.of(partition)
        return held is not None and held.delivery.crowded

    # -- the process's side

    def start(self) -> None:
        """Raises OtherFeed where Kafka does not feed the engines of this database."""
        with self.ledger.database.read() as conn:
            self._fed(feed_of(conn))
        self.status.running = True
        self._thread.start()

    def stop(self) -> None:
        """Finish the batch in hand and end. May be called twice, and where it was not started."""
        self._stopping = True
        self._wake.set()
        for held in self.held().values():
            held.delivery.close()
        if self._thread.ident is not None:
            self._thread.join()
        self._assignment.release()

    def _run(self) -> None:
        try:
            while not self._stopping:
                self._wake.clear()
                wait = self._round()
                if wait > 0 and not self._stopping:
                    self._wake.wait(wait)
        except BaseException as error:
            self.failed = error
            self.status.error = type(error).__name__
        finally:
            self.status.running = False
            self.on_end()

    def _round(self) -> float:
        """One turn of every tenant for which there is something to do; the seconds to sleep after it."""
        try:
            if monotonic() >= self._look_at:
                self._look()
            wait = self._look_at - monotonic()
            for held in self.held().values():
                if not (held.fenced or held.revoked or self._stopping):
                    wait = min(wait, self._turn(held))
        except OtherSet:
            self._look_again()
            return 0.0
        except (OtherFeed, StillFenced):
            raise
        except Exception as error:
            # Nothing was kept, or it is not known whether it was: then the engine row says, which is asked anew.
            wait = self._held_up(error)
            for held in self.held().values():
                held.engine = None
            return wait
        self.status.error = ""
        return wait

    def use(self, store: Sets, rules: Sequence[AnyRule] | None = None) -> None:
        super().use(store, rules)
        for held in self.held().values():
            held.engine = None

    def _fed(self, feed: str) -> None:
        if feed != KAFKA:
            raise OtherFeed(f"by {feed}")

    def _look(self) -> None:
        """At everything that others change: feed, active set, tenants, heads, epochs."""
        with self.ledger.database.read() as conn:
            self._fed(feed_of(conn))
            standing = {one.tenant: one for one in lanes.standings(conn)}
            current = self.store.current(conn)
        if not current:
            self._look_again()
        self._assignment.meet(standing)
        self._assignment.lease(standing)
        now = monotonic()
        for number, held in self.held().items():
            one = standing.get(number)
            if one is None:
                continue
            if one.decided != held.decided or one.head <= one.decided:
                held.moved = now
            held.head, held.decided = one.head, one.decided
            held.delivery.know(one.head)
            self._stands(held.delivery.tenant, one.decided, one.verdict_place)
            if held.epoch is not None and one.epoch != held.epoch and not held.fenced:
                self._let_go(held)
            if held.fenced and now - held.fenced > FENCED_FOR:
                name = held.delivery.tenant.name
                raise StillFenced(f"tenant {name} is assigned to this process, and another one runs it")
        self.looked, self._look_at = now, now + LOOK

    def _turn(self, held: Held) -> float:
        """Fold what there is of one tenant and conclude what is due; seconds until there may be more to do."""
        try:
            engine = held.engine or self._take(held)
            wait = self._wanted(held, engine)
            if wait <= 0 or self._due(held):
                return self._work(held, engine)
            return min(wait, self._until(held))
        except Fenced:
            if not self._ours(held):
                self._let_go(held)
            held.engine = None
            return 0.0

    def _take(self, held: Held) -> Engine:
        tenant = held.delivery.tenant
        engine = Engine.take_over(
            tenant,
            self.ledger,
            self.store,
            self.rules,
            self._owner,
            feed=KAFKA,
            epoch=held.epoch,
            source=held.delivery.facts,
        )
        engine.alone = True  # nobody in this process waits behind its writer
        held.engine, held.epoch, held.due, held.cut = engine, engine.state.epoch, 0, None
        self._moved(engine)
        return engine

    def _work(self, held: Held, engine: Engine) -> float:
        """One batch, and then the others have their turn: what comes meanwhile makes the next one cheaper for each fact. While
        there is more to fold, what is due is asked for now and then only: each fact brings time along."""
        if engine.step():
            self._tell(held, engine)
        if self._wanted(held, engine) <= 0 and monotonic() - held.asked < LOOK:
            return 0.0
        held.due, held.asked = engine.earliest(), monotonic()
        if self._due(held) and self.guard.trusted() and not (self._stopping or held.revoked):
            self._conclude(held, engine)
        return min(self._wanted(held, engine), self._until(held))

    def _wanted(self, held: Held, engine: Engine) -> float:
        """Seconds until there is something to fold, for all that we know: what a batch left over, or what was delivered."""
        decided = engine.state.decided
        if engine.ahead and engine.ahead[-1].place > decided:
            return 0.0
        return held.delivery.wanted(decided)

    def _conclude(self, held: Held, engine: Engine) -> None:
        """What is due by the cut, once all up to it is folded; until then the cut is kept, for it stays true."""
        cut = held.cut or self._cut(engine.tenant)
        if cut is None:
            return
        held.cut = cut
        held.head = max(held.head, cut.place)
        held.delivery.know(cut.place)
        if engine.state.decided < cut.place:
            return
        while engine.tick(cut):
            self._tell(held, engine)
        held.cut = None
        held.due = engine.earliest()

    def _due(self, held: Held) -> bool:
        return held.due <= self.ledger.clock.now()

    def _until(self, held: Held) -> float:
        """Seconds until more is due. A cut waits for its facts, a clock that is in doubt for an end of that."""
        if held.cut is not None or held.due == NEVER or self.guard.doubted:
            return SAFETY
        return min(SAFETY, max(0.0, (held.due - self.ledger.clock.now()) / SECOND))

    def _tell(self, held: Held, engine: Engine) -> None:
        held.decided, held.moved = engine.state.decided, monotonic()
        self._moved(engine)

    def _ours(self, held: Held) -> bool:
        """After a compare-and-set that failed: was it our own batch, of which we were not told that it was kept?"""
        with self.ledger.database.read() as conn:
            state = lanes.engine_state(conn, held.delivery.tenant)
        self._fed(state.feed)
        return state.epoch == held.epoch

    def _let_go(self, held: Held) -> None:
        self.fenced += 1
        self._assignment.let_go(held)
        log().warning("fenced", tenant=held.delivery.tenant.number, epoch=held.epoch)
