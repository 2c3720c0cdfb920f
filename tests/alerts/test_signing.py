"""Traps of standardwebhooks: errors of every kind become one, replays are known by their id, Shanghai is not UTC."""

from __future__ import annotations

import time

import pytest

from alerts.settings import BadSettings
from alerts.signing import NotSigned, Receiver, Signer
from tests.alerts.support import SECRET


def _signed(body: str = '{"a":1}', message_id: str = "m1", at: int | None = None) -> dict[str, str]:
    return Signer(SECRET).headers(message_id, time.time_ns() // 1000 if at is None else at, body)


def test_a_signed_message_is_taken_once() -> None:
    receiver = Receiver(SECRET)
    assert receiver.take(_signed(), b'{"a":1}') == ({"a": 1}, True)
    assert receiver.take(_signed(), b'{"a":1}') == ({"a": 1}, False)
    assert receiver.take(_signed(message_id="m2"), b'{"a":1}') == ({"a": 1}, True)


@pytest.mark.parametrize(
    "changed",
    [
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,%%%"},
        {"webhook-signature": "v1,a"},
        {"webhook-signature": ""},
        {"webhook-signature": "v2,x y,z"},
        {"webhook-timestamp": "nan"},
        {"webhook-timestamp": "1e400"},
        {"webhook-timestamp": "1"},
        {"webhook-id": "m2"},
    ],
)
def test_malformed_and_foreign_headers_are_one_error(changed: dict[str, str]) -> None:
    with pytest.raises(NotSigned):
        Receiver(SECRET).take(_signed() | changed, b'{"a":1}')


@pytest.mark.parametrize("body", [b'{"a":2}', b"\xff\xfe", b"", b"not json"])
def test_other_bodies_are_the_same_error(body: bytes) -> None:
    with pytest.raises(NotSigned):
        Receiver(SECRET).take(_signed(), body)


def test_signed_garbage_is_the_same_error() -> None:
    with pytest.raises(NotSigned):
        Receiver(SECRET).take(_signed("not json"), b"not json")


def test_the_timestamp_is_utc_seconds() -> None:
    assert _signed(at=1_795_320_000_999_999)["webhook-timestamp"] == "1795320000"


@pytest.mark.parametrize("secret", ["", "whsec_", "plain", "whsec_a", "whsec_密"])
def test_a_bad_secret_is_named_and_not_shown(secret: str) -> None:
    with pytest.raises(BadSettings) as caught:
        Signer(secret)
    assert "webhook_secret" in str(caught.value)
    assert len(secret) < 7 or secret not in str(caught.value)
