"""The message catalogue: what every code is called, Chinese first (第一语言中文), English second.

Pages, alerts, exports and the command line ask here, so that one code is called by one name everywhere. Event
types have their labels in the event catalogue. A code that several lists share (``other``, ``property_co``) has one
name that fits all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from schemas.catalogue import CATALOGUE
from schemas.words_codes import CODES
from schemas.words_roles import ROLES

Lang = Literal["zh", "en"]

WORDS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType({**CODES, **ROLES})
"""Code -> (Chinese, English)."""


def label(code: str, lang: str = "zh") -> str:
    """What a code or an event type is called; the code itself where nobody has named it (a company's own role)."""
    entry = CATALOGUE.get(code)
    if entry is not None:
        return entry.en if lang == "en" else entry.zh
    pair = WORDS.get(code)
    return code if pair is None else pair[lang == "en"]


_TAKEN_BACK: Final[Mapping[str, tuple[str, str]]] = {
    "due_soon": ("提醒", "warning"),
    "breached": ("超时", "breach"),
    "step": ("升级", "step"),
    "level": ("上移", "level"),
    "converted": ("转投诉", "conversion"),
    "stays": ("复核", "review"),
    "new_occurrence": ("复核", "review"),
}
"""How the kind of a verdict begins -> what its retraction takes back."""


def taken_back(kind: str) -> tuple[str, str]:
    """What a retraction of a verdict of this kind (``due_soon2``, ``step1``) takes back, in both languages."""
    pair = next((pair for begins, pair in _TAKEN_BACK.items() if kind.startswith(begins)), None)
    return pair or (label(kind), label(kind, "en"))
