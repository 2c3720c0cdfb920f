"""Sources (来源): who declared that it reports late, how far each has reported, and what each has ever sent (invariant 11).

Immutable; ``heard`` gives another. All of it follows from facts in the order of their places. A breach asks only for what
had been recorded before the instant at which it would be confirmed without any source, so a source declared later changes
no breach that was told; and of each source's reports the newest alone counts, since an older one that released a promise
is followed by a newer one that releases it too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from schemas.delays import MOST, delay
from schemas.event import Event
from schemas.instants import NEVER, Instant, parse_instant

DECLARED: Final = "source.declared"
REPORTED: Final = "source.reported_through"
LONGEST: Final = MOST
"""Nothing waits longer than this for a source."""
ANY: Final = "*"


class Declared(NamedTuple):
    """From ``recorded`` on, what happened may be reported ``within`` µs, ``said`` as 26h; 0: it reports at once."""

    recorded: Instant
    within: int
    said: str


class Reported(NamedTuple):
    """The newest report of a source: it has told everything that happened up to ``through``."""

    place: int
    recorded: Instant
    through: Instant
    before: Instant
    """How far it had reported before."""


class Wait(NamedTuple):
    """A promise waits for a source: no longer than ``limit``, and until it has reported (``until``)."""

    source: str
    limit: Instant
    until: Instant


class Sources:
    """See the module's docstring."""

    __slots__ = ("declared", "reported", "senders", "sent")

    def __init__(
        self,
        declared: Mapping[str, tuple[Declared, ...]],
        reported: Mapping[str, Reported],
        sent: Mapping[tuple[str, str], Instant],
        senders: Mapping[str, tuple[str, ...]],
    ) -> None:
        self.declared, self.reported, self.sent, self.senders = declared, reported, sent, senders

    def heard(self, event: Event) -> Sources:
        """With one more fact; itself where that tells nothing new of sources."""
        declared, reported = self.declared, self.reported
        sent, senders = self.sent, self.senders
        key = (event.source, event.type)
        if key in sent:  # as mostly; it is neither of those below
            return self
        if event.type not in (DECLARED, REPORTED):
            sent = {**sent, key: event.recorded}
            for name in (event.type, ANY):
                if event.source not in senders.get(name, ()):
                    senders = {**senders, name: (*senders.get(name, ()), event.source)}
        if event.type == DECLARED:
            name = str(event.data["source"])
            said = str(event.data["reports_within"])
            one = Declared(event.recorded, delay(said), said)
            declared = {**declared, name: (*declared.get(name, ()), one)}
        elif event.type == REPORTED:
            through = min(parse_instant(str(event.data["through_at"])), event.recorded)
            last = self.reported.get(event.source)
            if last is None or last.through < through:
                before = last.through if last is not None else -NEVER
                one_more = Reported(event.place, event.recorded, through, before)
                reported = {**reported, event.source: one_more}
        if declared is self.declared and reported is self.reported and sent is self.sent:
            return self
        return Sources(declared, reported, sent, senders)

    def superseded(self, later: Sources) -> list[int]:
        """Places of reports that ``later`` no longer needs."""
        return sorted(one.place for source, one in self.reported.items() if later.reported[source] is not one)

    def within(self, source: str, before: Instant) -> int:
        """How late a source may report, by what had been declared before an instant."""
        found = 0
        for one in self.declared.get(source, ()):
            if one.recorded < before:
                found = one.within
        return found

    def waits(self, types: Iterable[str], due: Instant, base: Instant) -> list[Wait]:
        """For whom a promise due at ``due`` waits that nothing else keeps open behind ``base``, in order of names: each
        declared source that had ever sent one of ``types``. Only what keeps it waiting behind ``base``."""
        if not self.declared:
            return []
        found = []
        for source in sorted({one for name in types for one in self.senders.get(name, ())}):
            limit = due + self.within(source, base)
            if limit <= base or not self._had_sent(source, types, base):
                continue
            last = self.reported.get(source)
            until = min(limit, last.recorded) if last is not None and last.through >= due else limit
            if until > base:
                found.append(Wait(source, limit, until))
        return found

    def _had_sent(self, source: str, types: Iterable[str], before: Instant) -> bool:
        if ANY in types:
            return any(at < before for (name, _), at in self.sent.items() if name == source)
        return any(self.sent.get((source, name), before) < before for name in types)


NONE: Final = Sources({}, {}, {}, {})
"""Nothing heard yet."""
