"""Sealing: AES-256-GCM under a person's key, bound to the place where the text stands; content MACs under the same keys.

A sealed value is the text ``1.`` followed by base64url (no padding) of a random 96-bit nonce and the ciphertext with its
tag. The additional data is canonical JSON of ["touchline", 1, tenant, event id, path in data, person, retention class],
so that a value moved to another event, field or person does not open.
"""

from __future__ import annotations

import os
from base64 import urlsafe_b64decode
from binascii import b2a_base64
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.errors import Unsealable
from schemas.canonical import canonical_texts, quoted

_FORMAT = "1."
_NONCE = 12
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


class Erased:
    """What is read where a person's data was erased. There is one: ``ERASED``."""

    def __repr__(self) -> str:
        return "ERASED"


ERASED: Final = Erased()


def fresh_key() -> bytes:
    """256 random bits."""
    return os.urandom(32)


def _bound(tenant: str, event_id: str, path: str, person: str, retention: str) -> bytes:
    return b'["touchline",1,' + canonical_texts(tenant, event_id, path, person, retention)[1:]


class Sealing(NamedTuple):
    """A person's key of one retention class, ready for use."""

    key: bytes
    cipher: AESGCM
    mac: Keyed
    """For what was sent of them."""

    @classmethod
    def under(cls, key: bytes) -> Sealing:
        return cls(key, AESGCM(key), Keyed(mac_key(key)))


def nonces(count: int) -> Iterator[bytes]:
    """So many, drawn at once: each call of the system lets go of the interpreter, which another busy thread then keeps for
    up to 5 ms. For use at once; a store of them would be used twice by a machine that is copied."""
    drawn = os.urandom(_NONCE * count)
    return iter([drawn[at : at + _NONCE] for at in range(0, len(drawn), _NONCE)])


def seal(
    key: bytes,
    text: str,
    tenant: str,
    event_id: str,
    path: str,
    person: str,
    retention: str,
) -> str:
    """Clear text -> sealed value."""
    return seal_all(AESGCM(key), [(path, text)], tenant, event_id, person, retention, nonces(1))[0]


def seal_all(
    cipher: AESGCM,
    texts: Iterable[tuple[str, str]],
    tenant: str,
    event_id: str,
    person: str,
    retention: str,
    drawn: Iterator[bytes],
) -> list[str]:
    """(path, clear text) of one event -> sealed values, in order. ``drawn``: of ``nonces``, each for one text alone."""
    sealed = []
    opening = (
        f'["touchline",1,{quoted(tenant)},{quoted(event_id)},'  # ``_bound``, of which the path alone differs
    )
    closing = f",{quoted(person)},{quoted(retention)}]"
    for path, text in texts:
        nonce = next(drawn)
        bound = f"{opening}{quoted(path)}{closing}".encode()
        blob = b2a_base64(nonce + cipher.encrypt(nonce, text.encode(), bound), newline=False)
        sealed.append(_FORMAT + blob.translate(_URL_SAFE).rstrip(b"=").decode())
    return sealed


def unseal(key: bytes, blob: str, tenant: str, event_id: str, path: str, person: str, retention: str) -> str:
    """Sealed value -> clear text. Raises Unsealable for an unknown format or an altered or moved value."""
    if not blob.startswith(_FORMAT):
        raise Unsealable(f"{path} of event {event_id}")
    try:
        sealed = urlsafe_b64decode(blob[len(_FORMAT) :] + "=" * (-(len(blob) - len(_FORMAT)) % 4))
        bound = _bound(tenant, event_id, path, person, retention)
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], bound).decode()
    except (InvalidTag, ValueError):
        raise Unsealable(f"{path} of event {event_id}") from None


def mac_key(secret: bytes) -> bytes:
    """The key for content MACs, derived from a person's key or the ledger's secret: HKDF-SHA256 (RFC 5869) without salt,
    32 bytes, written out because it is drawn once for each person of a batch."""
    return Keyed(_EXTRACT(secret))(b"touchline content mac 1\x01")


def mac(key: Keyed, content: bytes) -> str:
    """HMAC-SHA256 of the content as sent, in hex."""
    return key(content).hex()


class Keyed:
    """HMAC-SHA256 (RFC 2104) under one key of up to 64 bytes, for many messages: what depends on the key alone is worked out
    once. ``hmac.digest`` looks its algorithm up each time, which takes longer than the two hashes."""

    __slots__ = ("_inner", "_outer")
    _INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
    _OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))

    def __init__(self, key: bytes) -> None:
        if len(key) > 64:
            raise ValueError("the keys here are of 64 bytes at most")
        whole = key.ljust(64, b"\x00")
        self._inner, self._outer = whole.translate(self._INNER), whole.translate(self._OUTER)

    def __call__(self, message: bytes) -> bytes:
        return sha256(self._outer + sha256(self._inner + message).digest()).digest()


_EXTRACT: Final = Keyed(bytes(32))
