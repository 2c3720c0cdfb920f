"""The clock is set forward and back by hours under a running house, on both databases: recorded times never go back, nothing is
concluded from a doubtful clock, no alarm is false, and ``clock accept`` goes on (invariant 11)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger import lanes, postgres, postgres_transaction
from ledger.clock import SimulatedClock
from schemas.event import Event
from schemas.instants import DAY, HOUR, MINUTE, SECOND, Instant, parse_instant
from tests.kit.places import ON_POSTGRESQL, Where
from tests.kit.postgres import Place
from tests.web.site import START, Site, complaint, until
from touchline.exits import Exit, Refused
from touchline.place import Shared
from touchline.serving import refuse_a_clock_behind

TENANT = "云栖集团"


@pytest.fixture
def site(place: Where, tmp_path: Path) -> Iterator[Site]:
    """A house whose wall clock is a hand's to set."""
    made = Site(
        place if isinstance(place, Path) else Shared(place.url, folder=tmp_path), SimulatedClock(START)
    )
    made.start()
    yield made
    made.stop()


def lanes_of(site: Site) -> tuple[list[Event], list[Event]]:
    """(facts, verdicts)."""
    ledger = site.house.ledger
    tenant = ledger.tenant(TENANT)
    with site.house.database.read() as conn:
        return ledger.facts(conn, tenant, 0, 2**31), ledger.verdicts(conn, tenant, 0, 2**31)


def breached(site: Site) -> list[Event]:
    return [verdict for verdict in lanes_of(site)[1] if verdict.type == "obligation.breached"]


def post(site: Site, key: str, name: str) -> int:
    """The place of a complaint that happens now."""
    with site.client(key) as client:
        answer = client.post("/events", json=complaint(name, site.now(), ticket=name))
        assert answer.status_code == 202, answer.text
        place: int = answer.json()["place"]
        assert (
            client.get(f"/cases/{answer.json()['case_id']}?after={place}").status_code == 200
        )  # it is folded
        return place


def dues(site: Site) -> list[Instant]:
    rows = site.house.reading.promises.find(site.house.ledger.tenant(TENANT), limit=100)
    return sorted(parse_instant(row["due"]) for row in rows if row["due"])


def step(site: Site, by: int) -> None:
    assert site.clock is not None
    assert site.house.runner is not None
    site.clock.step(by)
    site.house.runner.wake()


def doubted(site: Site) -> bool:
    return bool(site.house.status()["clock_doubted"])


def accept(site: Site) -> None:
    assert site.house.admin.perform("clock.accept", {}) == {"accepted": True}


def test_set_forward_and_back(site: Site) -> None:
    key = site.key()
    post(site, key, "a")
    step(site, 30 * DAY)  # all its promises are overdue by this clock
    until(lambda: doubted(site))
    with site.client() as anybody:
        ready = anybody.get("/readyz")
    assert ready.status_code == 503
    assert [reason["what"] for reason in ready.json()["reasons"]] == ["clock"]
    assert breached(site) == []
    step(site, -30 * DAY)
    accept(site)
    until(lambda: not doubted(site))
    assert breached(site) == []
    assert site.house.reading.promises.find(site.house.ledger.tenant(TENANT), limit=100)


def test_set_back_while_events_come_in(site: Site) -> None:
    key = site.key()
    post(site, key, "a")
    first = site.now()
    step(site, -5 * HOUR)
    until(lambda: doubted(site))
    assert post(site, key, "b") == post(site, key, "a2") - 1
    facts, _ = lanes_of(site)
    assert [fact.recorded for fact in facts[-2:]] == [first, first]
    with pytest.raises(Refused, match="behind the last record") as refused:
        refuse_a_clock_behind(site.house)
    assert refused.value.code == Exit.UNAVAILABLE
    step(site, 5 * HOUR)
    accept(site)
    refuse_a_clock_behind(site.house)


def test_set_forward_for_good(site: Site) -> None:
    key = site.key()
    post(site, key, "a")
    step(site, 30 * DAY)
    until(lambda: doubted(site))
    assert breached(site) == []
    accept(site)
    until(lambda: breached(site))
    facts, verdicts = lanes_of(site)
    assert all(verdict.recorded >= facts[-1].recorded for verdict in verdicts)


def test_agreement_for_a_minute_is_enough(site: Site) -> None:
    key = site.key()
    post(site, key, "a")
    step(site, 30 * DAY)
    until(lambda: doubted(site))
    site.let_pass(59 * 1_000_000)
    assert doubted(site)
    assert breached(site) == []
    site.let_pass(2 * 1_000_000)
    until(lambda: breached(site))


def test_set_forward_between_the_look_and_the_cut(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two slices a gateway carries the database's clock on by itself, so that a step shows in the cut first."""
    key = site.key()
    post(site, key, "a")
    own, clock = lanes.cut, site.clock
    assert clock is not None
    stepped: list[lanes.Cut] = []

    def cut(*arguments: Any) -> lanes.Cut:
        if not stepped:
            clock.step(30 * DAY)
        stepped.append(own(*arguments))
        return stepped[-1]

    monkeypatch.setattr(lanes, "cut", cut)
    site.let_pass(25 * HOUR)  # something is due
    until(lambda: doubted(site) and stepped)  # the doubt comes before the cut that found it is noted
    assert len(stepped) == 1
    late = [
        v
        for v in lanes_of(site)[1]
        if v.type == "obligation.breached" and v.time > START + 25 * HOUR + MINUTE
    ]
    assert late == []
    clock.step(-30 * DAY)
    accept(site)
    until(lambda: not doubted(site))
    post(site, key, "b")  # nothing of that cut was kept
    assert lanes_of(site)[0][-1].recorded == clock.now()


def test_what_comes_in_while_it_is_wrongly_ahead(site: Site) -> None:
    """Facts, and what their folding concludes, bear the time that the boot clock counts on."""
    key = site.key()
    post(site, key, "a")
    due = dues(site)[0]
    site.let_pass(due - 10 * SECOND - START)
    step(site, 2 * DAY)
    site.let_pass(20 * SECOND)
    post(site, key, "b")
    assert doubted(site)
    line = due + 10 * SECOND
    assert site.now() == line
    facts, verdicts = lanes_of(site)
    assert facts[-1].recorded == line
    assert [verdict for verdict in verdicts if verdict.recorded > line or verdict.time > line] == []
    assert any(
        verdict.time == due for verdict in verdicts
    )  # by that fact it had passed, whatever the wall said
    step(site, -2 * DAY)
    accept(site)
    until(lambda: not doubted(site))
    post(site, key, "c")
    facts, verdicts = lanes_of(site)
    assert facts[-1].recorded == line
    assert [verdict for verdict in verdicts if verdict.time > line] == []


def test_what_comes_in_before_it_is_accepted(site: Site) -> None:
    key = site.key()
    post(site, key, "a")
    step(site, 2 * DAY)
    post(site, key, "b")
    assert lanes_of(site)[0][-1].recorded == START
    assert breached(site) == []
    with site.client(key) as client:  # by a sender whose clock says what ours does
        ahead = complaint("c", START + 2 * DAY, ticket="c")
        answer = client.post("/events", json=ahead)
        assert (answer.status_code, answer.json()["type"].split(":")[-1]) == (503, "clock_in_doubt")
        assert int(answer.headers["Retry-After"]) >= 60
        assert client.post("/events", json=complaint("d", START + 3 * DAY, ticket="d")).status_code == 422
        accept(site)
        assert client.post("/events", json=ahead).status_code == 202
    assert lanes_of(site)[0][-1].recorded == START + 2 * DAY
    until(lambda: breached(site))


@ON_POSTGRESQL
def test_the_databases_clock_under_several_gateways(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each judges by its own boot clock. One that is started meanwhile has seen no other time: it believes what it sees, and
    what it records, no later fact can be before."""
    told = postgres_transaction.CLOCK
    first, second, third = (Site(Shared(place.url, folder=tmp_path)) for _ in range(3))
    for site in (first, second):
        site.start()
    try:
        key = first.key()
        began = first.now()
        post(first, key, "a")
        ahead = told.replace("clock_timestamp()", "(clock_timestamp() + interval '2 days')")
        for module in (postgres, postgres_transaction):
            monkeypatch.setattr(module, "CLOCK", ahead)
        for n, site in enumerate((first, second)):
            post(site, key, f"b{n}")
            assert doubted(site)
        facts, verdicts = lanes_of(first)
        assert all(fact.recorded < began + HOUR for fact in facts)
        assert verdicts == []
        third.start()
        assert not doubted(third)
        with third.client(key) as client:
            assert client.post("/events", json=complaint("c", began, ticket="c")).status_code == 202
        with first.client(key) as client:
            assert client.post("/events", json=complaint("d", began, ticket="d")).status_code == 202
        facts, _ = lanes_of(first)
        assert began + DAY < facts[-2].recorded <= facts[-1].recorded
        assert doubted(first)
    finally:
        for site in (first, second, third):
            if hasattr(site, "house"):
                site.stop()
