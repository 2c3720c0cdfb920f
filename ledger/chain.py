"""The hash chains: what is hashed, byte by byte, so that anyone can check a ledger without this code.

Every number is 8 bytes, big-endian, signed; every text is UTF-8. A *frame* is the length of a field as 4 bytes,
big-endian, unsigned, followed by the field. The hash of a row is

    SHA-256( frame(previous) frame(lane) frame(tenant number) frame(tenant name)
             frame(place) frame(recorded) [frame(after)] frame(body) )

``previous``  the hash of the row before in the same lane of the same tenant; 32 zero bytes before place 1
``lane``      the ASCII word ``facts`` or ``verdicts``
``recorded``  microseconds UTC since 1970
``after``     stands in the lane ``verdicts`` only: the fact place that the verdict follows
``body``      the stored bytes

The register of tenants is a chain too: SHA-256( frame(previous) frame("tenants") frame(number) frame(name) ),
in order of number, from 32 zero bytes.
"""

from __future__ import annotations

from hashlib import sha256
from struct import pack

GENESIS = bytes(32)
FACTS = "facts"
VERDICTS = "verdicts"
TENANTS = "tenants"


_HASH = (32).to_bytes(4, "big")
"""The length of a hash, as it stands before one."""


def _frame(field: bytes) -> bytes:
    return len(field).to_bytes(4, "big") + field


def _number(value: int) -> bytes:
    return b"\x00\x00\x00\x08" + value.to_bytes(8, "big", signed=True)


def tenant_hash(previous: bytes, number: int, name: bytes) -> bytes:
    """Hash of one row of the register of tenants."""
    return sha256(_frame(previous) + _frame(TENANTS.encode()) + _number(number) + _frame(name)).digest()


class Chain:
    """The hashing of one lane of one tenant."""

    def __init__(self, lane: str, number: int, name: bytes) -> None:
        self.opening = _frame(lane.encode()) + _number(number) + _frame(name)
        """What stands between ``previous`` and ``place`` in every row of the lane."""

    def link(
        self, previous: bytes, place: int, recorded: int, body: bytes, after: int | None = None
    ) -> bytes:
        """The hash of the row at ``place``; ``after`` for verdicts."""
        if after is None:
            middle = pack(">IqIqI", 8, place, 8, recorded, len(body))
        else:
            middle = pack(">IqIqIqI", 8, place, 8, recorded, 8, after, len(body))
        return sha256(b"".join((_HASH, previous, self.opening, middle, body))).digest()
