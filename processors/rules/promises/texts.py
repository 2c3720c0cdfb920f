"""The few shapes of JSON that a row holds, written and read fast: judging writes five of them for each promise."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from json.encoder import encode_basestring

from schemas.canonical import uncanonical
from schemas.identity import promise_id

_KEPT = 2048


def numbers(values: Sequence[int]) -> str:
    """Whole numbers as a canonical JSON list."""
    return f"[{','.join(map(str, values))}]" if values else "[]"


def words(values: Sequence[str]) -> str:
    """Texts as a canonical JSON list."""
    if len(values) == 1:  # as mostly
        return f"[{encode_basestring(values[0])}]"
    return f"[{','.join(map(encode_basestring, values))}]"


read = lru_cache(maxsize=_KEPT)(uncanonical)
"""What such a text holds. Shared: never to be changed."""


named = lru_cache(maxsize=_KEPT)(promise_id)
"""A promise's id, remembered: the same promise is judged with each of its events."""
