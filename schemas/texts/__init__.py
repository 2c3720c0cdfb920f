"""What is said of a policy, a calendar or the YAML that they are written in: each text in one place, Chinese and English.

A code is stable: programs may look for it. ``{name}`` is filled with what was written or expected, a list of names by the
language's own comma.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from schemas.texts.calendars import CALENDARS
from schemas.texts.checks import CHECKS
from schemas.texts.duties import DUTIES
from schemas.texts.files import FILES
from schemas.texts.names import NAMES
from schemas.texts.terms import TERMS

BY_PART: Final = (FILES, TERMS, DUTIES, NAMES, CALENDARS, CHECKS)
TEXTS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {code: text for part in BY_PART for code, text in part.items()}
)
"""Code -> (Chinese, English)."""

BLANK: Final = re.compile(r"\{([a-z_]+)\}")
_LONGEST: Final = 80
"""Characters of a value that are repeated."""


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence, filled."""

    code: str
    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.zh}{'' if self.zh.endswith('？') else '。'} {self.en}"


def said(code: str, **values: object) -> Text:
    """The text of that code. Raises KeyError for a code that nobody has written."""
    zh, en = TEXTS[code]
    return Text(
        code,
        BLANK.sub(lambda found: _filled(found, values, "、", "无"), zh),
        BLANK.sub(lambda found: _filled(found, values, ", ", "none"), en),
    )


def _filled(found: re.Match[str], values: Mapping[str, object], comma: str, none: str) -> str:
    value = values.get(found[1], found[0])
    if isinstance(value, list):
        return comma.join(map(str, value)) or none
    return str(value)


def quoted(value: object) -> str:
    """What was written, as it is repeated: 24 is a number and '24' a text."""
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


class Wrong(ValueError):
    """A value is not what it must be; ``text`` says why in both languages, the message in English."""

    def __init__(self, code: str, **values: object) -> None:
        self.text = said(code, **values)
        super().__init__(self.text.en)
