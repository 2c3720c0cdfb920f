"""Shortcuts that may show in time alone: scopes kept warm between batches, rows carried on by the newest event."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from ledger.errors import Fenced
from processors import changes
from processors.ports import Effects, Pages, Recall
from processors.rules.book import Book
from processors.rules.cases import CLOSED_BY, OPENED_BY, Cases
from processors.rules.promises.promise import Promise
from processors.rules.promises.rule import Promises
from processors.rules.protocol import IN_ORDER, Carrying, Evidence, Row
from processors.warm import Scope, Warm
from projections.pages import SqlPages
from projections.store import recalled
from schemas.canonical import canonical
from schemas.instants import DAY, HOUR, MINUTE
from tests.kit.hostile import END, Crash, Tick, Told, by_recorded, faults, histories, wire
from tests.kit.quick import quick_world
from tests.kit.world import START, World, event

COMPLAINT = {"subject": "engineering", "category": "leak", "description": "渗水"}


def lived(history: list[Told], disturbed: list[Tick | Crash], batch: int, warm: int) -> object:
    """Facts as they are recorded, each folded at once or some together; what came of it. ``warm``: pieces kept at most."""
    with quick_world(batch=batch) as world:
        world.engine.warm.most = warm
        moments = [(at, 0, index) for at, index in by_recorded(history)]
        moments += [(fault.at, 1, n) for n, fault in enumerate(disturbed)]
        for at, fault, index in sorted(moments):
            if not fault:
                world.append(wire(history, index), at=max(at, world.clock.now()))
            elif isinstance(disturbed[index], Tick):
                world.tick(max(at, world.clock.now()))
            else:
                world.take_over()
                world.engine.warm.most = warm
            if not index % 3:
                world.fold()
        world.tick(END)
        return world.lane(), world.tables()


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(histories(), faults(), st.sampled_from((1, 3, 64)))
def test_warm_scopes_change_nothing(history: list[Told], disturbed: list[Tick | Crash], batch: int) -> None:
    cold = lived(history, disturbed, batch, 0)
    assert lived(history, disturbed, batch, 40_000) == cold
    assert lived(history, disturbed, batch, 12) == cold


def test_a_case_in_full_swing_is_read_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.fold()  # the publications, which make the next batch read afresh
    asked: list[tuple[str, str]] = []
    own = SqlPages.evidence

    def evidence(pages: SqlPages, rule: str, scopes: Sequence[str], *, voided: bool = False) -> object:
        asked.extend((rule, scope) for scope in scopes)
        return own(pages, rule, scopes, voided=voided)

    monkeypatch.setattr(SqlPages, "evidence", evidence)
    for n in range(5):
        world.keep(
            event("complaint.received" if not n else "complaint.forwarded", f"c{n}", START, ticket="T",
                  data=COMPLAINT if not n else {"to_department": "d"}),
            START + (n + 1) * MINUTE,
        )  # fmt: skip
        world.fold()
    assert asked
    assert len(asked) == len(set(asked))


def test_what_was_not_committed_is_forgotten(world: World) -> None:
    """The batch is computed and refused: nothing of it may be believed by the next."""
    world.keep(event("complaint.received", "c", START, ticket="T", data=COMPLAINT), START + HOUR)
    world.fold()
    assert len(world.engine.warm)
    write = world.engine.write

    def refused(job: object) -> object:
        raise Fenced("tried")

    world.engine.write = refused  # type: ignore[assignment]
    world.keep(event("complaint.closed", "d", START, ticket="T", data={"close_reason": "resolved"}))
    with pytest.raises(Fenced):
        world.engine.step()
    assert not len(world.engine.warm)
    world.engine.write = write
    world.tick(START + 30 * DAY)
    assert world.rebuild().differences == {}


def test_no_more_is_kept_than_was_said() -> None:
    warm = Warm(most=10)
    for n in range(100):
        entry = Evidence(f"s{n}", "e", "x", n, 0, n, n, "e", "null")
        scope = Scope()
        scope.evidence += [entry] * (n % 4)
        warm.keep([(("r", f"s{n}"), scope)])
        assert warm.weight <= 10
    assert warm.get(("r", "s0")) is None
    assert warm.get(("r", "s99")) is not None
    scope = Scope()
    scope.evidence += [entry] * 50
    warm.keep([(("r", "huge"), scope)])
    assert (warm.weight, len(warm)) == (0, 0)


def test_what_was_touched_longest_ago_goes_first_and_nothing_is_counted_twice() -> None:
    warm, scopes = Warm(most=3), {name: Scope() for name in "abcd"}
    for name in ("a", "b", "c", "a"):
        warm.keep([(("r", name), scopes[name])])
    assert (warm.weight, len(warm)) == (3, 3)
    warm.keep([(("r", "d"), scopes["d"])])
    assert [warm.get(("r", name)) is not None for name in "abcd"] == [True, False, True, True]


# -- rows carried on

TYPES = (*sorted(OPENED_BY)[:3], *sorted(CLOSED_BY)[:2], "complaint.forwarded", "repair.visited")


@st.composite
def touchpoints(draw: st.DrawFn) -> list[Evidence]:
    made = []
    for n in range(draw(st.integers(1, 12))):
        value = {"type": draw(st.sampled_from(TYPES)), "source": draw(st.sampled_from(("", "crm", "desk")))}
        for name in ("project_id", "topic", "urgency", "channel"):
            if draw(st.booleans()):
                value[name] = draw(st.sampled_from(("", "a", "b") if name == "urgency" else ("a", "b")))
        slot = "touchpoint" if draw(st.integers(0, 5)) else "decision"
        time = draw(st.integers(0, 5))
        made.append(Evidence("case", f"e{n}", slot, time, 0, n, n, f"e{n}", canonical(value)))
    return made


@settings(max_examples=300, deadline=None)
@given(touchpoints())
def test_a_case_carried_on_is_the_case_judged(filed: list[Evidence]) -> None:
    rule, book = Cases(), Book.empty()
    evidence: list[Evidence] = []
    rows: Sequence[Row] = []
    for entry in sorted(filed, key=IN_ORDER):
        evidence.append(entry)
        judged = list(rule.judge("case", evidence, book))
        if rows:
            carried = rule.carry(rows, evidence, book)
            assert carried is None or list(carried) == judged
        rows = judged


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(histories(), faults())
def test_whatever_is_carried_on_is_what_is_judged(history: list[Told], disturbed: list[Tick | Crash]) -> None:
    """In the engine itself, of every rule that can, with every shipped policy."""
    own = changes.carry_on

    def both(
        rule: Carrying, rows: Sequence[Row], evidence: Sequence[Evidence], book: Book, came: int
    ) -> Sequence[Row] | None:
        carried = own(rule, rows, evidence, book, came)
        assert isinstance(rule, Cases | Promises)
        judged = rule.judge(evidence[-1].scope, evidence, book)
        assert carried is None or list(carried) == list(judged)
        return carried

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(changes, "carry_on", both)
        lived(history, disturbed, 64, 40_000)


def test_a_settled_promise_is_not_judged_for_one_more_discharge(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[str] = []
    own = Promises.judge

    def judge(rule: Promises, scope: str, evidence: Sequence[Evidence], book: Book) -> object:
        judged.append(scope)
        return own(rule, scope, evidence, book)

    monkeypatch.setattr(Promises, "judge", judge)
    world.append(
        event("complaint.received", "c", START, ticket="T", data=COMPLAINT),
        event("complaint.resolved", "r", START + MINUTE, ticket="T", data={"resolution": "修"}),
        at=START + HOUR,
    )
    world.fold()
    before = len(judged)
    assert before
    again = [
        event("complaint.resolved", f"r{n}", START + n * MINUTE, ticket="T", data={"resolution": "修"})
        for n in range(2, 30)
    ]
    world.append(*again, at=START + HOUR)
    world.fold()
    assert len(judged) - before < 10
    assert world.rebuild().differences == {}


def test_most_cases_are_carried_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two hundred touchpoints of one case, judged from the beginning once."""
    judged = []
    own = Cases.judge

    def judge(rule: Cases, scope: str, evidence: Sequence[Evidence], book: Book) -> object:
        judged.append(len(evidence))
        return own(rule, scope, evidence, book)

    monkeypatch.setattr(Cases, "judge", judge)
    raws = [event("complaint.received", "c", START, ticket="T", data=COMPLAINT)]
    raws += [
        event("complaint.progress_notified", f"p{n}", START + n, ticket="T", data={"progress": "修"})
        for n in range(1, 200)
    ]
    world.append(*raws, at=START + HOUR)
    world.fold()
    assert judged == [1]
    (case,) = (line for line in world.tables() if line.startswith("cases "))
    assert '"touchpoints":200' in case


def test_reads_look_into_an_index(world: World) -> None:
    """Every read of the fold finds its rows by an index of the whole key it was given, however many there are."""
    world.keep(event("complaint.received", "c", START, ticket="T", data=COMPLAINT), at=START)
    world.tick(START + 30 * DAY)
    seen: list[tuple[str, object]] = []
    with world.database.read() as conn:
        fact = world.ledger.facts(conn, world.tenant, 0, 100)[-1]
        verdict = next(v for v in world.ledger.verdicts(conn, world.tenant, 0, 100) if v.after == fact.place)
        raw = conn.connection.driver_connection
        assert raw is not None
        pages: Pages = world.store.pages(conn, world.tenant.number)
        raw.set_trace_callback(lambda sql: seen.append((sql, None)))
        pages.evidence("promises", ["x"])
        assert fact.event_id in pages.evidence_of([fact.event_id, verdict.event_id])
        pages.linked("promises", ["x"])
        for rule in ("cases", "promises"):
            pages.rows(rule, ["x"])
        pages.announced("promises", ["x"])
        pages.due(START, 10)
        pages.earliest()
        raw.set_trace_callback(None)
        assert len(seen) >= 12
        for sql, _ in seen:
            plans = [
                line[3] for line in raw.execute("EXPLAIN QUERY PLAN " + str(sql)) if "TEMP" not in line[3]
            ]
            assert plans
            for plan in plans:
                assert plan.startswith("SEARCH"), f"{plan}: {sql}"
                assert plan.count("=?") + plan.count("<?") >= 2, f"{plan}: {sql}"


def test_evidence_of_an_event_is_its_own(world: World) -> None:
    """Not that of verdicts which follow the same fact and so lie under the same place."""
    entry = Evidence(
        scope="s", event_id="one", slot="T", time=1, rank=0, recorded=1, place=9, root="one", value="null"
    )
    effects = Effects(expect=world.engine.state, decided=0, advanced=0)
    effects.evidence += [("promises", entry), ("promises", entry._replace(event_id="other"))]
    effects.evidence += [("promises", entry._replace(slot="D", voided=5, voided_by="later"))]
    world.writer.call(lambda conn: world.store.write(conn, world.tenant.number, effects))
    with world.database.read() as conn:
        pages = world.store.pages(conn, world.tenant.number)
        assert pages.evidence_at({"one": 9}) == {"one": [("promises", entry)]}
        ever = pages.evidence_at({"one": 9, "other": 9, "elsewhere": 8}, voided=True)
        assert {event_id: len(found) for event_id, found in ever.items()} == {"one": 2, "other": 1}


def test_what_a_publication_recalls_is_found_by_the_flag(world: World) -> None:
    """Of the flags only the rows that bear one are indexed, and a statement that does not write it out reads all rows."""
    table = world.store.tables.rows[Promise]
    raw_plan = "EXPLAIN QUERY PLAN " + str(
        select(table.c.scope).where(
            table.c.tenant == 1, table.c.next > 5, recalled(table, Recall(Promise, "undated", 1, 5))
        )
    )
    with world.database.read() as conn:
        (plan,) = [str(line[3]) for line in conn.exec_driver_sql(raw_plan, (1, 5))]
    assert "promises_a_undated" in plan
