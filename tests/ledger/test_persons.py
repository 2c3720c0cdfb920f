"""Persons: resolved by number, then phone; nothing merges; nobody can be read out of the index."""

from __future__ import annotations

import pytest

from ledger.persons import normal_number, normal_phone
from ledger.tenants import Tenant
from tests.ledger.house import House, sent


def ref(home: House, tenant: Tenant, nth: int, /, **customer: str) -> str:
    kept = home.keep(tenant, sent(nth, customer=customer))
    return home.fact(tenant, kept.event_id).customer_ref


@pytest.mark.parametrize(
    "written",
    ["13800138000", "138 0013 8000", "138-0013-8000", "+8613800138000", "+86 138-0013-8000", "008613800138000",
     "１３８００１３８０００", "138 0013‐8000", " 13800138000 ", "(+86)13800138000"],
)  # fmt: skip
def test_one_phone_many_ways_to_write_it(written: str) -> None:
    assert normal_phone(written) == "13800138000"


def test_what_is_no_country_code_stays() -> None:
    assert normal_phone("8613800138000") == "8613800138000"
    assert normal_phone("0571-8600 1234") == "057186001234"
    assert normal_number(" ＫＨ-0086 ") == "KH-0086"


def test_number_then_phone(home: House, tenant: Tenant) -> None:
    by_phone = ref(home, tenant, 1, phone="13800000001")
    assert by_phone
    assert ref(home, tenant, 2, phone="+86 138 0000 0001") == by_phone
    assert ref(home, tenant, 3, phone="13800000002") != by_phone
    # A number that comes later is learned, and names the same person from then on.
    assert ref(home, tenant, 4, number="K1", phone="13800000001") == by_phone
    assert ref(home, tenant, 5, number="K1") == by_phone
    # So is a further phone.
    assert ref(home, tenant, 6, number="K1", phone="13800000009") == by_phone
    assert ref(home, tenant, 7, phone="13800000009") == by_phone
    assert home.ledger.conflicts(tenant) == []


def test_where_they_name_two_the_number_wins_and_it_is_listed(home: House, tenant: Tenant) -> None:
    one, two = ref(home, tenant, 1, number="K1"), ref(home, tenant, 2, phone="13800000002")
    kept = home.keep(tenant, sent(3, customer={"number": "K1", "phone": "13800000002"}))
    assert home.fact(tenant, kept.event_id).customer_ref == one
    (conflict,) = home.ledger.conflicts(tenant)
    assert (conflict.event_id, conflict.kept, conflict.other, conflict.kind) == (
        kept.event_id,
        one,
        two,
        "phone",
    )
    assert ref(home, tenant, 4, phone="13800000002") == two


def test_a_new_number_on_a_known_customers_phone_is_somebody_else(home: House, tenant: Tenant) -> None:
    husband = ref(home, tenant, 1, number="K1", phone="13800000001")
    wife = ref(home, tenant, 2, number="K2", phone="13800000001")
    assert wife != husband
    assert [one.other for one in home.ledger.conflicts(tenant)] == [husband]
    assert ref(home, tenant, 3, number="K2") == wife
    assert ref(home, tenant, 4, phone="13800000001") == husband


def test_two_systems_may_number_two_people_alike(home: House, tenant: Tenant) -> None:
    in_crm = home.fact(tenant, home.keep(tenant, sent(1, customer={"number": "1001"})).event_id)
    in_calls = home.fact(
        tenant, home.keep(tenant, sent(1, source="calls", customer={"number": "1001"})).event_id
    )
    assert in_crm.customer_ref != in_calls.customer_ref


def test_one_person_may_have_a_number_in_each_system(home: House, tenant: Tenant) -> None:
    person = ref(home, tenant, 1, number="1001", phone="13800000001")
    other = sent(2, source="calls", customer={"number": "A-7", "phone": "13800000001"})
    assert home.fact(tenant, home.keep(tenant, other).event_id).customer_ref == person
    assert home.ledger.customer(tenant, source="calls", number="A-7") == person
    assert home.ledger.conflicts(tenant) == []


def test_tenants_share_nobody(home: House, tenant: Tenant) -> None:
    other = home.tenant("乙")
    customer = {"number": "K1", "phone": "13800000001"}
    assert ref(home, tenant, 1, **customer) != ref(home, other, 1, **customer)
    assert home.ledger.customer(other, source="crm", number="K1") != home.ledger.customer(
        tenant, source="crm", number="K1"
    )


def test_a_given_reference(home: House, tenant: Tenant) -> None:
    person = ref(home, tenant, 1, phone="13800000001")
    kept = home.keep(tenant, sent(2, customer_ref=person, customer={"phone": "13800000002"}))
    assert home.fact(tenant, kept.event_id).customer_ref == person
    assert home.ledger.customer(tenant, phone="13800000002") == person
    problem = home.refuse(tenant, sent(3, customer_ref="0f8fad5b-d9cb-469f-a165-70867728950e"))
    assert (problem.status, problem.code, problem.field) == (422, "customer_unknown", "customerref")
    other = home.tenant("乙")
    assert home.refuse(other, sent(3, customer_ref=person)).code == "customer_unknown"


def test_text_without_a_person_gets_one_of_its_own(home: House, tenant: Tenant) -> None:
    said = sent(1, data={"description": "漏"}, personal=("description",))
    kept = home.keep(tenant, said)
    fact = home.fact(tenant, kept.event_id)
    assert fact.customer_ref == ""
    assert home.ledger.unseal(tenant, fact, "description") == "漏"
    assert fact.data["description"].person != home.fact(
        tenant, home.keep(tenant, sent(2, data={"description": "漏"}, personal=("description",))).event_id
    ).data["description"].person  # fmt: skip
    assert home.ledger.customer(tenant) is None


def test_a_refused_event_makes_no_person(home: House, tenant: Tenant) -> None:
    home.refuse(tenant, sent(1, case="needs", customer={"phone": "13800000001"}))
    home.keep(tenant, sent(2))
    home.refuse(tenant, sent(2, data={"n": "other"}, customer={"phone": "13800000001"}))
    assert home.count("persons", keys=True) == home.count("blind_index", keys=True) == 0


def test_the_index_holds_nothing_readable(home: House, tenant: Tenant) -> None:
    person = ref(home, tenant, 1, number="K1", phone="13800000001")
    with home.raw(keys=True) as connection:
        rows = connection.execute(
            "SELECT mac, tenant, person, kind FROM blind_index ORDER BY kind"
        ).fetchall()
    assert [(row[1:]) for row in rows] == [("云栖", person, "number:crm"), ("云栖", person, "phone")]
    assert all(len(row[0]) == 32 for row in rows)
