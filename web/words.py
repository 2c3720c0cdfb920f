"""Texts of the pages, Chinese first: the shared catalogue (``schemas.words``), and beside it what only pages say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from schemas import words
from web.texts.fields import FIELDS
from web.texts.pages import PAGE

LANGUAGES: Final = ("zh", "en")


class Words:
    """The texts of one answer, in its reader's language. Called in templates: ``t("due")``, ``t("step", n=2)``."""

    def __init__(self, lang: str) -> None:
        self.lang = lang if lang in LANGUAGES else "zh"

    @property
    def other(self) -> str:
        return "en" if self.lang == "zh" else "zh"

    def __call__(self, code: str, **given: object) -> str:
        text = PAGE[code][self.lang == "en"]
        return text.format(**given) if given else text

    def label(self, code: str) -> str:
        """The label of a code of the language (role, channel, type …); the code itself where it has none."""
        return words.label(code, self.lang) if code else ""

    def verdict(self, type_: str, taken_back: str) -> str:
        """The label of a verdict's type; of a retraction with what it takes back, by the kind of that ("" for none)."""
        if not taken_back:
            return self.label(type_)
        what = words.taken_back(taken_back)[self.lang == "en"]
        return f"{self.label(type_)}{': ' if self.lang == 'en' else '：'}{what}"

    def field(self, name: str) -> str:
        """What a field of an event's data is called."""
        pair = FIELDS.get(name)
        return pair[self.lang == "en"] if pair else self.label(name).replace("_", " ")

    def row(self, items: Iterable[str]) -> str:
        """Several names after each other."""
        return (", " if self.lang == "en" else "、").join(items)

    def role(self, slot: str) -> str:
        """What a piece of evidence is to a promise: the first letter of its slot says it."""
        return self(f"role.{slot[:1]}") if f"role.{slot[:1]}" in PAGE else self("role.")

    def spell(self, micros: int) -> str:
        """A length of time for people, its two greatest units: ``2 天 3 时``, ``41 秒``."""
        seconds = max(0, micros) // 1_000_000
        parts = [
            (seconds // 86_400, self("day")),
            (seconds // 3600 % 24, self("hour_abbr")),
            (seconds // 60 % 60, self("minute_abbr")),
            (seconds % 60, self("second_abbr")),
        ]
        while len(parts) > 1 and parts[0][0] == 0:
            parts.pop(0)
        return " ".join(f"{n} {unit}" for n, unit in parts[:2] if n or len(parts) == 1)
