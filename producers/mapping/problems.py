"""What is wrong: with a mapping (file, line, key, reason) or with a row (field, reason). Never with a value in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from schemas.canonical import Json
from schemas.policy_yaml import Place, Trail


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong with a mapping or an alias file. ``line`` from 1; ``key`` as ``columns.opened.as``."""

    file: str
    line: int
    key: str
    reason: str
    reason_zh: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.key + ': ' if self.key else ''}{self.reason_zh} {self.reason}"

    def dump(self) -> dict[str, Json]:
        return asdict(self)


class MappingFault(ValueError):
    """The mapping cannot be used; ``flaws`` says why, by line."""

    def __init__(self, flaws: Iterable[Flaw]) -> None:
        self.flaws = sorted(flaws, key=lambda flaw: (flaw.file, flaw.line, flaw.key))
        super().__init__("\n".join(map(str, self.flaws)))


class Flaws:
    """Collects what is wrong while a mapping is read, each at its place."""

    def __init__(self, places: dict[Trail, Place]) -> None:
        self._places = places
        self.found: list[Flaw] = []

    def add(self, path: Trail, zh: str, en: str) -> None:
        """``path`` from the top of the file; the deepest part that was written gives the line."""
        length = next((n for n in range(len(path), -1, -1) if path[:n] in self._places), 0)
        place = self._places.get(path[:length], Place("", 0))
        self.found.append(Flaw(place.file, place.line, ".".join(map(str, path)), en, zh))


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a row: the heading or path of the field ("" for the row), and why."""

    field: str
    reason: str
    reason_zh: str


class BadRow(ValueError):
    """Nothing of the row is kept; ``faults`` says why, at least one."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(f"{fault.field}: {fault.reason}" for fault in faults))
        self.faults = faults


class BadCell(ValueError):
    """A cell that is not what its column says: (Chinese, English), without the value."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} {en}")
        self.zh = zh
        self.en = en
