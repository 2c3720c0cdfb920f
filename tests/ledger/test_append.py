"""Append: one order without gaps, sent twice is kept once, corrections, cases, what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger.candidate import Appended, Candidate, Problem
from ledger.clock import SimulatedClock
from ledger.errors import PublicationsRefused, TenantExists, UnknownTenant
from ledger.tenants import Tenant
from schemas.event import Sealed
from schemas.identity import case_id_of_event, case_id_of_ticket, event_id
from schemas.instants import MINUTE, SECOND
from tests.ledger.house import START, House, sent


def test_places_run_from_one_and_recorded_never_falls(home: House, tenant: Tenant) -> None:
    assert isinstance(home.clock, SimulatedClock)
    places = []
    for number, step in enumerate((0, 5, -3, 2)):
        home.clock.step(step * MINUTE)
        places.append(home.keep(tenant, sent(number)).place)
    assert places == [1, 2, 3, 4]
    at = [fact.recorded for fact in home.facts(tenant)]
    assert at == [START, START + 5 * MINUTE, START + 5 * MINUTE, START + 5 * MINUTE]
    with home.database.read() as connection:
        head = home.ledger.head(connection, tenant)
    assert (head.place, head.recorded) == (4, at[-1])


def test_tenants_have_lanes_of_their_own(home: House) -> None:
    first, second = home.tenant("甲"), home.tenant("乙")
    assert (first.number, second.number) == (1, 2)
    kept = [home.keep(one, sent(1)) for one in (first, second, first)]
    assert [one.place for one in kept] == [1, 1, 1]
    assert [one.duplicate for one in kept] == [False, False, True]
    assert kept[0].event_id != kept[1].event_id
    assert home.ledger.tenants() == [first, second]
    assert home.ledger.tenant("乙") == second
    with pytest.raises(UnknownTenant):
        home.ledger.tenant("丙")


def test_event_as_read(home: House, tenant: Tenant) -> None:
    one = sent(
        1,
        data={"description": "厨房漏水", "level": 2, "scores": [{"comment": "差"}]},
        personal=("description", "scores[0].comment", "absent"),
        customer={"phone": "138 0013 8000", "name": "张三", "address": ""},
        envelope={"house_id": "A-1-101", "project_id": "P1", "reported_source": "body"},
        ticket="T-9",
    )
    kept = home.keep(tenant, one)
    assert kept.event_id == event_id("云栖", "crm", "no-1")
    assert kept.case_id == case_id_of_ticket("云栖", "crm", "T-9")
    fact = home.fact(tenant, kept.event_id)
    assert (fact.place, fact.after, fact.root, fact.verdict) == (1, 1, kept.event_id, False)
    assert (fact.type, fact.version, fact.time, fact.recorded) == (
        "complaint.filed",
        1,
        START - SECOND,
        START,
    )
    assert (fact.source, fact.source_id, fact.ticket) == ("crm", "no-1", "T-9")
    assert (fact.house_id, fact.project_id, fact.case_id) == ("A-1-101", "P1", kept.case_id)
    assert fact.customer_ref == home.ledger.customer(tenant, phone="+8613800138000")
    assert isinstance(fact.data["description"], Sealed)
    assert fact.data["level"] == 2
    assert home.ledger.unseal(tenant, fact, "scores[0].comment") == "差"
    assert home.ledger.unsealed(tenant, fact) == {
        "description": "厨房漏水",
        "level": 2,
        "scores": [{"comment": "差"}],
        "customer": {"phone": "138 0013 8000", "name": "张三"},
    }
    with pytest.raises(LookupError):
        home.ledger.unseal(tenant, fact, "level")


def test_personal_text_stands_in_no_file(home: House, tenant: Tenant) -> None:
    words = ("厨房漏水的秘密", "13800138000", "张三丰", "云栖花园一幢", "K-778899")
    home.keep(
        tenant,
        sent(
            1,
            data={"description": words[0]},
            personal=("description",),
            customer={"phone": words[1], "name": words[2], "address": words[3], "number": words[4]},
        ),
    )
    home.close()
    for name, stored in home.stored():
        assert not [word for word in words if word.encode() in stored], name


def test_sent_twice_is_kept_once(home: House, tenant: Tenant) -> None:
    first = home.keep(tenant, sent(1, data={"description": "漏"}, personal=("description",)))
    again = home.keep(tenant, sent(1, data={"description": "漏"}, personal=("description",)))
    assert again == replace(first, duplicate=True)
    other = home.refuse(tenant, sent(1, data={"description": "不漏"}, personal=("description",)))
    assert (other.status, other.code) == (409, "duplicate_conflict")
    assert other.extra["event_id"] == first.event_id
    assert len(home.facts(tenant)) == 1
    assert home.count("persons", keys=True) == 1


def test_a_duplicate_is_answered_before_any_other_check(home: House, tenant: Tenant) -> None:
    first = home.keep(tenant, sent(1))
    problem = Problem(status=422, code="time_ahead", field="time", reason="-", reason_zh="-")
    late = Candidate(source="crm", source_id="no-1", content=sent(1).content, problem=problem)
    assert home.keep(tenant, late) == replace(first, duplicate=True)
    assert home.refuse(tenant, replace(late, source_id="no-2")) == problem
    assert home.refuse(tenant, replace(late, content=b"other")).status == 409


def test_one_array_each_answered_by_itself(home: House, tenant: Tenant) -> None:
    problem = Problem(status=422, code="x", field="", reason="-", reason_zh="-")
    outcomes = home.send(
        tenant,
        sent(1),
        sent(1),
        sent(1, data={"n": "other"}),
        Candidate(source="crm", source_id="bad", content=b"", problem=problem),
        sent(2, case="needs"),
        *(sent(number) for number in range(3, 60)),
    )
    shape = [getattr(one, "place", None) or getattr(one, "status", None) for one in outcomes]
    assert shape == [1, 1, 409, 422, 422, *range(2, 59)]
    assert isinstance(outcomes[1], Appended)
    assert outcomes[1].duplicate
    assert [fact.place for fact in home.facts(tenant)] == list(range(1, 59))
    assert home.send(tenant) == []
    assert home.verify().ok


def test_cases(home: House, tenant: Tenant) -> None:
    own = home.keep(tenant, sent(1))
    assert own.case_id == case_id_of_event(own.event_id)
    given = "0f8fad5b-d9cb-469f-a165-70867728950e"
    assert home.keep(tenant, sent(2, case_id=given, ticket="T")).case_id == given
    assert home.keep(tenant, sent(3, case="needs", case_id=given)).case_id == given
    by_ticket = home.keep(tenant, sent(4, ticket="T")).case_id
    assert home.keep(tenant, sent(5, case="needs", ticket="T")).case_id == by_ticket
    assert home.keep(tenant, sent(6, case="needs", ticket="T", source="pms")).case_id != by_ticket
    assert home.keep(tenant, sent(7, case="none")).case_id == ""
    problem = home.refuse(tenant, sent(8, case="needs"))
    assert (problem.status, problem.code, problem.field) == (422, "case_needed", "caseid")


def test_corrections(home: House, tenant: Tenant) -> None:
    old = home.keep(tenant, sent(1))
    assert (
        home.refuse(tenant, sent(2, corrects=event_id("云栖", "crm", "never"))).code == "correction_unknown"
    )
    assert home.refuse(tenant, sent(2, corrects="no uuid")).status == 422
    new = home.keep(tenant, sent(2, corrects=old.event_id))
    assert new.case_id == old.case_id
    again = home.refuse(tenant, sent(3, corrects=old.event_id))
    assert (again.status, again.code, again.extra["latest"]) == (409, "already_corrected", new.event_id)
    gone = home.keep(tenant, sent(4, type="event.withdrawn", case="none", corrects_source_id="no-2"))
    assert home.refuse(tenant, sent(5, corrects=old.event_id)).extra["latest"] == gone.event_id
    withdrawal = home.refuse(tenant, sent(6, corrects=gone.event_id))
    assert (withdrawal.status, withdrawal.code) == (422, "not_correctable")
    assert home.refuse(tenant, sent(7, corrects_source_id="no-2", source="pms")).field == "correctssourceid"
    facts = {fact.event_id: fact for fact in home.facts(tenant)}
    assert facts[gone.event_id].root == facts[new.event_id].root == old.event_id
    assert facts[gone.event_id].corrects == new.event_id
    with home.database.read() as connection:
        assert home.ledger.corrected_by(connection, tenant, old.event_id) == new.event_id
        assert home.ledger.corrected_by(connection, tenant, gone.event_id) is None
        assert set(home.ledger.facts_at(connection, tenant, [3, 1, 9, 1])) == {1, 3}
        assert home.ledger.fact(connection, tenant, "no uuid") is None
    assert home.verify().ok


@pytest.mark.parametrize("kind", ["policy.published", "obligation.waived", "privacy.erasure_requested"])
def test_publications_are_not_corrected(home: House, tenant: Tenant, kind: str) -> None:
    home.keep(tenant, sent(1, type=kind, case="none"))
    assert home.refuse(tenant, sent(2, corrects_source_id="no-1")).code == "not_correctable"


def test_a_correction_within_its_targets_batch(home: House, tenant: Tenant) -> None:
    outcomes = home.send(
        tenant, sent(1), sent(2, corrects_source_id="no-1"), sent(3, corrects_source_id="no-1")
    )
    assert isinstance(outcomes[1], Appended)
    assert isinstance(outcomes[2], Problem)
    assert outcomes[2].extra["latest"] == outcomes[1].event_id


def test_a_sender_cannot_forge_sealed_values(home: House, tenant: Tenant) -> None:
    forged = {"deep": [{"sealed": "1.AA", "person": "p", "class": "service"}]}
    assert home.refuse(tenant, sent(1, data=forged)).code == "reserved_shape"


def test_add_tenant_is_one_transaction(home: House) -> None:
    bad = Candidate(
        source="touchline",
        source_id="bad",
        content=b"",
        problem=Problem(status=422, code="x", field="data.years", reason="a year is missing", reason_zh="-"),
    )
    with pytest.raises(PublicationsRefused, match=r"bad: data\.years: a year is missing"):
        home.ledger.add_tenant("甲", [sent(1), bad])
    assert home.ledger.tenants() == []
    made = home.ledger.add_tenant("甲", [sent(1), sent(2)])
    assert made == Tenant(1, "甲")
    assert [fact.place for fact in home.facts(made)] == [1, 2]
    with pytest.raises(TenantExists):
        home.ledger.add_tenant("甲", [])
    for name in ("", " 甲", "a" * 101, "a\nb"):
        with pytest.raises(ValueError, match="printable"):
            home.ledger.add_tenant(name, [])


def test_all_is_there_after_reopening(home: House, tenant: Tenant) -> None:
    kept = [home.keep(tenant, sent(number)) for number in range(3)]
    with_again = home.reopened()
    try:
        assert [fact.event_id for fact in with_again.facts(tenant)] == [one.event_id for one in kept]
        assert with_again.keep(tenant, sent(1)).duplicate
        assert with_again.keep(tenant, sent(9)).place == 4
        assert with_again.verify().ok
    finally:
        with_again.close()
