"""The intake: candidates that keep what can be known of a bad event, and answers counted as they come."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.candidate import Appended, Problem
from ledger.clock import SimulatedClock
from ledger.database import Database
from ledger.errors import Stopped
from ledger.keys import KeyStore
from ledger.ledger import Ledger
from ledger.tenants import Tenant
from ledger.writer import Writer
from producers.candidates import candidate
from producers.intake import Intake
from schemas.canonical import canonical_bytes, read_json
from schemas.catalogue import CATALOGUE, example
from schemas.identity import case_id_of_ticket, event_id
from schemas.instants import DAY, parse_instant

NOW = parse_instant("2026-11-22T10:00:00+08:00")
WAIT = 20.0


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(NOW)


@pytest.fixture
def ledger(tmp_path: Path, clock: SimulatedClock) -> Iterator[Ledger]:
    with (
        closing(Database.open(tmp_path)) as database,
        closing(KeyStore.open(database)) as keys,
        closing(Writer(database, keys, clock)) as writer,
    ):
        yield Ledger(database, writer, keys, clock)


@pytest.fixture
def tenant(ledger: Ledger) -> Tenant:
    publications = [
        candidate(example(name), "touchline", NOW, admin=True)
        for name in ("policy.published", "calendar.published", "roles.published")
    ]
    return ledger.add_tenant("云杉", publications)


@pytest.fixture
def intake(ledger: Ledger, clock: SimulatedClock) -> Intake:
    return Intake(ledger, clock)


def test_a_good_event_becomes_a_draft() -> None:
    event = example("complaint.received")
    made = candidate(event, "crm", NOW)
    assert made.problem is None
    assert made.draft is not None
    assert (made.source, made.source_id) == ("crm", event["id"])
    assert made.content == canonical_bytes(event)
    draft = made.draft
    assert (draft.type, draft.version, draft.case, draft.ticket) == (
        "complaint.received",
        1,
        "opens",
        "TS-2026-0301",
    )
    assert draft.envelope["reported_source"] == "example"
    assert draft.envelope["channel"] == "hotline"
    assert draft.customer["number"] == "KH-100234"
    assert "customer" not in draft.data
    assert "description" in draft.personal
    own = candidate({**event, "source": "crm"}, "crm", NOW)
    assert own.draft is not None
    assert "reported_source" not in own.draft.envelope


def test_corrections_name_the_old_one() -> None:
    event = example("complaint.received")
    by_source = candidate({**event, "id": "n", "correctssourceid": "o"}, "crm", NOW).draft
    assert by_source is not None
    assert by_source.corrects_source_id == "o"
    target = event_id("t", "crm", "o")
    by_ours = candidate({**event, "id": "n", "correctsid": target}, "crm", NOW).draft
    assert by_ours is not None
    assert by_ours.corrects == target


def test_a_bad_event_keeps_its_identity() -> None:
    bad = candidate({**example("repair.closed"), "time": "yesterday", "channel": "fax"}, "crm", NOW)
    assert bad.draft is None
    assert bad.problem is not None
    assert bad.source_id == "example-repair.closed"
    assert bad.content
    assert (bad.problem.status, bad.problem.code, bad.problem.field) == (422, "not_a_code", "channel")
    assert bad.problem.reason_zh
    flawed = candidate(read_json('{"id": "x", "time": NaN}'), "crm", NOW)
    assert (flawed.source_id, flawed.content) == ("x", b"")
    several = candidate({**example("repair.closed"), "stage": "x", "channel": "fax"}, "crm", NOW).problem
    assert several is not None
    assert several.extra == {"also": "channel"} or several.extra == {"also": "stage"}


@pytest.mark.parametrize(
    "raw", [None, [], 3, {}, {"id": 7}, {"id": ""}, {"id": "13912345678"}, {"id": "\ud800"}]
)
def test_what_cannot_be_named_has_only_a_problem(raw: Any) -> None:
    made = candidate(raw, "crm", NOW)
    assert (made.source_id, made.content, made.draft) == ("", b"", None)
    assert made.problem is not None
    assert "13912345678" not in str(made.problem)


@given(
    st.recursive(
        st.none() | st.integers() | st.floats() | st.text(st.characters(codec=None, exclude_categories=())),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
def test_no_input_raises(value: Any) -> None:
    for raw in (value, {"id": "a", "data": value}, {**example("contact.received"), "data": value}):
        made = candidate(raw, "crm", NOW)
        assert (made.draft is None) != (made.problem is None)


def test_every_example_is_kept(intake: Intake, tenant: Tenant) -> None:
    events = [example(name) for name, entry in CATALOGUE.items() if entry.writer == "intake"]
    outcomes = intake.submit_many(tenant, "crm", events).result(WAIT)
    for event, outcome in zip(events, outcomes, strict=True):
        assert isinstance(outcome, Appended), (event["type"], outcome)
        assert outcome.event_id == event_id("云杉", "crm", event["id"])
        if "ticket" in event:
            assert outcome.case_id == case_id_of_ticket("云杉", "crm", event["ticket"])
    assert [o.place for o in outcomes if isinstance(o, Appended)] == list(range(4, 4 + len(events)))
    assert (intake.counts.received, intake.counts.kept) == (len(events), len(events))


def test_one_bad_item_spoils_no_other(intake: Intake, tenant: Tenant) -> None:
    good, other = example("repair.reported"), example("repair.reported", NOW)
    outcomes = intake.submit_many(tenant, "crm", [good, 7, {**other, "time": 3}, other, good]).result(WAIT)
    assert [isinstance(o, Appended) for o in outcomes] == [True, False, False, True, True]
    assert isinstance(outcomes[1], Problem)
    again = outcomes[4]
    assert isinstance(again, Appended)
    assert again.duplicate
    counts = intake.counts
    assert (counts.received, counts.kept, counts.duplicates, counts.refused) == (5, 2, 1, 2)


def test_a_duplicate_is_answered_before_anything_else(
    intake: Intake, tenant: Tenant, clock: SimulatedClock
) -> None:
    """The same content again, when the clock has gone back: its time is ahead now, and it still gets its answer."""
    event = example("complaint.received", NOW)
    first = intake.submit_one(tenant, "crm", event).result(WAIT)
    clock.set(NOW - DAY)
    again = intake.submit_one(tenant, "crm", event).result(WAIT)
    assert isinstance(first, Appended)
    assert isinstance(again, Appended)
    assert (again.event_id, again.case_id, again.place) == (first.event_id, first.case_id, first.place)
    assert again.duplicate
    changed = {**event, "data": {"description": 5}}
    conflict = intake.submit_one(tenant, "crm", changed).result(WAIT)
    assert isinstance(conflict, Problem)
    assert conflict.status == 409


def test_sources_do_not_publish(intake: Intake, tenant: Tenant) -> None:
    event = {**example("policy.published"), "id": "mine"}
    outcome = intake.submit_one(tenant, "crm", event).result(WAIT)
    assert isinstance(outcome, Problem)
    assert outcome.code == "not_writable"
    assert isinstance(intake.submit_one(tenant, "crm", event, admin=True).result(WAIT), Appended)


def test_a_ledger_that_takes_nothing_is_counted_and_told(
    intake: Intake, ledger: Ledger, tenant: Tenant
) -> None:
    ledger.writer.close()
    with pytest.raises(Stopped):
        intake.submit_one(tenant, "crm", example("repair.reported"))
    assert intake.counts.failed == 1


class _Counted(dict[str, Any]):
    """How often its id was asked for."""

    asked = 0

    def get(self, key: str, default: Any = None) -> Any:
        self.asked += key == "id"
        return super().get(key, default)


class _Running(SimulatedClock):
    """Goes on with each look, as a real one does."""

    def now(self) -> int:
        self.step(1)
        return super().now()


def test_a_good_event_is_read_once(ledger: Ledger, tenant: Tenant) -> None:
    """A second reading would cost as much as keeping it."""
    raw, offered = _Counted(example("complaint.received")), _Counted(example("complaint.received"))
    candidate(raw, "crm", NOW)
    outcomes = Intake(ledger, _Running(NOW)).submit_many(tenant, "crm", [offered]).result(WAIT)
    assert isinstance(outcomes[0], Appended)
    assert offered.asked == raw.asked > 0
