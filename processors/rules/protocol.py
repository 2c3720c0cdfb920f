"""What a rule is: three pure functions and the rows it owns.

The fold (``processors/fold.py``) calls them, in this order, and nothing else:

``file``   once for each event, when it is placed. Says which scopes the event is evidence in.
``judge``  for each scope whose evidence changed, with all its standing evidence in order of happening.
           Knows no now. Same evidence and same book, same rows.
``marks``  for each row that changed. Lists what the row will have said, and from which instant on; what
           *stands* at an instant is the marks whose ``at`` has come, so it only grows with time.

A rule never reads a clock, a random number, a file or a database, and never sees the content of personal data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol, runtime_checkable

from schemas.event import Event
from schemas.instants import Instant

if TYPE_CHECKING:
    from processors.rules.book import Book


class Filing(NamedTuple):
    """One entry that an event makes in one scope. The fold adds the event's own times, place and id.

    ``scope``  text key, unique within the rule. A scope of fewer keys (*partial*) counts for every scope linked to it.
    ``slot``   the role of the evidence, for the rule alone to read. (scope, event, slot) is unique.
    ``value``  canonical JSON, what ``judge`` needs of the event; never personal data.
    ``link``   with slot ``LINK``: the other scope. Linking S to partial P is two filings: (S, LINK, link=P), (P, LINK, link=S).
    ``at``     the instant that orders it, where that is not the event's own time.
    """

    scope: str
    slot: str
    value: str = "null"
    link: str = ""
    at: Instant | None = None


LINK = "link"
"""Slot of a link. A scope with links is judged over its own evidence and that of the scopes it links to."""

SUM = "+"
"""First character of the slot of a linear rule's evidence (``linear.py``): in no scope that is judged, and never loaded."""

PARTIAL = "~"
"""First character of the name of a partial scope: never judged itself; evidence in it touches the scopes linked to it."""


class Evidence(NamedTuple):
    """A filing as kept: ordered by (time, rank, event_id); ``voided`` is the recorded instant at which a correction,
    withdrawal or retraction took it out (0 while it stands), ``voided_by`` the event that did."""

    scope: str
    event_id: str
    slot: str
    time: Instant
    rank: int
    recorded: Instant
    place: int
    """Fact place, or for evidence made of a verdict the place of the fact it follows."""
    root: str
    value: str
    link: str = ""
    voided: Instant = 0
    voided_by: str = ""
    known: Instant = 0
    """Of a correction: since when the same was known (recorded instant of the first of its chain that stood here under this
    slot at the same time); 0: its own recorded instant. A corrected typing error is no news and rings nobody again."""

    def order(self) -> tuple[int, int, str]:
        return (self.time, self.rank, self.event_id)


IN_ORDER = attrgetter("time", "rank", "event_id", "slot", "link", "scope")
"""Order of happening, made total: by the evidence alone, whatever it was read from or filed after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tabled:
    """Base of what rules own. Fields are int (instants, fen, counts, flags), str or bytes; never None, never float.

    ``TABLE`` names the table, ``INDEXES`` the column tuples to index, ``FLAGS`` the columns that are 1 in few rows, of which
    only those are indexed.
    """

    TABLE: ClassVar[str]
    INDEXES: ClassVar[tuple[tuple[str, ...], ...]] = ()
    FLAGS: ClassVar[tuple[str, ...]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row(Tabled):
    """Base of the rows that ``judge`` makes; indexed by (tenant, next) and (tenant, scope) too. ``id`` is unique in the table
    for a tenant."""

    id: str
    scope: str


class Mark(NamedTuple):
    """One thing that a row says from ``at`` on. ``time`` is the instant the verdict bears (a breach bears its due instant).

    ``kind`` is unique within the row ("breached", "due_soon", "step1"); ``type`` the verdict's event type;
    ``data`` the verdict's data, plain JSON without personal data.
    ``envelope`` the routing fields that the verdict carries on (case_id, house_id, project_id, …).

    With type LOOK nothing is said: at that instant the row's marks are asked for again, since one of them may still move
    away until then, for what is not known before (a breach that will wait for sources).
    """

    at: Instant
    time: Instant
    kind: str
    type: str
    data: Mapping[str, Any] = MappingProxyType({})
    envelope: Mapping[str, str] = MappingProxyType({})
    cause: str = ""
    """Event id of what brought it about (the trigger)."""


LOOK = ""
"""Type of a mark that says nothing."""


def standing(marks: Iterable[Mark], at: Instant) -> dict[str, Mark]:
    """What a row says at an instant, by kind."""
    return {mark.kind: mark for mark in marks if mark.at <= at and mark.type}


class Owner(Protocol):
    """Of a rule what its tables show. Who only reads them needs no more, and imports nothing that judges."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> int: ...

    @property
    def rows(self) -> tuple[type[Tabled], ...]: ...


class Rule(Owner, Protocol):
    """See the module's docstring. One module per rule; it alone owns its rows."""

    @property
    def rows(self) -> tuple[type[Row], ...]: ...

    def file(self, event: Event, book: Book) -> Iterable[Filing]: ...

    def judge(self, scope: str, evidence: Sequence[Evidence], book: Book) -> Iterable[Row]: ...

    def marks(self, row: Row, book: Book) -> Iterable[Mark]: ...

    def about(self, row: Row, book: Book) -> tuple[Mapping[str, Any], Mapping[str, str]]:
        """(data, envelope) that every verdict on this row bears, for verdicts that no mark describes (a retraction)."""
        ...

    def unsettled(self, event: Event, book: Book) -> Iterable[tuple[type[Row], str, Any]]:
        """After a publication (``event``): (row type, column, value) of rows to judge again, e.g. (Promise, "undated", 1).
        After a report of a source ``value`` is a pair: those whose ``column`` lies behind the first and up to the second
        may have waited for it."""
        ...


@runtime_checkable
class Carrying(Protocol):
    """A rule that can carry its rows on by the newest event alone (invariant 7), so that the thousandth event of a scope costs
    as much as the second. Never asked for a scope with links."""

    def carry(self, rows: Sequence[Row], evidence: Sequence[Evidence], book: Book) -> Sequence[Row] | None:
        """``rows`` are what ``judge`` made of all ``evidence`` but the last entry, which is the newest in order of happening.
        Returns what it makes of all, the same objects where nothing changed, and none of the rows left out; or None where that
        does not follow from the rows: then the scope is judged."""
        ...


@runtime_checkable
class Foreseeing(Protocol):
    """A rule that tells the instants of a row's marks without making them: most marks lie ahead when the row is put by, and
    nobody reads them."""

    def instants(self, row: Row, book: Book) -> Sequence[Instant]:
        """``at`` of each of ``marks``."""
        ...
