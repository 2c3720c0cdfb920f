"""The shelf: what one batch has in hand and what it changed there, its evidence and announcements here, its ``scopes``,
``rows``, ``sums`` and what is ``parked`` each in an object of its own.

Everything is read through ``Pages`` at most once and changed here in memory; the engine then hands the changes to the
store as ``Effects``. One shelf serves one batch of one tenant and is thrown away; its scopes may stay ``Warm`` for the next.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Sequence

from processors.parked import ParkedEvents
from processors.ports import Announced, Effects, Pages
from processors.rows import Rows
from processors.rules.protocol import IN_ORDER, LINK, PARTIAL, SUM, Evidence
from processors.scopes import Scopes
from processors.sums import Sums
from processors.warm import Key, Warm
from schemas.instants import Instant

Touched = dict[Key, int]
"""Scopes whose evidence changed -> how many pieces came as their newest, where nothing else changed in them; else JUDGE."""

Noted = tuple[str, Sequence[Evidence]]
"""A rule, and what one event is evidence of for it."""

JUDGE = -1


class Shelf:
    """See the module's docstring. ``scopes``: others than those that ``pages`` give (``projections.bulk``)."""

    def __init__(self, pages: Pages, warm: Warm | None = None, scopes: Scopes | None = None) -> None:
        self.pages = pages
        self.scopes = Scopes(pages, warm) if scopes is None else scopes
        self.rows = Rows(self.scopes)
        self.sums = Sums()
        self.parked = ParkedEvents(pages)
        self._held = self.scopes.held
        self._evidence: list[Noted] = []
        self._said: dict[tuple[str, str, str, str], Announced] = {}
        self._by_event: dict[str, list[Noted]] = {}
        self._asked: set[str] = set()

    # -- evidence

    def enter(self, rule: str, entries: Sequence[Evidence], touched: Touched) -> None:
        """File what an event is evidence of, and note which scopes that touches."""
        self.note(rule, entries)
        scopes = self._held
        for entry in entries:
            name = entry.scope
            key = (rule, name)
            scope = scopes.get(key) or self.scopes.get(rule, name)
            if entry.slot == LINK:
                scope.links[(entry.event_id, entry.link)] = entry
                touched.update(
                    dict.fromkeys([(rule, full) for full in self.scopes.touched(rule, entry)], JUDGE)
                )
                continue
            evidence, newest = scope.evidence, True
            if not evidence or evidence[-1].time < entry.time or IN_ORDER(evidence[-1]) < IN_ORDER(entry):
                evidence.append(entry)
            else:
                insort(evidence, entry, key=IN_ORDER)
                newest = False
            if name[0] == PARTIAL:
                touched.update(
                    dict.fromkeys([(rule, full) for full in self.scopes.judged(rule, name)], JUDGE)
                )
                continue
            came = touched.get(key, 0)
            touched[key] = came + 1 if newest and came != JUDGE else JUDGE

    def note(self, rule: str, entries: Sequence[Evidence]) -> None:
        """What one event is evidence of, to be written."""
        noted = (rule, entries)
        self._evidence.append(noted)
        self._by_event.setdefault(entries[0].event_id, []).append(noted)

    def noted(self) -> Sequence[Noted]:
        """What is to be written, in the order noted: what became of a piece last counts."""
        return self._evidence

    def count(self, rule: str, entry: Evidence) -> None:
        """File what a linear rule adds, and add it. Nothing that stands is read."""
        self.note(rule, (entry,))
        self.sums.add(entry, 1)

    def unfile(self, rule: str, event_id: str) -> list[str]:
        """Forget what a rule filed of an event in this batch (it is being parked). Returns the scopes to judge again."""
        kept: list[Noted] = []
        touched: dict[str, None] = {}
        for noted in self._by_event.get(event_id, ()):
            if noted[0] != rule:
                kept.append(noted)
                continue
            for entry in noted[1]:
                touched |= dict.fromkeys(self.scopes.touched(rule, entry))
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
                self.sums.add(entry, -1)
            else:
                touched += [(rule, name) for name in self.scopes.touched(rule, entry)]
                self._take_out(rule, entry)
            taken.append((rule, entry))
            self._evidence.append((rule, (entry._replace(voided=at, voided_by=by),)))
        return touched, taken

    def left_by(self, rule: str, event_id: str, target: str) -> Iterable[Key]:
        """The scopes of one rule that an event took ``target``'s evidence out of, in this batch or before."""
        before = [
            entry
            for name, entry in self.pages.evidence_of((target,), voided=True).get(target, ())
            if name == rule
        ]
        since = [entry for name, noted in self._evidence if name == rule for entry in noted]
        taken = [e for e in (*before, *since) if (e.event_id, e.voided_by) == (target, event_id)]
        for entry in taken:
            if not entry.slot.startswith(SUM):
                yield from ((rule, name) for name in self.scopes.touched(rule, entry))

    def _take_out(self, rule: str, entry: Evidence) -> None:
        scope = self.scopes.get(rule, entry.scope)
        if entry.slot == LINK:
            scope.links.pop((entry.event_id, entry.link), None)
        else:
            scope.evidence[:] = [
                e for e in scope.evidence if (e.event_id, e.slot) != (entry.event_id, entry.slot)
            ]

    # -- announcements

    def announced(self, rule: str, scope: str, row_id: str) -> dict[str, Announced]:
        """What was last said of a row, by kind; of one that is gone too."""
        return self.scopes.get(rule, scope).said.setdefault(row_id, {})

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
        effects.announced.extend((key[0], self._said[key]) for key in sorted(self._said))
        self.rows.collect(effects)
        self.sums.collect(effects)
        self.parked.collect(effects)
