"""The few shapes of JSON that a row holds, written and read fast: judging writes five of them for each promise."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any

from schemas.identity import promise_id

_KEPT = 65_536


def numbers(values: Iterable[int]) -> str:
    """Whole numbers as a canonical JSON list."""
    return f"[{','.join(map(str, values))}]"


def words(values: Iterable[str]) -> str:
    """Texts as a canonical JSON list."""
    return f"[{','.join(map(encode_basestring, values))}]"


@lru_cache(maxsize=_KEPT)
def read(text: str) -> Any:
    """What such a text holds. Shared: never to be changed."""
    return json.loads(text)


named = lru_cache(maxsize=_KEPT)(promise_id)
"""A promise's id, remembered: the same promise is judged with each of its events."""
