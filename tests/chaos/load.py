"""Callers over HTTP: cases that are well kept, some that warn and breach within seconds, corrections, withdrawals, what is told
late, and the same letter twice. A caller without an answer sends the same again, elsewhere, until it has one."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any
from urllib.parse import urlsplit

from schemas.instants import DAY, SECOND, Instant, format_instant

PATIENCE = 6.0
"""Seconds that a caller waits for an answer."""
FATES = ("kept", "broken", "told late", "corrected", "withdrawn")
URGENT = 0.10
"""Share of the cases whose promises are due within seconds."""
TWICE = 0.04
"""Share of letters that are sent a second time although they were answered."""
BATCH = 30
"""Events of one letter of those who send whole cases."""
NAME, TEXT = "王女士", "卫生间天花板渗水"
"""Of every customer: what no process may say."""
Raw = dict[str, Any]


def now() -> Instant:
    return time.time_ns() // 1000


@dataclass(frozen=True)
class Urgent:
    """A complaint whose promises of 24 h are due at ``due``; ``opened``: the id of its opening event."""

    tenant: str
    opened: str
    ticket: str
    due: Instant
    fate: str


class Story:
    """What one caller tells, from its own seed. Each letter is one event, or several in one batch."""

    def __init__(self, name: str, tenant: str, batches: bool, dice: random.Random) -> None:
        self.name, self.tenant, self._batches, self._dice = name, tenant, batches, dice
        self._made = self._cases = 0
        self.later: list[tuple[float, int, Raw]] = []
        """What is told at a later moment (monotonic seconds)."""
        self.urgent: list[Urgent] = []

    def letters(self) -> Iterator[list[Raw]]:
        """Without end."""
        gathered: list[Raw] = []
        while True:
            self._cases += 1
            if self._dice.random() < URGENT:
                case = self._urgent()
            else:
                case = self._quiet()
                if self._dice.random() < 0.2:
                    self._dice.shuffle(case)  # order of arrival is not order of happening
            if not self._batches:
                for one in case:
                    yield [one]
                continue
            gathered += case
            if len(gathered) >= BATCH:
                yield gathered
                gathered = []

    def due(self) -> list[Raw]:
        """What was to be told by now."""
        found = []
        while self.later and self.later[0][0] <= time.monotonic():
            found.append(heappop(self.later)[2])
        return found

    def _event(self, kind: str, at: Instant, ticket: str = "", data: Raw | None = None, **more: str) -> Raw:
        self._made += 1
        raw = {
            "specversion": "1.0", "id": f"{self.name}-{self._made}", "type": kind, "time": format_instant(at),
            "data": data or {}, **more,
        }  # fmt: skip
        return {**raw, "ticket": ticket} if ticket else raw

    def _ticket(self) -> str:
        return f"{self.name}-T{self._cases}"

    def _complaint(self, at: Instant, ticket: str, **more: str) -> Raw:
        customer = {"number": f"{self.name}-{self._cases % 40}", "name": NAME}
        data = {"description": TEXT, "subject": "engineering", "customer": customer}
        house = {"houseid": f"{self.name}-{self._cases}", "projectid": f"云栖{self._cases % 7}"}
        return self._event("complaint.received", at, ticket, data, **house, **more)

    def _quiet(self) -> list[Raw]:
        """A complaint that is handled and closed, all of it in the last seconds."""
        at, ticket = now() - 8 * SECOND, self._ticket()
        steps: list[tuple[str, Raw]] = [
            ("complaint.registered", {}),
            ("followup.complaint_intake_completed", {"reached": True}),
            ("complaint.progress_notified", {"progress": "已安排"}),
            ("complaint.resolved", {"resolution": "已修复"}),
            ("complaint.closed", {"close_reason": "resolved"}),
            ("followup.complaint_close_completed", {"satisfied": True}),
        ]
        told = [self._complaint(at, ticket)]
        return told + [
            self._event(kind, at + n * SECOND, ticket, data) for n, (kind, data) in enumerate(steps, 1)
        ]

    def _urgent(self) -> list[Raw]:
        """A complaint of a day ago: warned of at once, due in a few seconds."""
        ahead = self._dice.uniform(3, 8)
        due, ticket = now() + int(ahead * SECOND), self._ticket()
        opening = self._complaint(due - DAY, ticket)
        registered = self._event("complaint.registered", due - DAY + 5 * SECOND, ticket)
        fate = self._dice.choice(FATES)
        visited, replied = "followup.complaint_intake_completed", "complaint.progress_notified"
        if fate in ("kept", "told late"):  # it happens in time either way
            happened = now() + SECOND
            self._tell(
                1.5 if fate == "kept" else ahead + self._dice.uniform(1, 3),
                self._event(visited, happened, ticket, {"reached": True}),
                self._event(replied, happened, ticket, {"progress": "已安排"}),
            )
        if fate == "corrected":  # it had happened some seconds later
            due += 3 * SECOND
            self._tell(1.0, self._complaint(due - DAY, ticket, correctssourceid=opening["id"]))
        if fate == "withdrawn":
            withdrawn = {"reason": "重复录入", "by": "kf-012"}
            self._tell(
                1.0, self._event("event.withdrawn", now(), "", withdrawn, correctssourceid=opening["id"])
            )
        self.urgent.append(Urgent(self.tenant, opening["id"], ticket, due, fate))
        return [opening, registered]

    def _tell(self, seconds: float, *raws: Raw) -> None:
        for raw in raws:
            heappush(self.later, (time.monotonic() + seconds, self._made, raw))
            self._made += 1  # no two alike


@dataclass
class Caller(threading.Thread):
    """``kept``: what was acknowledged under which of its own ids, (event id, place)."""

    story: Story
    key: str
    doors: list[str]
    pace: float
    """Events a second, as a mean."""
    dice: random.Random
    kept: dict[str, tuple[str, int]] = field(default_factory=dict)
    twice: int = 0
    odd: list[str] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0

    def __post_init__(self) -> None:
        threading.Thread.__init__(self, name=self.story.name, daemon=True)
        self._ending = threading.Event()
        self._given_up = threading.Event()
        self._line: http.client.HTTPConnection | None = None

    __hash__ = threading.Thread.__hash__

    def end(self) -> None:
        """Begin no further case; tell what was to be told, and have all of it answered."""
        self._ending.set()

    def give_up(self) -> None:
        self._ending.set()
        self._given_up.set()

    def run(self) -> None:
        letters, began, told = self.story.letters(), time.monotonic(), 0
        try:
            while not self._given_up.is_set() and not (self._ending.is_set() and not self.story.later):
                letter = self.story.due()
                early = began + told / self.pace - time.monotonic()
                if not letter and (early > 0 or self._ending.is_set()):
                    turn = self._given_up if self._ending.is_set() else self._ending
                    turn.wait(min(max(early, 0.01), 0.05))
                    continue
                if not letter:
                    letter = next(letters)
                    told += len(letter)
                self._send(letter)
                if self.dice.random() < TWICE:
                    self._send(letter)
        except Exception as error:
            self.odd.append(f"{type(error).__name__}: {error}")
        finally:
            self._hang_up()

    def _send(self, letter: list[Raw]) -> None:
        single = len(letter) == 1
        body = json.dumps(letter[0] if single else letter)
        kind = "application/cloudevents+json" if single else "application/cloudevents-batch+json"
        headers = {"Content-Type": kind, "Authorization": f"Bearer {self.key}"}
        began = time.monotonic()
        while not self._given_up.is_set():
            try:
                status, told = self._posted(body, headers)
            except (OSError, http.client.HTTPException, ValueError) as error:
                self.answers[type(error).__name__] += 1
                self._hang_up()
                self._given_up.wait(0.05)
                continue
            self.answers[str(status)] += 1
            items = [{"status": status, **told}] if single and isinstance(told, dict) else told
            if status == 503:
                self._hang_up()
                self._given_up.wait(0.1)
                continue
            if status not in (202, 207):
                self.odd.append(f"{status} {told}")
                return
            for raw, item in zip(letter, items, strict=True):
                self._note(raw["id"], item)
            if any(item["status"] == 503 for item in items):
                continue
            self.slowest = max(self.slowest, time.monotonic() - began)
            return

    def _note(self, own: str, item: Raw) -> None:
        if item["status"] == 503:
            return
        if item["status"] != 202:
            self.odd.append(f"{own}: {item}")
            return
        said = (item["event_id"], item["place"])
        if own in self.kept:
            self.twice += 1
        if self.kept.setdefault(own, said) != said:
            self.odd.append(f"{own}: {said}, and before {self.kept[own]}")

    def _posted(self, body: str, headers: dict[str, str]) -> tuple[int, Any]:
        if self._line is None:
            url = urlsplit(self.dice.choice(self.doors))
            self._line = http.client.HTTPConnection(url.hostname or "", url.port, timeout=PATIENCE)
        self._line.request("POST", "/events", body.encode(), headers)
        answer = self._line.getresponse()
        return answer.status, json.loads(answer.read())

    def _hang_up(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None


class Load:
    """Three callers a tenant: two send each event by itself, one whole cases. ``pace``: events a second of all together."""

    def __init__(self, keys: dict[str, str], doors: list[str], pace: float, seed: int) -> None:
        self.callers = []
        for number, (tenant, key) in enumerate(keys.items()):
            for mine, batches in enumerate((False, False, True)):
                name = f"{'b' if batches else 's'}{number}{mine}"
                dice = random.Random(f"{seed}/{name}")
                share = pace / len(keys) * (0.7 if batches else 0.15)
                story = Story(name, tenant, batches, dice)
                self.callers.append(Caller(story, key, doors, share, random.Random(f"{seed}/{name}/ways")))

    def start(self) -> None:
        for caller in self.callers:
            caller.start()

    def acknowledged(self) -> int:
        return sum(len(caller.kept) for caller in self.callers)

    def end(self, within: float) -> bool:
        """Whether everything was answered in the end."""
        for caller in self.callers:
            caller.end()
        end = time.monotonic() + within
        for caller in self.callers:
            caller.join(max(0.0, end - time.monotonic()))
        done = not any(caller.is_alive() for caller in self.callers)
        self.close()
        return done

    def close(self) -> None:
        for caller in self.callers:
            caller.give_up()
        for caller in self.callers:
            if caller.ident is not None:
                caller.join(PATIENCE + 5)

    def kept(self, tenant: str) -> dict[str, tuple[str, int]]:
        return {
            own: said
            for caller in self.callers
            if caller.story.tenant == tenant
            for own, said in list(caller.kept.items())
        }
