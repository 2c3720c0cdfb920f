"""The scopes in hand (在手卷): what one batch has taken of the store, each scope at most once, with its rows, its announcements
and the scopes it links to; and which scopes have to be judged when one of them changes.

What a batch changes, it changes in them, by the shelf (``shelf.py``); they may stay ``Warm`` for the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from processors.parked import still
from processors.ports import Announced, Pages
from processors.rules.protocol import IN_ORDER, LINK, PARTIAL, Evidence
from processors.warm import Key, Scope, Warm


class Scopes:
    """Of one batch of one tenant."""

    def __init__(self, pages: Pages, warm: Warm | None = None) -> None:
        self._pages = pages
        self._warm = Warm(0) if warm is None else warm
        self.held: dict[Key, Scope] = {}
        """Everything in hand, to be kept warm once its changes are committed."""

    def warm(self, rule: str, scopes: Iterable[str]) -> None:
        """Take many scopes from the store at once, with their rows, announcements and the scopes they link to."""
        if (wanted := self._missing(rule, scopes)) and (further := self._take(rule, wanted)):
            self._take(rule, self._missing(rule, further))

    def _missing(self, rule: str, scopes: Iterable[str]) -> list[str]:
        """Those of which nothing is known here; warm ones are taken over."""
        mine, warm = self.held, self._warm
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
        evidence = self._pages.evidence(rule, wanted)
        full = [s for s in wanted if s[0] != PARTIAL]
        said: dict[str, dict[str, dict[str, Announced]]] = {}
        for one in self._pages.announced(rule, full) if full else ():
            said.setdefault(one.scope, {}).setdefault(one.row_id, {})[one.kind] = one
        # rows follow from evidence, unless they stand still; what was announced of rows that are gone stays
        judged = [s for s in full if s in evidence or (s in said and still(rule, s, said[s]) is not None)]
        rows = self._pages.rows(rule, judged) if judged else {}
        further: set[str] = set()
        for name in wanted:
            scope = self.held[(rule, name)] = Scope()
            scope.said = said.get(name, scope.said)
            if name not in evidence and name not in rows:
                continue
            for entry in evidence.get(name, ()):
                if entry.slot == LINK:
                    scope.links[(entry.event_id, entry.link)] = entry
                    if (rule, entry.link) not in self.held:
                        further.add(entry.link)
                else:
                    scope.evidence.append(entry)
            scope.evidence.sort(key=IN_ORDER)
            for row, upcoming in rows.get(name, ()):
                scope.rows[row.id] = (row, upcoming)
        return further

    def get(self, rule: str, name: str) -> Scope:
        key = (rule, name)
        found = self.held.get(key)
        if found is not None:
            return found
        if (held := self._warm.get(key)) is not None:
            self.held[key] = held
        elif further := self._take(rule, (name,)):
            self._take(rule, self._missing(rule, further))
        return self.held[key]

    def judged(self, rule: str, name: str) -> list[str]:
        """The scopes to judge when evidence of this one changed: itself, or those that read a partial one."""
        if name[0] != PARTIAL:
            return [name]
        scope = self.get(rule, name)
        if scope.linked is None:
            scope.linked = list(self._pages.linked(rule, (name,)).get(name, ()))
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
        return any(link == partial for _, link in self.get(rule, full).links)

    def seen_by(self, rule: str, name: str) -> list[Evidence]:
        """Standing evidence of a scope and of the partial scopes it links to, in order of happening."""
        scope = self.get(rule, name)
        if not scope.links:
            return scope.evidence
        seen = list(scope.evidence)
        for partial in {link for _, link in scope.links}:
            seen.extend(self.get(rule, partial).evidence)
        seen.sort(key=IN_ORDER)
        return seen
