"""The shelf: the scopes, rows and announcements that one batch has taken from the store, and what it changed there.

Everything is read through ``Pages`` at most once and changed here in memory; the engine then hands the changes to the
store as ``Effects``. One shelf serves one batch of one tenant and is thrown away; its scopes may stay ``Warm`` for the next.
"""

from __future__ import annotations

import heapq
from bisect import insort
from collections.abc import Iterable, Sequence
from typing import TypeVar

from processors.ports import Announced, DueRow, Effects, Pages, Parked, Written
from processors.rules.linear import Summed, summed
from processors.rules.protocol import IN_ORDER, LINK, PARTIAL, SUM, Evidence, Row
from processors.warm import Key, Scope, Warm
from schemas.instants import NEVER, Instant

__all__ = ["JUDGE", "Bound", "Key", "Scope", "Shelf", "Touched", "whole"]

Bound = tuple[Instant, str, str]
"""(instant, rule, row id): how far a slice of time goes; every row up to and with this one."""

Kept = tuple[Row, Instant] | None
"""A row with its next instant."""

Touched = dict[Key, int]
"""Scopes whose evidence changed -> how many pieces came as their newest, where nothing else changed in them; else JUDGE."""

Noted = tuple[str, Sequence[Evidence]]
"""A rule, and what one event is evidence of for it."""

JUDGE = -1

RowT = TypeVar("RowT", bound=Row)

_LAST = chr(0x10FFFF)


def whole(until: Instant) -> Bound:
    """All rows up to an instant."""
    return (until, _LAST, _LAST)


class Shelf:
    """See the module's docstring."""

    def __init__(self, pages: Pages, warm: Warm | None = None) -> None:
        self.pages = pages
        self._warm = Warm(0) if warm is None else warm
        self._scopes: dict[Key, Scope] = {}
        self._evidence: list[Noted] = []
        self._rows: dict[tuple[type[Row], str], tuple[Kept, Kept, Row | None]] = {}
        """What was put or dropped: (as it is, as it was before this batch, the row if it is no more)."""
        self._said: dict[tuple[str, str, str, str], Announced] = {}
        self._by_event: dict[str, list[Noted]] = {}
        self._asked: set[str] = set()
        self._due: list[tuple[Instant, str, str, str]] = []
        self._sums: dict[tuple[str, str], Summed] = {}
        self.parked: dict[Key, Parked] = {}

    # -- scopes

    def warm(self, rule: str, scopes: Iterable[str]) -> None:
        """Take many scopes from the store at once, with their rows, announcements and the scopes they link to."""
        if (wanted := self._missing(rule, scopes)) and (further := self._take(rule, wanted)):
            self._take(rule, self._missing(rule, further))

    def _missing(self, rule: str, scopes: Iterable[str]) -> list[str]:
        """Those of which nothing is known here; warm ones are taken over."""
        mine, warm = self._scopes, self._warm
        missing = set()
        for name in scopes:
            key = (rule, name)
            if key not in mine and name not in missing:
                if (held := warm.get(key)) is not None:
                    mine[key] = held
                else:
                    missing.add(name)
        return sorted(missing)

    def _take(self, rule: str, wanted: Sequence[str]) -> set[str]:
        evidence = self.pages.evidence(rule, wanted)
        full = [s for s in wanted if s[0] != PARTIAL]
        # rows follow from evidence; what was announced of rows that are gone stays
        judged = [s for s in full if s in evidence]
        rows = self.pages.rows(rule, judged) if judged else {}
        further: set[str] = set()
        for name in wanted:
            scope = self._scopes[(rule, name)] = Scope()
            if name not in evidence and name not in rows:
                continue
            for entry in evidence.get(name, ()):
                if entry.slot == LINK:
                    scope.links[(entry.event_id, entry.link)] = entry
                    if (rule, entry.link) not in self._scopes:
                        further.add(entry.link)
                else:
                    scope.evidence.append(entry)
            scope.evidence.sort(key=IN_ORDER)
            for row, upcoming in rows.get(name, ()):
                scope.rows[row.id] = (row, upcoming)
        if full:
            for one in self.pages.announced(rule, full):
                self._scopes[(rule, one.scope)].said.setdefault(one.row_id, {})[one.kind] = one
        return further

    def scope(self, rule: str, name: str) -> Scope:
        key = (rule, name)
        found = self._scopes.get(key)
        if found is not None:
            return found
        if (held := self._warm.get(key)) is not None:
            self._scopes[key] = held
        elif further := self._take(rule, (name,)):
            self._take(rule, self._missing(rule, further))
        return self._scopes[key]

    def scopes(self) -> Iterable[tuple[Key, Scope]]:
        """Everything in hand, to be kept warm once its changes are committed."""
        return self._scopes.items()

    def judged(self, rule: str, name: str) -> list[str]:
        """The scopes to judge when evidence of this one changed: itself, or those that read a partial one."""
        if name[0] != PARTIAL:
            return [name]
        scope = self.scope(rule, name)
        if scope.linked is None:
            scope.linked = list(self.pages.linked(rule, (name,)).get(name, ()))
        self.warm(rule, scope.linked)
        here = {entry.link for entry in scope.links.values()}
        return sorted(here.union(s for s in scope.linked if self._reads(rule, s, name)))

    def touched(self, rule: str, entry: Evidence) -> list[str]:
        """The scopes to judge when this entry came or went. A link in a partial scope says nothing to those that read it:
        the full scope that it names bears the same link, and is judged for that."""
        if entry.slot == LINK and entry.scope.startswith(PARTIAL):
            return []
        return self.judged(rule, entry.scope)

    def _reads(self, rule: str, full: str, partial: str) -> bool:
        return any(link == partial for _, link in self.scope(rule, full).links)

    def seen_by(self, rule: str, name: str) -> list[Evidence]:
        """Standing evidence of a scope and of the partial scopes it links to, in order of happening."""
        scope = self.scope(rule, name)
        if not scope.links:
            return scope.evidence
        seen = list(scope.evidence)
        for partial in {link for _, link in scope.links}:
            seen.extend(self.scope(rule, partial).evidence)
        seen.sort(key=IN_ORDER)
        return seen

    # -- evidence

    def enter(self, rule: str, entries: Sequence[Evidence], touched: Touched) -> None:
        """File what an event is evidence of, and note which scopes that touches."""
        self.note(rule, entries)
        scopes = self._scopes
        for entry in entries:
            name = entry.scope
            key = (rule, name)
            scope = scopes.get(key) or self.scope(rule, name)
            if entry.slot == LINK:
                scope.links[(entry.event_id, entry.link)] = entry
                touched.update(dict.fromkeys([(rule, full) for full in self.touched(rule, entry)], JUDGE))
                continue
            evidence, newest = scope.evidence, True
            if not evidence or evidence[-1].time < entry.time or IN_ORDER(evidence[-1]) < IN_ORDER(entry):
                evidence.append(entry)
            else:
                insort(evidence, entry, key=IN_ORDER)
                newest = False
            if name[0] == PARTIAL:
                touched.update(dict.fromkeys([(rule, full) for full in self.judged(rule, name)], JUDGE))
                continue
            came = touched.get(key, 0)
            touched[key] = came + 1 if newest and came != JUDGE else JUDGE

    def note(self, rule: str, entries: Sequence[Evidence]) -> None:
        """What one event is evidence of, to be written."""
        noted = (rule, entries)
        self._evidence.append(noted)
        self._by_event.setdefault(entries[0].event_id, []).append(noted)

    def unfile(self, rule: str, event_id: str) -> list[str]:
        """Forget what a rule filed of an event in this batch (it is being parked). Returns the scopes to judge again."""
        kept: list[Noted] = []
        touched: dict[str, None] = {}
        for noted in self._by_event.get(event_id, ()):
            if noted[0] != rule:
                kept.append(noted)
                continue
            for entry in noted[1]:
                touched |= dict.fromkeys(self.touched(rule, entry))
                self._take_out(rule, entry)
        self._evidence = [
            noted for noted in self._evidence if (noted[0], noted[1][0].event_id) != (rule, event_id)
        ]
        self._by_event[event_id] = kept
        return list(touched)

    def know(self, event_ids: Iterable[str]) -> None:
        """Take the evidence of events that this batch will correct, all at once."""
        wanted = sorted(set(event_ids) - self._asked)
        if not wanted:
            return
        self._asked.update(wanted)
        for event_id, entries in self.pages.evidence_of(wanted).items():
            mine = self._by_event.setdefault(event_id, [])
            have = {(r, e.scope, e.slot, e.link) for r, noted in mine for e in noted}
            mine.extend((r, (e,)) for r, e in entries if (r, e.scope, e.slot, e.link) not in have)

    def filed(self, rule: str, event_id: str) -> set[tuple[str, str, str]]:
        """(scope, slot, link) of what stands of an event; ``know`` it first."""
        mine = [noted for owner, noted in self._by_event.get(event_id, ()) if owner == rule]
        return {(e.scope, e.slot, e.link) for noted in mine for e in noted}

    def void(self, event_id: str, at: Instant, by: str) -> tuple[list[Key], list[tuple[str, Evidence]]]:
        """Take an event's evidence out of every scope. Returns the scopes to judge again, and what was taken out."""
        self.know((event_id,))
        touched: list[Key] = []
        taken: list[tuple[str, Evidence]] = []
        standing = [(rule, entry) for rule, noted in self._by_event.pop(event_id, ()) for entry in noted]
        for rule, entry in standing:
            if entry.slot.startswith(SUM):
                self._add_up(entry, -1)
            else:
                touched += [(rule, name) for name in self.touched(rule, entry)]
                self._take_out(rule, entry)
            taken.append((rule, entry))
            self._evidence.append((rule, (entry._replace(voided=at, voided_by=by),)))
        return touched, taken

    def _take_out(self, rule: str, entry: Evidence) -> None:
        scope = self.scope(rule, entry.scope)
        if entry.slot == LINK:
            scope.links.pop((entry.event_id, entry.link), None)
        else:
            scope.evidence[:] = [
                e for e in scope.evidence if (e.event_id, e.slot) != (entry.event_id, entry.slot)
            ]

    # -- sums

    def count(self, rule: str, entry: Evidence) -> None:
        """File what a linear rule adds, and add it. Nothing that stands is read."""
        self.note(rule, (entry,))
        self._add_up(entry, 1)

    def _add_up(self, entry: Evidence, sign: int) -> None:
        key = (entry.slot, entry.scope)
        more = summed(entry)
        so_far = self._sums.get(key)
        before = so_far.amounts if so_far is not None else (0,) * len(more.amounts)
        amounts = tuple(a + sign * b for a, b in zip(before, more.amounts, strict=True))
        self._sums[key] = more._replace(amounts=amounts)

    # -- rows

    def put(self, rule: str, row: Row, upcoming: Instant) -> Scope:
        """Keep a row. Returns its scope."""
        row_id, name = row.id, row.scope
        scope = self._scopes.get((rule, name)) or self.scope(rule, name)
        held = scope.rows.get(row_id)
        if held is not None and held[0] is row and held[1] == upcoming:
            return scope  # nothing new: it is written, or will be
        key, put = (type(row), row_id), (row, upcoming)
        noted = self._rows.get(key)
        self._rows[key] = put, held if noted is None else noted[1], None
        scope.rows[row_id] = put
        if upcoming != NEVER:
            heapq.heappush(self._due, (upcoming, rule, row_id, name))
        return scope

    def drop(self, rule: str, row: Row) -> Scope:
        """A row that is no more. Returns its scope."""
        key, scope = (type(row), row.id), self.scope(rule, row.scope)
        held, noted = scope.rows.pop(row.id, None), self._rows.get(key)
        self._rows[key] = None, held if noted is None else noted[1], row
        return scope

    def resume(self, rule: str, event_id: str) -> bool:
        """A parked event is let in again. False: it is not parked, or not any more."""
        held = self.parked.get((rule, event_id)) or self.pages.parked_one(rule, event_id)
        if held is None or held.resumed:
            return False
        self.parked[(rule, event_id)] = held._replace(resumed=1)
        return True

    def held(self) -> set[Key]:
        """What is parked and not resumed."""
        parked = {(one.rule, one.event_id): one for one in self.pages.parked()} | self.parked
        return {key for key, one in parked.items() if not one.resumed}

    def schedule(self, due: Iterable[DueRow]) -> None:
        """Rows of the store whose next instant comes within this batch."""
        scopes: dict[str, list[str]] = {}
        for row in due:
            scopes.setdefault(row.rule, []).append(row.scope)
            heapq.heappush(self._due, (row.next, row.rule, row.row_id, row.scope))
        for rule, wanted in scopes.items():
            self.warm(rule, wanted)

    def next_due(self, bound: Bound) -> tuple[Instant, str, Row] | None:
        """Pop the first row, in order of (next instant, rule, row id), up to ``bound``: (instant, rule, row)."""
        while self._due and self._due[0][0] <= bound[0] and self._due[0][:3] <= bound:
            at, rule, row_id, scope = heapq.heappop(self._due)
            held = self.scope(rule, scope).rows.get(row_id)
            if held is not None and held[1] == at:
                return at, rule, held[0]
        return None

    def find(self, rule: str, scope: str, row_id: str) -> Row | None:
        """The row as it is now, if it still is."""
        held = self.scope(rule, scope).rows.get(row_id)
        return held[0] if held else None

    def every(self, kind: type[RowT]) -> list[RowT]:
        """The rows of a type that this shelf has put and not dropped."""
        held = [put for (table, _), (put, _, _) in self._rows.items() if table is kind and put is not None]
        return [row for row, _ in held if isinstance(row, kind)]

    def upcoming(self, rule: str, scope: str, row_id: str) -> Instant:
        """The row's next instant; NEVER if it is gone."""
        held = self.scope(rule, scope).rows.get(row_id)
        return held[1] if held else NEVER

    # -- announcements

    def announced(self, rule: str, scope: str, row_id: str) -> dict[str, Announced]:
        """What was last said of a row, by kind; of one that is gone too."""
        return self.scope(rule, scope).said.setdefault(row_id, {})

    def say(self, rule: str, said: Announced) -> None:
        self.announced(rule, said.scope, said.row_id)[said.kind] = said
        self.note_said(rule, said)

    def said_of(self, rule: str, scope: str, row_id: str) -> dict[str, Announced]:
        """What this batch said of a row, by kind."""
        return {k[3]: v for k, v in self._said.items() if k[:3] == (rule, scope, row_id)}

    def note_said(self, rule: str, said: Announced) -> None:
        """To be written."""
        self._said[(rule, said.scope, said.row_id, said.kind)] = said

    def collect(self, effects: Effects) -> None:
        """Write what changed into the effects, in an order that does not depend on how it came about."""
        filed = {
            (r, e.scope, e.event_id, e.slot + e.link): (r, e) for r, noted in self._evidence for e in noted
        }
        effects.evidence.extend(filed[key] for key in sorted(filed))
        for kind, row_id in sorted(self._rows, key=lambda k: (k[0].TABLE, k[1])):
            put, before, gone = self._rows[(kind, row_id)]
            if gone is not None:
                effects.gone.append(gone)
            elif put is not None and put != before:
                effects.rows.append(Written(*put, before))
        effects.sums.extend(self._sums[key] for key in sorted(self._sums) if any(self._sums[key].amounts))
        effects.announced.extend((key[0], self._said[key]) for key in sorted(self._said))
        effects.parked.extend(self.parked[key] for key in sorted(self.parked))
