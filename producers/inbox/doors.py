"""Who may deliver: a token, an HMAC over the body, or a Standard Webhooks signature. No secret has a default."""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Mapping, Sequence
from typing import Final

KINDS: Final = ("token", "hmac", "standard-webhooks")
USUAL: Final = {"token": "header:x-token", "hmac": "header:x-signature", "standard-webhooks": ""}
"""Where the token or signature stands, if nothing else is said."""
SHORTEST: Final = 16
"""Characters of a secret that a vendor chose."""


class NotAuthentic(Exception):
    """The delivery does not prove that it comes from its source."""


class BadDoor(ValueError):
    """(Chinese, English): what is wrong with how an inbox is to be guarded."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} {en}")
        self.zh = zh
        self.en = en


def fresh_secret(kind: str) -> str:
    """256 random bits, as the kind writes them."""
    if kind == "standard-webhooks":
        return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    return secrets.token_urlsafe(32)


def checked(kind: str, place: str, secret: str) -> str:
    """The place as it is kept. Raises BadDoor."""
    if kind not in KINDS:
        raise BadDoor(f"验证方式须为 {'、'.join(KINDS)}", f"verify is one of {', '.join(KINDS)}")
    if kind == "standard-webhooks":
        try:
            coded = secret.removeprefix("whsec_").rstrip("=")
            raw = base64.b64decode(coded + "=" * (-len(coded) % 4), validate=True)
        except ValueError:
            raw = b""
        if not secret.startswith("whsec_") or len(raw) < 24:
            raise BadDoor(
                "密钥须为 whsec_ 加至少 24 字节的 base64",
                "the secret is whsec_ and base64 of 24 bytes or more",
            )
        return ""
    if len(secret) < SHORTEST or not secret.isascii() or not secret.isprintable():
        raise BadDoor(
            f"密钥须为至少 {SHORTEST} 个可打印 ASCII 字符",
            f"the secret has {SHORTEST} printable characters or more",
        )
    where, _, name = (place or USUAL[kind]).partition(":")
    known = ("header", "query") if kind == "token" else ("header",)
    if (
        where not in known
        or not name
        or not name.replace("-", "").replace("_", "").isalnum()
        or not name.isascii()
    ):
        raise BadDoor(
            f"位置请写 {' 或 '.join(f'{w}:名称' for w in known)}",
            f"write {' or '.join(f'{w}:NAME' for w in known)}",
        )
    return f"{where}:{name.lower() if where == 'header' else name}"


def authentic(
    kind: str,
    place: str,
    secret: str,
    headers: Mapping[str, str],
    query: Sequence[tuple[str, str]],
    body: bytes,
) -> str:
    """The sender's own id of the delivery, "" where its kind has none. ``headers`` by lower-case name. Raises NotAuthentic."""
    if kind == "standard-webhooks":
        return _standard(secret, headers, body)
    where, _, name = place.partition(":")
    given = headers.get(name, "") if where == "header" else next((v for n, v in query if n == name), "")
    if kind == "token":
        if name == "authorization" and given[:7].lower() == "bearer ":
            given = given[7:].strip()
        good = hmac.compare_digest(given.encode("utf-8", "surrogateescape"), secret.encode())
    else:
        good = hmac.compare_digest(_signature(given), hmac.digest(secret.encode(), body, "sha256"))
    if not given or not good:
        raise NotAuthentic
    return ""


def _signature(given: str) -> bytes:
    """Hex or base64, with or without ``sha256=`` before it."""
    text = given.strip()
    if text[:7].lower() == "sha256=":
        text = text[7:]
    try:
        return bytes.fromhex(text) if len(text) == 64 else base64.b64decode(text, validate=True)
    except ValueError:
        return b""


def _standard(secret: str, headers: Mapping[str, str], body: bytes) -> str:
    """The library raises whatever comes of malformed headers, and takes the same message again within its five minutes:
    here every error is one, and the id it returns is kept with the letter, for good."""
    from standardwebhooks import Webhook

    try:
        Webhook(secret).verify(body, dict(headers), json_parse=False)
    except Exception:
        raise NotAuthentic from None
    return headers["webhook-id"]


def without_proof(place: str, query: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The fields of the URL but for the token."""
    where, _, name = place.partition(":")
    return tuple(pair for pair in query if where != "query" or pair[0] != name)
