"""The key store: sealing, erasing, and never mistaking a lost key for an erased one."""

from __future__ import annotations

import hmac
import os
import shutil
from base64 import urlsafe_b64encode
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import insert

from ledger.errors import KeyMissing, KeyStoreForeign, KeyStoreLost, PersonErased, Unsealable
from ledger.key_tables import blind_index, person_keys, persons
from ledger.keys import KeyStore
from ledger.seal import ERASED, Keyed, mac_key, seal, unseal
from ledger.tenants import Tenant
from schemas.canonical import canonical_bytes
from schemas.event import Event, Sealed
from tests.kit.places import ON_SQLITE
from tests.ledger.house import House, sent

PHONE = "13800138000"


def told(home: House, tenant: Tenant, number: int = 1, retention: str = "service") -> Event:
    candidate = sent(
        number,
        data={"description": f"漏{number}"},
        personal=("description",),
        customer={"phone": PHONE},
        retention=retention,
    )
    return home.fact(tenant, home.keep(tenant, candidate).event_id)


def test_sealed_text_opens_only_where_it_stands() -> None:
    key, place = bytes(range(32)), ("t", "event", "description", "person", "service")
    blob = seal(key, "漏水", *place)
    assert blob != seal(key, "漏水", *place)
    assert unseal(key, blob, *place) == "漏水"
    for at in range(5):
        moved = [*place]
        moved[at] += "x"
        with pytest.raises(Unsealable):
            unseal(key, blob, *moved)
    for bad in ("", "2" + blob[1:], blob[2:], blob[:-2], "1.", "1.!", blob[:10] + "A" + blob[11:] + "AA"):
        with pytest.raises(Unsealable):
            unseal(key, bad, *place)
    with pytest.raises(Unsealable):
        unseal(bytes(32), blob, *place)


def test_what_seals_are_bound_to_and_macs_are_drawn_from_never_changes() -> None:
    """Both stand in every ledger ever written."""
    key, place = bytes(range(32)), ("云\\", 'e"1', "scores[2].comment", "p", "service")
    bound = canonical_bytes(["touchline", 1, *place])
    nonce = bytes(12)
    blob = urlsafe_b64encode(nonce + AESGCM(key).encrypt(nonce, "漏水".encode(), bound)).rstrip(b"=")
    assert unseal(key, "1." + blob.decode(), *place) == "漏水"
    assert mac_key(key) == HKDF(SHA256(), 32, None, b"touchline content mac 1").derive(key)


def test_a_key_for_each_retention_class(home: House, tenant: Tenant) -> None:
    told(home, tenant, 1), told(home, tenant, 2), told(home, tenant, 3, "legal")
    with home.raw(keys=True) as connection:
        rows = connection.execute("SELECT person, retention, length(key) FROM person_keys").fetchall()
    assert sorted(row[1:] for row in rows) == [("legal", 32), ("service", 32)]
    assert len({row[0] for row in rows}) == 1


@ON_SQLITE
def test_only_the_owner_may_read_the_file(home: House, tenant: Tenant) -> None:
    told(home, tenant)
    for name in ("keys.db", "keys.db-wal"):
        assert os.stat(home.folder / name).st_mode & 0o077 == 0


def test_erased(home: House, tenant: Tenant) -> None:
    before = told(home, tenant)
    person = before.customer_ref
    assert home.ledger.erase(tenant, person).result(60) is True
    fact = home.fact(tenant, before.event_id)
    assert home.ledger.unseal(tenant, fact, "description") is ERASED
    erased = {"erased": True}
    assert home.ledger.unsealed(tenant, fact) == {"description": erased, "customer": {"phone": erased}}
    assert home.ledger.customer(tenant, phone=PHONE) is None
    assert list(home.ledger.erased(tenant)) == [person]
    assert home.ledger.erase(tenant, person).result(60) is False
    assert home.verify().ok  # the chain is over sealed bytes


def test_the_shorter_hmac_is_the_librarys() -> None:
    for size in (0, 1, 31, 32, 63, 64):
        key = os.urandom(size)
        for message in (b"", b"m", os.urandom(55), os.urandom(64), os.urandom(5000)):
            assert Keyed(key)(message) == hmac.digest(key, message, "sha256")
    with pytest.raises(ValueError, match="64"):
        Keyed(bytes(65))


@ON_SQLITE
def test_an_erased_key_is_gone_from_the_disk_too(home: House, tenant: Tenant) -> None:
    person = told(home, tenant).customer_ref
    key = home.keys.key(tenant.name, person, "service")
    assert isinstance(key, bytes)
    assert home.ledger.erase(tenant, person).result(60) is True
    for name, stored in home.stored():  # the write-ahead log included
        assert key not in stored, name


def test_whoever_comes_again_is_somebody_new(home: House, tenant: Tenant) -> None:
    person = told(home, tenant).customer_ref
    home.ledger.erase(tenant, person).result(60)
    assert told(home, tenant, 2).customer_ref != person
    problem = home.refuse(tenant, sent(3, customer_ref=person))
    assert (problem.status, problem.code, problem.field) == (422, "customer_erased", "customerref")
    assert home.refuse(tenant, sent(3, customer_ref="nobody")).code == "customer_unknown"

    def seal_again(_: object) -> None:
        home.keys.sealing(tenant.name, person, "service")

    with pytest.raises(PersonErased):
        home.writer.call(seal_again)


def test_a_key_used_a_moment_ago_is_forgotten_with_the_person(home: House, tenant: Tenant) -> None:
    """All in one transaction, so that what the job before had at hand would still be there."""
    person = told(home, tenant).customer_ref
    found: list[object] = []

    def job(_: object) -> None:
        home.keys.sealing(tenant.name, person, "service")
        home.keys.erase(tenant.name, person, home.clock.now())
        found.append(home.keys.comparing(tenant.name, person, "service"))
        home.keys.sealing(tenant.name, person, "service")

    with pytest.raises(PersonErased):
        home.writer.call(job)
    assert found == [ERASED]


@ON_SQLITE
def test_of_many_persons_no_erased_ones_key_is_left_in_the_file(home: House, tenant: Tenant) -> None:
    """Keys move between pages as others come and go; a copy left behind would outlive the row."""
    people = [f"person-{n * 7919 % 600:04}" for n in range(600)]
    at = home.clock.now()
    for start in range(0, len(people), 50):
        some = people[start : start + 50]

        def come(_: object, some: list[str] = some) -> None:
            for person in some:
                home.keys.add_person(tenant.name, person)
                home.keys.sealing(tenant.name, person, "service")

        home.writer.call(come)
        gone = some[::3]
        lost = [home.keys.key(tenant.name, person, "service") for person in gone]
        home.writer.call(
            lambda _, gone=gone: [home.keys.erase(tenant.name, person, at) for person in gone]  # type: ignore[misc]
        )
        assert home.keys.scrubbed
        held = b"".join(path.read_bytes() for path in sorted(home.folder.glob("keys.db*")))
        assert [key for key in lost if isinstance(key, bytes) and key in held] == []
        standing = home.keys.key(tenant.name, some[1], "service")
        assert isinstance(standing, bytes)
        assert standing in held


@ON_SQLITE
def test_a_reader_in_the_way_is_waited_for_and_the_file_is_cleaned_after(home: House, tenant: Tenant) -> None:
    fact = told(home, tenant)
    key = home.keys.key(tenant.name, fact.customer_ref, "service")
    assert isinstance(key, bytes)
    with home.raw(keys=True) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM persons").fetchone()
        assert home.ledger.erase(tenant, fact.customer_ref).result(60) is True
        assert not home.keys.scrubbed
        reader.execute("COMMIT")
    home.writer.call(lambda _: None)
    assert home.keys.scrubbed
    assert all(key not in path.read_bytes() for path in home.folder.glob("keys.db*"))


def test_after_erasure_the_first_answer_is_given_without_comparing(home: House, tenant: Tenant) -> None:
    fact = told(home, tenant)
    other = sent(1, data={"description": "不漏"})
    assert home.refuse(tenant, other).status == 409
    home.ledger.erase(tenant, fact.customer_ref).result(60)
    again = home.keep(tenant, other)
    assert (again.event_id, again.place, again.duplicate) == (fact.event_id, 1, True)


def test_whatever_stands_of_somebody_erased_is_found_and_destroyed(home: House, tenant: Tenant) -> None:
    """As a restored copy of the key store brings it back."""
    person = told(home, tenant).customer_ref
    assert home.ledger.erase(tenant, person).result(60) is True
    for table, more in (
        (persons, {}),
        (person_keys, {"retention": "service", "key": bytes(32)}),
        (blind_index, {"mac": b"mac", "kind": "phone"}),
    ):
        assert home.keys.revived(tenant.name) == []
        line = insert(table).values(tenant=tenant.name, person=person, **more)
        home.writer.call(lambda _, line=line: home.keys.connection.execute(line))  # type: ignore[misc]
        assert home.keys.revived(tenant.name) == [person], table.name
        assert home.ledger.erase(tenant, person).result(60) is False
    assert home.keys.revived(tenant.name) == []


def test_an_unknown_key_is_an_error_not_an_erasure(home: House, tenant: Tenant) -> None:
    fact = told(home, tenant)
    with home.raw(keys=True) as connection:
        connection.execute("DELETE FROM person_keys")
    with pytest.raises(KeyMissing):
        home.ledger.unseal(tenant, fact, "description")
    problem = home.refuse(tenant, sent(1))
    assert (problem.status, problem.code) == (503, "key_missing")
    assert home.keep(tenant, sent(2)).place == 2


def test_an_unknown_format_is_an_error(home: House, tenant: Tenant) -> None:
    fact = told(home, tenant)
    sealed = fact.data["description"]
    assert isinstance(sealed, Sealed)
    odd = replace(fact, data={"description": replace(sealed, blob="9." + sealed.blob[2:])})
    with pytest.raises(Unsealable) as caught:
        home.ledger.unseal(tenant, odd, "description")
    assert "漏" not in str(caught.value)


def test_keys_made_in_a_job_that_failed_are_forgotten(home: House, tenant: Tenant) -> None:
    made: list[bytes] = []

    def job(fail: bool) -> None:
        home.keys.add_person(tenant.name, "p")
        made.append(home.keys.sealing(tenant.name, "p", "service")[0])
        if fail:
            raise ZeroDivisionError

    failing, working = home.writer.submit_all([lambda _: job(True), lambda _: job(False)])
    with pytest.raises(ZeroDivisionError):
        failing.result(60)
    working.result(60)
    assert made[0] != made[1]
    assert home.keys.key(tenant.name, "p", "service") == made[1]


def test_the_key_store_is_written_in_jobs_only(home: House, tenant: Tenant) -> None:
    with pytest.raises(RuntimeError):
        home.keys.add_person(tenant.name, "p")


@ON_SQLITE
def test_a_lost_or_foreign_key_store_is_named(home: House, tenant: Tenant) -> None:
    home.close()
    other = House.open(home.folder.parent / "other")
    other.close()
    (home.folder / "keys.db").rename(home.folder / "keys.old")
    database = type(home.database).open(home.folder)
    with pytest.raises(KeyStoreLost, match=r"keys\.db"):
        KeyStore.open(database)
    shutil.copy(other.folder / "keys.db", home.folder / "keys.db")
    with pytest.raises(KeyStoreForeign):
        KeyStore.open(database)
    database.close()
