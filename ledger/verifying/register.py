"""The register of tenants: a chain over number and name."""

from __future__ import annotations

from typing import Any

from sqlalchemy import LargeBinary, cast, func, select

from ledger.chain import GENESIS, TENANTS, tenant_hash
from ledger.findings import Report
from ledger.tables import tenants
from ledger.verifying.pages import UNREADABLE, Reads
from ledger.verifying.strays import Register


def readable(name: bytes) -> str:
    """A stored name, whatever was done to its bytes."""
    return name.decode(errors="replace")


def check_register(source: Reads, report: Report) -> Register:
    """Every tenant's number and name, as stored."""
    with source.read() as connection:
        plain: Any = cast(tenants.c.name, LargeBinary)
        if connection.dialect.name == "postgresql":  # whose cast reads backslashes as escapes
            plain = func.convert_to(tenants.c.name, "UTF8", type_=LargeBinary)
        query = select(tenants.c.number, plain, tenants.c.hash)
        try:
            rows = connection.execute(query.order_by(tenants.c.number)).all()
        except UNREADABLE:
            report.bad("", TENANTS, 0, "the database cannot read it")
            return ()
    before = {GENESIS}
    for at, (number, name, hashed) in enumerate(rows, 1):
        true = {tenant_hash(previous, number, name) for previous in before}
        if number != at:
            report.bad(readable(name), TENANTS, at, f"number {number} stands at position {at}", "number")
        elif hashed not in true:
            column = _column([tuple(row) for row in rows], at, true, before)
            report.bad(readable(name), TENANTS, number, "number, name or hash was changed", column)
        before = true | {hashed}
    return tuple((number, name) for number, name, _ in rows)


def _column(rows: list[tuple[int, bytes, bytes]], at: int, true: set[bytes], before: set[bytes]) -> str:
    """The next tenant was chained to the true hash: then the hash was changed; else turn bits of the name back."""
    number, name, hashed = rows[at - 1]
    if at < len(rows):
        upcoming = rows[at]
        if any(tenant_hash(link, upcoming[0], upcoming[1]) == upcoming[2] for link in true):
            return "hash"
    for place in range(len(name)):
        for bit in range(8):
            other = name[:place] + bytes([name[place] ^ (1 << bit)]) + name[place + 1 :]
            if any(tenant_hash(previous, number, other) == hashed for previous in before):
                return "name"
    return "hash" if any(_one_bit(link, hashed) for link in true) else ""


def _one_bit(one: bytes, other: bytes) -> bool:
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).bit_count() == 1
