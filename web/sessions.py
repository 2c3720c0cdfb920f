"""Signed-in sessions: a cookie that the server signed, so that it needs no table and outlives a restart."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass

COOKIE = "touchline_session"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Who signed in: the tenant's name, the source of the key, a short name of the key for its rate bucket."""

    tenant: str
    source: str
    key: str
    write_only: bool
    expires: int
    """Seconds since 1970."""
    approver: str = ""
    """Of a session that began with an approver's key: the digest of that key, which must still stand."""


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _mac(secret: bytes, body: str) -> bytes:
    return hmac.new(secret, b"session:" + body.encode("ascii"), hashlib.sha256).digest()


def seal(secret: bytes, session: Session) -> str:
    """Session -> cookie value."""
    fields = [
        session.tenant,
        session.source,
        session.key,
        session.write_only,
        session.expires,
        session.approver,
    ]
    body = _b64(json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode())
    return f"{body}.{_b64(_mac(secret, body))}"


def read(secret: bytes, cookie: str, now: int) -> Session | None:
    """Cookie value -> session; None where it is forged, malformed or over. ``now`` in seconds."""
    body, dot, mac = cookie.partition(".")
    try:
        if not dot or not cookie.isascii() or not hmac.compare_digest(_unb64(mac), _mac(secret, body)):
            return None
        tenant, source, key, write_only, expires, *more = json.loads(_unb64(body))
    except (ValueError, binascii.Error):
        return None
    if expires <= now:
        return None
    approver = str(more[0]) if more else ""
    return Session(
        tenant=tenant, source=source, key=key, write_only=write_only, expires=expires, approver=approver
    )
