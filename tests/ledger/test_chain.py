"""The chain as documented, computed here by hand from the documented layout."""

from __future__ import annotations

from hashlib import sha256

from ledger.chain import FACTS, GENESIS, VERDICTS, Chain, tenant_hash
from ledger.tenants import Tenant
from tests.ledger.house import House, sent

BODY = b'{"a":1}'
VECTOR = "d5ab845084b6bb3185d267d64308d0bd0a559f5808b3c2e38348a686fad77eae"


def framed(*fields: bytes) -> bytes:
    return b"".join(len(field).to_bytes(4, "big") + field for field in fields)


def test_worked_vector() -> None:
    by_hand = sha256(
        bytes.fromhex("00000020" + "00" * 32)  # previous: none
        + bytes.fromhex("00000005") + b"facts"
        + bytes.fromhex("00000008" + "0000000000000007")  # tenant number 7
        + bytes.fromhex("00000006") + "云栖".encode()
        + bytes.fromhex("00000008" + "0000000000000001")  # place 1
        + bytes.fromhex("00000008" + "000000000000002a")  # recorded 42
        + bytes.fromhex("00000007") + b'{"a":1}'
    ).digest()  # fmt: skip
    assert Chain(FACTS, 7, "云栖".encode()).link(GENESIS, 1, 42, BODY) == by_hand
    assert by_hand.hex() == VECTOR


def test_verdicts_hash_what_they_follow() -> None:
    number = (7).to_bytes(8, "big")
    by_hand = sha256(
        framed(
            b"\x01" * 32,
            b"verdicts",
            number,
            b"t",
            number,
            (42).to_bytes(8, "big"),
            (5).to_bytes(8, "big"),
            BODY,
        )
    ).digest()
    assert Chain(VERDICTS, 7, b"t").link(b"\x01" * 32, 7, 42, BODY, 5) == by_hand


def test_register() -> None:
    by_hand = sha256(framed(bytes(32), b"tenants", (1).to_bytes(8, "big"), b"t")).digest()
    assert tenant_hash(GENESIS, 1, b"t") == by_hand


def test_an_auditor_needs_only_the_table(home: House, tenant: Tenant) -> None:
    home.send(tenant, *(sent(number) for number in range(5)))
    with home.raw() as connection:
        rows = connection.execute("SELECT place, recorded, body, hash FROM facts ORDER BY place").fetchall()
    before = bytes(32)
    for place, recorded, body, stored in rows:
        numbers = [value.to_bytes(8, "big", signed=True) for value in (tenant.number, place, recorded)]
        before = sha256(
            framed(before, b"facts", numbers[0], tenant.name.encode(), numbers[1], numbers[2], body)
        ).digest()
        assert before == stored
    assert len(rows) == 5
