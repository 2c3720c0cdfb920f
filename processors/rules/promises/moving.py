"""Before a date (提前): due so long before a named date, which may move (S6, S7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from processors.rules.promises.dating import Dated, warned_before
from processors.rules.promises.docket import known, parsed
from processors.rules.promises.openings import Opening
from processors.rules.promises.paths import instant
from processors.rules.promises.running import Matter, Running
from processors.rules.promises.settle import Found, settle
from processors.rules.protocol import Evidence
from schemas.instants import NEVER, Day, day_of, end_of_day, shift_months, start_of_day
from schemas.policy import Dur

if TYPE_CHECKING:
    from processors.rules.policies import Bound


def moving(matter: Matter, opening: Opening, bound: Bound) -> list[Running]:
    """The promise under the date that stands, and before it one for each earlier date that it was overdue under: that one
    stays breached. A date moved before it was due is recomputed silently, and reopens what no longer counts."""
    dates: list[Evidence] = []
    leaf = bound.terms.date
    for entry in matter.docket.of(leaf) if leaf is not None else ():
        if not dates or parsed(dates[-1].value).get("v") != parsed(entry.value).get("v"):
            dates.append(entry)
    if not dates:
        return [Moving(matter, opening, bound, None, 0)]
    made: list[Running] = []
    for index, entry in enumerate(dates):
        one = Moving(matter, opening, bound, entry, len(made))
        if index + 1 == len(dates):
            made.append(one)
            break
        moved = dates[index + 1].time
        if one.due < moved and one.due < one.settled:
            if one.settled >= moved:
                one.supersede(moved)
            made.append(one)
    return made


class Moving(Running):
    """Under one date. ``number`` counts the promises that an earlier date left overdue."""

    def __init__(
        self, matter: Matter, opening: Opening, bound: Bound, date: Evidence | None, number: int
    ) -> None:
        self.date, self.number = date, number
        super().__init__(matter, opening, bound)

    def _begin(self) -> None:
        self.window = -NEVER
        if self.number:
            self.root = f"{self.root}#{self.number}"
        if self.date is not None:
            # nobody could be late under a date that was not known yet
            recorded = max(self.opening.recorded, known(self.date))
            self.opening = self.opening._replace(recorded=recorded)
            if self.number:
                self.opened = max(self.opened, self.date.time)

    def _date(self) -> Dated:
        target = instant(parsed(self.date.value).get("v")) if self.date is not None else None
        if target is None:
            return Dated(undated=True)
        day = back(day_of(target), self.terms.minus)
        due = end_of_day(day)
        if self.terms.lead is not None:
            self.window = start_of_day(back(day, self.terms.lead))
        return Dated(due, warned_before(self.terms, self.opened, due))

    def _discharged(self) -> Found | None:
        """``lead`` opens the window; before it a discharge is ignored, accepted, or a breach of its own."""
        early = self.terms.early
        self.since = self.window if early == "ignore" else -NEVER
        found = settle(self.terms.by, self.docket, self.since, self.due)
        if found is not None and early == "breach" and found.time < self.window:
            self.due = max(found.time, self.opened)
            self.early = True
        return found


def back(day: Day, length: Dur | None) -> Day:
    """So many days, months or years before a day: the corresponding day, or the last of its month; None: that day."""
    if length is None:
        return day
    if length.unit == "d":
        return day - length.n
    return shift_months(day, -length.n * (12 if length.unit == "y" else 1))
