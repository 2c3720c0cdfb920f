"""API keys: one per source and tenant. Only the SHA-256 of a key is kept; it has 256 bits of its own, so it needs no salt,
and whoever times the look-up learns about hashes only."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from time import monotonic

from sqlalchemy import Connection, bindparam, delete, insert, select

from ledger.hot import Hot
from ledger.tables import api_keys, tenants
from ledger.tenants import Tenant

PREFIX = "tl_"
ADMIN = "tla_"
"""How an administrator's key begins. The digest is over the whole key, so nobody can make one of another; what follows
``tl`` differs, so that no other key begins so by chance."""
APPROVER = "tlp_"
"""How an approver's key begins (处罚审批人)."""


@dataclass(frozen=True, slots=True)
class Access:
    """What a key opens: it writes as its source, and reads its tenant unless made write-only. An administrator's also
    publishes, and handles people's requests about their data; an approver's also sees penalties and decides on them."""

    tenant: Tenant
    source: str
    write_only: bool
    admin: bool = False
    approver: bool = False


_columns = (tenants.c.number, tenants.c.name, api_keys.c.source, api_keys.c.write_only)
_joined = select(*_columns).join_from(api_keys, tenants, tenants.c.number == api_keys.c.tenant)
_find = Hot(_joined.where(api_keys.c.digest == bindparam("digest")))


def _digest(secret: str) -> bytes:
    """What is kept of a key; by it a session names the key that it began with."""
    return sha256(secret.encode(errors="surrogatepass")).digest()


def create(
    connection: Connection,
    tenant: Tenant,
    source: str,
    write_only: bool = False,
    admin: bool = False,
    approver: bool = False,
) -> str:
    """Make a key and return it: this once, for it is kept nowhere. Raises ValueError without a source, and for a key of two
    duties: who runs the house does not see its penalties by that."""
    if not source:
        raise ValueError("a key needs a source")
    if approver and (admin or write_only):
        raise ValueError("an approver's key is no administrator's, and reads")
    secret = (APPROVER if approver else ADMIN if admin else PREFIX) + secrets.token_urlsafe(32)
    connection.execute(
        insert(api_keys).values(
            digest=_digest(secret), tenant=tenant.number, source=source, write_only=int(write_only)
        )
    )
    return secret


def find(connection: Connection, secret: str) -> Access | None:
    """What the key opens; None for an unknown one."""
    row = _find(connection, digest=_digest(secret)).first()
    if row is None:
        return None
    return Access(
        Tenant(row[0], row[1]), row[2], bool(row[3]), secret.startswith(ADMIN), secret.startswith(APPROVER)
    )


def digest_of(secret: str) -> str:
    """Names a key without telling it."""
    return _digest(secret).hex()


def stands(connection: Connection, digest: str) -> bool:
    """Whether the key of this ``digest_of`` is still one."""
    return _find(connection, digest=bytes.fromhex(digest)).first() is not None


_revoked: set[bytes] = set()
"""Digests of keys that this process was told to revoke, whether it came to be or not."""


def was_revoked(secret: str) -> bool:
    """Whether this process was told to revoke the key; it may not have come to be."""
    return _digest(secret) in _revoked


class Recent:
    """Keys that were found a moment ago, so that a busy caller is not looked up for each event. Whatever this process revokes
    is looked up at once; another process's revocation is known after ``SECONDS``."""

    SECONDS = 1.0
    _MOST = 10_000

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        self._now = now
        self._known: dict[bytes, tuple[Access, float]] = {}

    def find(self, secret: str) -> Access | None:
        """What the key opened a moment ago; None where it must be looked up."""
        digest = _digest(secret)
        known = self._known.get(digest)
        if known is None or digest in _revoked or self._now() - known[1] > self.SECONDS:
            return None
        return known[0]

    def note(self, secret: str, found: Access) -> None:
        """It was just looked up."""
        if len(self._known) >= self._MOST:
            self._known.clear()
        self._known[_digest(secret)] = (found, self._now())


def listed(connection: Connection) -> list[Access]:
    """What there are keys for, by tenant and source; once each."""
    query = _joined.distinct().order_by(tenants.c.number, api_keys.c.source, api_keys.c.write_only)
    return [Access(Tenant(n, name), source, bool(w)) for n, name, source, w in connection.execute(query)]


def revoke(connection: Connection, secret: str) -> bool:
    """Make a key useless; False where it was unknown."""
    _revoked.add(_digest(secret))
    return bool(connection.execute(delete(api_keys).where(api_keys.c.digest == _digest(secret))).rowcount)
