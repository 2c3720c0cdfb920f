"""One entry of the catalogue: an event type (事件类型) as plain data. Its model is imported when an event of it is read.

So a command that only names types, or folds what is stored already, pays for no model of any content.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from schemas.model import Content

OPENS: Final = 0
WORKS: Final = 1
CLOSES: Final = 2
AFTER: Final = 3
"""Rank of a type: orders events of one scope that bear the same time."""

Case = Literal["opens", "needs", "none"]
Writer = Literal["intake", "admin", "approver", "system", "engine"]
"""Any source; an administrator's key; an approver's; Touchline itself, in the fact lane; its engine, in the verdict lane."""
Retention = Literal["service", "record", "privacy"]
"""service: what customers said and had done; record: what staff decided; privacy: proof of data handling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventType:
    """One entry: what the type is called, who may write it, what it does to a case, how it sorts."""

    name: str
    stage: str
    """Module of its model (``schemas.touchpoints.complaints``)."""
    zh: str
    en: str
    case: Case
    rank: int
    writer: Writer
    retention: Retention
    thing: str
    """Field that names what the event opens (``sheet_id``); absent, the event's own id is the thing's id."""
    version: int

    @property
    def model(self) -> type[Content]:
        """The model of its ``data``, called like the type: complaint.received -> ComplaintReceived."""
        return _model(self.stage, self.name)

    @property
    def touchpoint(self) -> bool:
        """Whether it is something between the company and a customer."""
        return self.stage.startswith("schemas.touchpoints.")

    @property
    def doc(self) -> str:
        """What it means, and its row in the domain reference."""
        return " ".join((self.model.__doc__ or "").split())


@cache
def _model(stage: str, name: str) -> type[Content]:
    words = name.replace(".", "_").split("_")
    found: type[Content] = getattr(import_module(stage), "".join(word.capitalize() for word in words))
    return found


def kind(
    name: str,
    zh: str,
    en: str,
    case: Case = "none",
    rank: int = WORKS,
    *,
    stage: str,
    writer: Writer = "intake",
    retention: Retention = "service",
    thing: str = "",
    version: int = 1,
) -> EventType:
    """An entry, with what most types have left out."""
    return EventType(
        name=name,
        stage=stage,
        zh=zh,
        en=en,
        case=case,
        rank=rank,
        writer=writer,
        retention=retention,
        thing=thing,
        version=version,
    )
