"""Our own ledgers (台账): the mappings that are shipped, by which empty ledgers are made, imported and exported."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

from producers.mapping.mapping import Mapping
from producers.mapping.reading import mapping_of

NAMES: Final = ("complaints", "repairs", "followups")


@cache
def ledger(name: str) -> Mapping:
    """One of ``NAMES``."""
    file = f"{name}.yaml"
    return mapping_of(files("producers.sheets").joinpath(file).read_text(encoding="utf-8"), file)


def ledgers() -> list[Mapping]:
    return [ledger(name) for name in NAMES]
