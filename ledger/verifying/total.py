"""A total over a multiset of rows that two tables must agree in, in constant memory and whatever their order.

The total is the product of (secret + row) modulo a prime just above 2^192, with a row as an integer and a secret drawn for each
run. Two multisets of n rows that differ have the same total with a chance below n / 2^192, and nobody who changed
the tables before the run could know the secret. Totals of parts multiply, so parts are summed side by side.
"""

from __future__ import annotations

from hashlib import sha256
from secrets import randbelow

PRIME = 2**192 + 133
"""The smallest above 2^192: a row of 16 bytes and a position is one residue."""


def draw() -> int:
    """A secret for one run."""
    return randbelow(PRIME)


class Total:
    """Of rows (key, place): 16 bytes and a position."""

    def __init__(self, secret: int = 0) -> None:
        self.secret = secret
        self.value = 1

    @property
    def parts(self) -> tuple[int, int, int]:
        """(secret, value, prime), for a loop that multiplies by itself: ``value * (secret + (key << 64) + place) % prime``."""
        return self.secret, self.value, PRIME

    def put(self, value: int) -> None:
        """The value that such a loop came to."""
        self.value = value

    def add(self, key: bytes, place: int) -> None:
        """One row."""
        self.value = self.value * (self.secret + (int.from_bytes(key, "big") << 64) + place) % PRIME

    def add_wide(self, *parts: bytes) -> None:
        """One row of several columns, by the first 24 bytes of its SHA-256."""
        whole = sha256(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).digest()
        self.value = self.value * (self.secret + int.from_bytes(whole[:24], "big")) % PRIME

    def join(self, other: Total) -> None:
        """The rows of another part."""
        self.join_value(other.value)

    def join_value(self, value: int) -> None:
        """The same, where only the value came over."""
        self.value = self.value * value % PRIME
