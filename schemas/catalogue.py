"""The catalogue (事件目录): every event type that this code knows, by name.

Types of other versions of the code may stand in a ledger; whoever meets one that is not here stops and names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType, ModuleType
from typing import Any

from schemas import verdicts
from schemas.facts import alerts, corrections, privacy, publications, waivers
from schemas.instants import Instant
from schemas.model import Case, Content, Retention, Writer
from schemas.touchpoints import (
    cases,
    commitments,
    complaints,
    contacts,
    deliveries,
    followups,
    inquiries,
    repairs,
    sheets,
    suggestions,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventType:
    """One entry: what the type is called, who may write it, what it does to a case, how it sorts."""

    name: str
    version: int
    model: type[Content]
    zh: str
    en: str
    case: Case
    rank: int
    writer: Writer
    retention: Retention
    thing: str
    """Field that names what the event opens (``sheet_id``); absent, the event's own id is the thing's id."""
    touchpoint: bool

    @property
    def doc(self) -> str:
        """What it means, and its row in the domain reference."""
        return " ".join((self.model.__doc__ or "").split())


class UnknownType(KeyError):
    """No event type of that name in this version of the code."""

    def __str__(self) -> str:
        return f"no event type is called {self.args[0]!r} (touchline events list)"


STAGES: tuple[ModuleType, ...] = (
    contacts,
    inquiries,
    complaints,
    suggestions,
    repairs,
    followups,
    sheets,
    commitments,
    cases,
    deliveries,
    corrections,
    waivers,
    alerts,
    publications,
    privacy,
    verdicts,
)


def _entries() -> dict[str, EventType]:
    found: dict[str, EventType] = {}
    for stage in STAGES:
        for model in vars(stage).values():
            if not (isinstance(model, type) and issubclass(model, Content) and "TYPE" in vars(model)):
                continue
            if model.__module__ != stage.__name__:
                continue
            if model.TYPE in found:
                raise RuntimeError(f"two models are called {model.TYPE}")
            found[model.TYPE] = EventType(
                name=model.TYPE,
                version=model.VERSION,
                model=model,
                zh=model.ZH,
                en=model.EN,
                case=model.CASE,
                rank=model.RANK,
                writer=model.WRITER,
                retention=model.RETENTION,
                thing=model.THING,
                touchpoint=stage.__name__.startswith("schemas.touchpoints."),
            )
    return found


CATALOGUE: Mapping[str, EventType] = MappingProxyType(_entries())


def event_type(name: str) -> EventType:
    """The entry of a type. Raises UnknownType."""
    try:
        return CATALOGUE[name]
    except KeyError:
        raise UnknownType(name) from None


def rank(name: str) -> int:
    """0 opens, 1 works, 2 closes, 3 after: the order of events that bear the same time. Raises UnknownType."""
    return event_type(name).rank


def label(name: str, lang: str = "zh") -> str:
    """A type's label; the name itself where the type is not known."""
    entry = CATALOGUE.get(name)
    return name if entry is None else entry.en if lang == "en" else entry.zh


def example(name: str, at: Instant | None = None, event: str | None = None) -> dict[str, Any]:
    """A valid CloudEvent of the type, to post as it is, happened at ``at`` and with the id ``event``.

    Raises UnknownType, and LookupError for what only the engine writes.
    """
    from schemas.examples import make

    entry = event_type(name)
    if entry.writer == "engine":
        raise LookupError(f"{name} is written by the engine alone; it cannot be posted")
    return make(name, at, event)


def build() -> None:
    """Build every validator now (they are built on first use): for a server, before it takes calls."""
    for entry in CATALOGUE.values():
        entry.model.model_rebuild()
