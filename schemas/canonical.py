"""Canonical JSON: one byte string for one value, and a reader that refuses what JSON readers usually let pass."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from json import encoder
from typing import Any, Final

_SURROGATE = re.compile("[\ud800-\udfff]")

Json = Any
"""None, bool, int, str, list of Json, dict of str to Json. Floats only in what a sender sent, never in what we store."""


class NotStrict(ValueError):
    """The text is not the strict JSON this system takes: doubled key, NaN, Infinity, U+0000, lone surrogate, too deep."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}" if field else reason)
        self.field = field
        self.reason = reason


class Flaw:
    """Stands in a parsed document where a value was that strict JSON does not have."""

    __slots__ = ("reason",)

    def __init__(self, reason: str) -> None:
        self.reason = reason


def _refuse(value: object) -> Json:
    raise ValueError(f"{type(value).__name__} has no place in canonical JSON")


_PLAIN: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_refuse)


def _whole() -> Callable[[Json], str]:
    """The encoder's own C kernel, made once: ``JSONEncoder.encode`` makes one for each value, a third of its time.
    Without its look-out for circles, which parsed JSON has not and which end in RecursionError."""
    make: Any = getattr(encoder, "c_make_encoder", None)
    quote: Any = getattr(encoder, "encode_basestring", None)
    if make is None or quote is None:
        return _PLAIN.encode
    kernel = make(None, _refuse, quote, None, ":", ",", True, False, True)
    return lambda value: "".join(kernel(value, 0))


canonical: Final = _whole()
"""Sorted keys, no white space, UTF-8 characters as they are. What JSON has not is refused (ValueError)."""
quoted: Final[Callable[[str], str]] = encoder.encode_basestring
"""``canonical`` of a text."""


_scan: Final[Callable[[str, int], tuple[Json, int]]] = vars(json.JSONDecoder())["scan_once"]


def uncanonical(text: str) -> Json:
    """What a text holds that ``canonical`` wrote, in a third of ``json.loads``'s time, most of which looks for white space.
    Raises ValueError where it is no such text. What others wrote is read by ``read_json``."""
    try:
        value, end = _scan(text, 0)
    except (StopIteration, json.JSONDecodeError):
        raise ValueError("not canonical JSON") from None
    if end != len(text):
        raise ValueError(f"not canonical JSON from character {end} on")
    return value


def canonical_bytes(value: Json) -> bytes:
    """``canonical`` in UTF-8."""
    return canonical(value).encode()


def canonical_texts(*texts: str) -> bytes:
    """``canonical_bytes`` of an array of texts: what identities, indexes and seals are bound to."""
    return f"[{','.join(map(quoted, texts))}]".encode()


def _pairs(pairs: list[tuple[str, Json]]) -> Json:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                made[key] = Flaw("this key stands twice")  # the key itself is not told: it may be anything
            seen.add(key)
    return made


def read_json(text: bytes | str) -> Json:
    """Parse; what strict JSON does not have becomes a ``Flaw`` in its place, so that one bad item of an array
    does not spoil its neighbours. Raises NotStrict where the text is no JSON at all."""
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8")
        return json.loads(
            text,
            object_pairs_hook=_pairs,
            parse_constant=lambda word: Flaw(f"{word} is not a JSON value"),
        )
    except UnicodeDecodeError as error:
        raise NotStrict("", f"not UTF-8: {error.reason} at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise NotStrict("", f"not JSON: {error.msg} at line {error.lineno} column {error.colno}") from None
    except RecursionError:
        raise NotStrict("", "nested too deep") from None
    except ValueError as error:  # integers beyond Python's digit limit
        raise NotStrict("", f"not JSON: {error}") from None


def flaws(value: Json, path: str = "", depth: int = 0) -> Iterator[NotStrict]:
    """Every place of a parsed document that this system refuses, with its path (``data.items[2].name``)."""
    if isinstance(value, Flaw):
        yield NotStrict(path, value.reason)
    elif isinstance(value, str):
        yield from _text_flaws(value, path)
    elif isinstance(value, (dict, list)) and depth > 32:
        yield NotStrict(path, "nested deeper than 32 levels")
    elif isinstance(value, dict):
        for key, inner in value.items():
            here = f"{path}.{key}" if path else key
            yield from _text_flaws(key, here)
            yield from flaws(inner, here, depth + 1)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from flaws(inner, f"{path}[{index}]", depth + 1)
    elif isinstance(value, int) and not -(2**63) <= value < 2**63:
        yield NotStrict(path, "an integer beyond 64 bits")


def _text_flaws(text: str, path: str) -> Iterator[NotStrict]:
    if "\x00" in text:
        yield NotStrict(path, "holds the character U+0000")
    if not text.isascii() and _SURROGATE.search(text):
        yield NotStrict(path, "holds half of a surrogate pair")
