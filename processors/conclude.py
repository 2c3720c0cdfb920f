"""What follows from a row at an instant: what stands and was not announced is said, what was announced and does not
stand is retracted (invariant 7). Also parking: (rule, event) that a rule failed on, and (rule, scope) that stands still
because it failed there with no event in hand, said by a verdict (invariant 14)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ledger.lanes import VerdictDraft
from processors.origin import scope_said
from processors.parked import EVENT_PARKED, EVENT_UNPARKED, PARKED, parked_row, stops
from processors.ports import Announced, Parked
from processors.rules.book import Book
from processors.rules.protocol import Mark, Owner, Row, Rule, standing
from processors.shelf import Shelf
from processors.warm import Key
from schemas.event import ENVELOPE, Event
from schemas.identity import verdict_id
from schemas.instants import Instant

RETRACTED = "obligation.retracted"


class Saying(NamedTuple):
    """Where on the line of recorded time something is said: at which instant, after which fact, because of which event."""

    at: Instant
    after: int
    cause: str


class About(NamedTuple):
    """An event that something is parked for."""

    event_id: str
    case_id: str


class Words(NamedTuple):
    """What a row has to say at an instant: what it takes back, in order of kinds, and what it says, in order of instants,
    each with what was said of that kind last; ``data`` and ``envelope`` are those of what is taken back."""

    retracted: Sequence[Announced]
    said: Sequence[tuple[Mark, Announced | None]]
    data: Mapping[str, Any]
    envelope: Mapping[str, str]


_NOTHING: Mapping[str, Any] = {}


def _order(mark: Mark) -> tuple[Instant, str]:
    return mark.at, mark.kind


def words(
    rule: Rule, row: Row, marks: Iterable[Mark], said: Mapping[str, Announced], book: Book, at: Instant
) -> Words | None:
    """``marks`` are those of the row, none if it is gone; ``said``, what was last said of it by kind. All that the rule is
    asked for it is asked here: what follows cannot fail half-way. None: nothing."""
    stands = standing(marks, at)
    retracted = [
        one
        for _, one in sorted(said.items())
        if one.standing and (one.kind not in stands or stands[one.kind].time != one.time)
    ]
    told = [
        (mark._replace(data=dict(mark.data)), last)
        for mark in (sorted(stands.values(), key=_order) if len(stands) > 1 else stands.values())
        if (last := said.get(mark.kind)) is None or not last.standing or last.time != mark.time
    ]
    if not retracted and not told:
        return None
    data, envelope = rule.about(row, book) if retracted else (_NOTHING, _NOTHING)
    return Words(retracted, told, data, envelope)


class Concluding:
    """Collects verdict drafts in the order in which they follow."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self.drafts: list[VerdictDraft] = []

    def conclude(
        self, rule: Rule, row: Row, says: Words, saying: Saying
    ) -> Iterator[tuple[Event, list[Key]]]:
        """Yields each verdict as an event, with the scopes that its retracting touched, one by one: what follows from one
        verdict is settled before the next is said."""
        for one in says.retracted:
            yield self._retract(rule, one, says, saying)
        for mark, last in says.said:
            yield self._say(rule, row, mark, last, saying), []

    def _say(self, rule: Rule, row: Row, mark: Mark, last: Announced | None, saying: Saying) -> Event:
        generation = last.generation + 1 if last else 1
        own_id = verdict_id(row.id, mark.kind, generation)
        said = Announced(
            scope=row.scope,
            row_id=row.id,
            kind=mark.kind,
            generation=generation,
            standing=1,
            verdict_id=own_id,
            time=mark.time,
        )
        self.shelf.say(rule.name, said)
        body = {
            "type": mark.type,
            "time": mark.time,
            "cause": saying.cause or mark.cause,
            "data": mark.data,
        }
        return self._draft(rule, said, mark.kind, body, mark.envelope, saying)

    def _retract(self, rule: Rule, said: Announced, says: Words, saying: Saying) -> tuple[Event, list[Key]]:
        kind = "retracted:" + said.kind
        own_id = verdict_id(said.row_id, kind, said.generation)
        self.shelf.say(rule.name, said._replace(standing=0))
        touched, _ = self.shelf.void(said.verdict_id, saying.at, own_id)
        body = {
            "type": RETRACTED,
            "time": saying.at,
            "cause": saying.cause,
            "data": {**says.data, "retracts": said.verdict_id, "retracted_kind": said.kind},
        }
        retraction = said._replace(verdict_id=own_id)
        return self._draft(rule, retraction, kind, body, says.envelope, saying), touched

    def park(self, rule: Owner, event: Event, error: Exception, saying: Saying) -> None:
        """Say that a rule failed on an event. The error's class is named, never its text: that may hold anything."""
        row_id = parked_row(rule.name, event.event_id)
        self._park(rule, "", row_id, event.time, About(event.event_id, event.case_id), error, saying)

    def stop(
        self, rule: Owner, scope: str, about: About, error: Exception, saying: Saying, event: Event | None
    ) -> None:
        """Say that a scope stands still, since its rule failed there: on ``event``, or with none in hand; then ``about`` is
        what happened last in it. Said again, it is told of the same."""
        saying = saying._replace(cause=event.event_id if event is not None else "")
        self._park(rule, scope, parked_row(rule.name, scope), saying.at, about, error, saying)

    def _park(
        self,
        rule: Owner,
        scope: str,
        row_id: str,
        time: Instant,
        event: About,
        error: Exception,
        saying: Saying,
    ) -> None:
        last = self.shelf.announced(rule.name, scope or row_id, row_id).get(PARKED)
        generation = last.generation + 1 if last else 1
        own_id = verdict_id(row_id, PARKED, generation)
        said = Announced(
            scope=scope or row_id,
            row_id=row_id,
            kind=PARKED,
            generation=generation,
            standing=1,
            verdict_id=own_id,
            time=time,
        )
        self.shelf.say(rule.name, said)
        failure = type(error).__name__
        self.shelf.parked.park(Parked(rule.name, event.event_id, scope, own_id, failure))
        data = {"rule": rule.name, "parked_event": event.event_id, "error": failure}
        body = {
            "type": EVENT_PARKED,
            "time": time,
            "cause": saying.cause if scope else event.event_id,
            "data": {**data, "scope": scope} if scope else data,
        }
        self._draft(rule, said, PARKED, body, {"case_id": event.case_id}, saying)

    def free(self, rule: Owner, scope: str, newest: About, saying: Saying) -> None:
        """Say that a scope goes on that stood still; ``newest`` is the event that was told of it."""
        row_id = parked_row(rule.name, scope)
        said = self.shelf.announced(rule.name, scope, row_id)[PARKED]
        self.shelf.say(rule.name, said._replace(standing=0))
        self.shelf.parked.free(rule.name, scope)
        kind = "un" + PARKED
        body = {
            "type": EVENT_UNPARKED,
            "time": saying.at,
            "cause": saying.cause or newest.event_id,
            "data": {
                "rule": rule.name,
                "parked_event": newest.event_id,
                "scope": scope,
                "unparks": said.verdict_id,
            },
        }
        freed = said._replace(verdict_id=verdict_id(row_id, kind, said.generation))
        self._draft(rule, freed, kind, body, {"case_id": newest.case_id}, saying)

    def hear(self, verdict: Event) -> list[Key]:
        """Note what a recorded verdict announced or retracted. Returns the scopes that a retraction touched."""
        rule, row_id = str(verdict.origin["rule"]), str(verdict.origin["row"])
        scope = scope_said(verdict)
        kind, generation = str(verdict.origin["kind"]), int(verdict.origin["generation"])
        if verdict.type == RETRACTED:
            kind = str(verdict.data["retracted_kind"])
            said = self.shelf.announced(rule, scope, row_id)[kind]
            self.shelf.say(rule, said._replace(standing=0))
            touched, _ = self.shelf.void(
                str(verdict.data["retracts"]), int(verdict.origin["at"]), verdict.event_id
            )
            return touched
        if verdict.type == EVENT_UNPARKED:
            said = self.shelf.announced(rule, scope, row_id)[PARKED]
            self.shelf.say(rule, said._replace(standing=0))
            self.shelf.parked.free(rule, scope)
            return []
        said = Announced(
            scope=scope,
            row_id=row_id,
            kind=kind,
            generation=generation,
            standing=1,
            verdict_id=verdict.event_id,
            time=verdict.time,
        )
        self.shelf.say(rule, said)
        if verdict.type == EVENT_PARKED:
            event_id, error = str(verdict.data["parked_event"]), str(verdict.data["error"])
            stopped = scope if stops(verdict) else ""
            self.shelf.parked.park(Parked(rule, event_id, stopped, verdict.event_id, error))
        return []

    def stands(self, verdict: Event) -> bool:
        """Was it not retracted? A retraction stands."""
        rule, row, kind = (str(verdict.origin[name]) for name in ("rule", "row", "kind"))
        last = self.shelf.announced(rule, scope_said(verdict), row).get(kind)
        return last is None or (last.verdict_id == verdict.event_id and bool(last.standing))

    def _draft(
        self,
        rule: Owner,
        said: Announced,
        kind: str,
        body: Mapping[str, Any],
        envelope: Mapping[str, str],
        saying: Saying,
    ) -> Event:
        origin = {
            "rule": rule.name,
            "rule_version": rule.version,
            "row": said.row_id,
            "scope": said.scope,
            "kind": kind,
            "generation": said.generation,
            "at": saying.at,
        }
        carried = {k: v for k, v in envelope.items() if v and k in ENVELOPE}
        full = {**body, **carried, **origin, "event_id": said.verdict_id, "v": 1}
        self.drafts.append(VerdictDraft(event_id=said.verdict_id, after=saying.after, body=full))
        return Event(
            type=str(body["type"]),
            version=1,
            event_id=said.verdict_id,
            time=int(body["time"]),
            recorded=saying.at,
            place=0,
            after=saying.after,
            verdict=True,
            data=body["data"],
            origin=origin,
            **carried,
        )
