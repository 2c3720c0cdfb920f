"""Keyed hashes of columns: for source ids that would hold a person's number."""

from __future__ import annotations

import hmac

from producers.mapping.values import Hasher


def hasher(key: bytes) -> Hasher:
    """HMAC-SHA256 under the key, its first 128 bits in hex."""

    def token(text: str) -> str:
        return hmac.digest(key, text.encode("utf-8", "surrogatepass"), "sha256").hex()[:32]

    return token
