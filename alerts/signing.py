"""Standard Webhooks signatures, with the library's uncaught errors turned into ours.

The library lets through what its callers do not expect: a secret that is no base64 (binascii.Error), a signature header
without a comma (ValueError), one with a broken base64 part, a body that is no UTF-8 or no JSON. It signs the wall
clock of an aware datetime as if it were UTC. And it accepts the same message again within its five minutes, so a
receiver has to keep the ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from standardwebhooks import Webhook

from alerts.settings import BadSettings
from schemas.instants import DAY, SECOND, Instant, from_datetime, to_datetime


class NotSigned(Exception):
    """The message does not carry a valid, recent signature of this secret."""


def _webhook(secret: str) -> Webhook:
    try:
        return Webhook(secret)
    except Exception as error:
        raise BadSettings(
            f"webhook_secret is not a Standard Webhooks secret (whsec_ and base64): {type(error).__name__}"
        ) from None


class Signer:
    """Signs outgoing calls. Raises BadSettings for a secret that is none."""

    def __init__(self, secret: str) -> None:
        if not secret.startswith("whsec_"):
            raise BadSettings("webhook_secret must begin with whsec_")
        self._webhook = _webhook(secret)

    def headers(self, message_id: str, at: Instant, body: str) -> dict[str, str]:
        """webhook-id, webhook-timestamp (seconds UTC) and webhook-signature for a body."""
        moment = to_datetime(at).astimezone(UTC)
        return {
            "webhook-id": message_id,
            "webhook-timestamp": str(at // SECOND),
            "webhook-signature": str(self._webhook.sign(message_id, moment, body)),
        }


class Receiver:
    """The other end, for programs that receive our alerts: checks the signature and knows what it has seen.

    At least once is what a sender can promise; once is what a receiver makes of it by keeping the ids.
    """

    def __init__(self, secret: str, keep: int = DAY) -> None:
        self._webhook = _webhook(secret)
        self._keep = keep
        self._seen: dict[str, Instant] = {}

    def take(self, headers: Mapping[str, str], body: bytes) -> tuple[Any, bool]:
        """(the JSON body, True if this id is new). Raises NotSigned for whatever else arrives."""
        try:
            content = self._webhook.verify(body, dict(headers))
        except Exception as error:
            raise NotSigned(f"{type(error).__name__}: not a valid Standard Webhooks message") from None
        now = from_datetime(datetime.now(tz=UTC))
        message_id = next(v for k, v in headers.items() if k.lower() == "webhook-id")
        fresh = message_id not in self._seen
        self._seen = {k: at for k, at in self._seen.items() if at > now - self._keep}
        self._seen.setdefault(message_id, now)
        return content, fresh
