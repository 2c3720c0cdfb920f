"""What must be so afterwards, whatever was broken meanwhile. Each finding is a sentence; none: all is as it must be."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ledger.folder import RECORD_FILE
from ledger.lanes import Cut, engine_state
from ledger.verify import verify
from schemas.event import Event
from schemas.instants import DAY, HOUR, Instant
from tests.chaos.load import NAME, TEXT, Load, Urgent
from tests.chaos.site import SOURCE, Site
from tests.kit.postgres import Place
from tests.kit.world import World
from touchline import moving

SHOWN = 5
"""Of one kind of finding."""
DISCHARGES = {
    "complaint.register": {"complaint.registered"},
    "complaint.intake_return_visit": {
        "followup.complaint_intake_completed",
        "followup.complaint_close_completed",
    },
    "complaint.respond_in_standard": {
        "complaint.forwarded",
        "complaint.progress_notified",
        "complaint.replied",
    },
    "complaint.handle_in_standard": {"complaint.resolved"},
    "complaint.close_return_visit": {"followup.complaint_close_completed"},
}
"""By what a promise of the load is kept: policies/complaints.yaml, written here once more on purpose."""
URGENT = ("complaint.intake_return_visit", "complaint.respond_in_standard")
"""What an urgent case breaks."""
STANDING = ("broken", "corrected")
"""Fates of a case whose breaches stand at the end."""
BREACHED, DUE_SOON, RETRACTED = "obligation.breached", "obligation.due_soon", "obligation.retracted"
RINGING = {BREACHED, DUE_SOON, "obligation.alert_step_reached"}


@dataclass
class Verdict:
    """``findings`` by what was looked at; ``counts``: figures for people."""

    findings: dict[str, list[str]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def look(self, what: str, found: Iterable[str]) -> None:
        self.findings.setdefault(what, []).extend(found)

    def count(self, **figures: int) -> None:
        for name, figure in figures.items():
            self.counts[name] = self.counts.get(name, 0) + figure

    @property
    def ok(self) -> bool:
        return not any(self.findings.values())

    def __str__(self) -> str:
        return "\n".join(
            f"{what}: {len(found)}: {'; '.join(found[:SHOWN])}"
            for what, found in self.findings.items()
            if found
        )


LOST, DOUBLED = "acknowledged and not in the ledger as it was said", "in the ledger twice, or never sent"
GAPLESS, VERIFIED = "places without gaps", "verify"
FALSE, MISSED = "false breaches", "breaches that had to be said"
FOLDED, ROWS, REBUILT = (
    "verdict lane = a fresh fold on SQLite",
    "rows = a fresh fold on SQLite",
    "rows = fold(ledger)",
)
TOLD, ONE_ID = "alerts delivered", "each under one id, signed, of one content"
SILENT = "no customer in what the processes said"


def judge(site: Site, load: Load, folder: Path) -> Verdict:
    """Of a site that has come to rest and whose processes have ended."""
    verdict = Verdict()
    moving.copy(site.place.url, str(folder / "copy"), lambda *_: None)
    empty_verdicts(folder / "copy")
    for tenant in site.numbers:
        one(site.place, folder / "copy", tenant, site, load, verdict)
    verdict.look(ONE_ID, one_id(site))
    said = {member.name: member.log for member in site.members.values()}
    verdict.look(SILENT, named(said | {"PostgreSQL": site.cluster.folder / "log"}))
    return verdict


def named(logs: Mapping[str, Path]) -> Iterator[str]:
    """Who says, as it is or in JSON, what only sealed text may hold."""
    words = [form for word in (NAME, TEXT) for form in (word, ascii(word)[1:-1])]
    for name, log in logs.items():
        said = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
        if any(word in said for word in words):
            yield f"{name} says whose complaint it is"


def one(place: Place, copy: Path, tenant: str, site: Site, load: Load, verdict: Verdict) -> None:
    world = World(place, tenant=tenant, take_over=False)
    try:
        with world.database.read() as conn:
            facts = world.ledger.facts(conn, world.tenant, 0, 2**31)
            state = engine_state(conn, world.tenant)
        verdicts = world.verdicts()
        lane, rows = world.lane(), world.tables()
        verdict.look(VERIFIED, map(str, verify(world.database, tenant).problems))
        if REBUILT not in verdict.findings:  # of all tenants at once
            verdict.look(REBUILT, world.rebuild().differences)
    finally:
        world.close()
    verdict.count(facts=len(facts), verdicts=len(verdicts), rows=len(rows))
    verdict.look(LOST, lost(facts, load.kept(tenant)))
    verdict.look(DOUBLED, doubled(facts, load.kept(tenant)))
    verdict.look(GAPLESS, gaps(facts, verdicts))
    by_type = Counter(v.type for v in verdicts)
    verdict.count(
        breaches=by_type[BREACHED], warnings=by_type[DUE_SOON], retractions=by_type[RETRACTED],
        corrections=sum(1 for fact in facts if fact.corrects),
    )  # fmt: skip
    verdict.look(FALSE, false_breaches(facts, verdicts))
    urgent = [
        case for caller in load.callers if caller.story.tenant == tenant for case in caller.story.urgent
    ]
    verdict.look(MISSED, missed(facts, verdicts, urgent))
    verdict.look(TOLD, untold(site, verdicts, facts[0].recorded))
    again, tables = fresh(copy, tenant, state.decided, state.advanced)
    verdict.look(FOLDED, different("verdict", lane, again))
    verdict.look(ROWS, different("row", rows, tables))


def lost(facts: Sequence[Event], kept: dict[str, tuple[str, int]]) -> Iterator[str]:
    """Acknowledged, and not there under that id and place."""
    there = {fact.source_id: (fact.event_id, fact.place) for fact in facts if fact.source == SOURCE}
    for own, said in kept.items():
        if there.get(own) != said:
            yield f"{own}: said {said}, there {there.get(own)}"


def doubled(facts: Sequence[Event], kept: dict[str, tuple[str, int]]) -> Iterator[str]:
    mine = Counter(fact.source_id for fact in facts if fact.source == SOURCE)
    for own, times in mine.items():
        if times > 1 or own not in kept:
            yield f"{own}: {times} times"


def gaps(facts: Sequence[Event], verdicts: Sequence[Event]) -> Iterator[str]:
    for name, lane in (("facts", facts), ("verdicts", verdicts)):
        for place, event in enumerate(lane, 1):
            if event.place != place:
                yield f"{name}: {event.place} where {place} is due"
                break
    ids = Counter(v.event_id for v in verdicts)
    yield from (f"verdict {name} stands {times} times" for name, times in ids.items() if times > 1)


def false_breaches(facts: Sequence[Event], verdicts: Sequence[Event]) -> Iterator[str]:
    """A breach is false where its discharge stood recorded at the place that it was concluded after, or before it was due."""
    cases: dict[str, list[Event]] = defaultdict(list)
    replaced = {fact.corrects: fact.place for fact in facts if fact.corrects}
    for fact in facts:
        cases[fact.case_id].append(fact)
    for said in verdicts:
        if said.type != BREACHED:
            continue
        if said.recorded < said.time:
            yield f"{said.place}: said before it was due"
        kept_by = DISCHARGES.get(str(said.data.get("obligation_key")))
        if kept_by is None:
            yield f"{said.place}: {said.data.get('obligation_key')} is none of the load's"
            continue
        due = Instant(said.data["due"])
        for fact in cases[said.case_id]:
            if fact.place > said.after or fact.type not in kept_by or fact.time > due:
                continue
            if replaced.get(fact.event_id, said.after + 1) > said.after and not _before_its_opening(
                fact, cases, said
            ):
                yield f"{said.place}: kept by fact {fact.place}, which it follows"


def _before_its_opening(fact: Event, cases: dict[str, list[Event]], said: Event) -> bool:
    """A discharge before the trigger never counts."""
    opens = [
        other
        for other in cases[said.case_id]
        if other.type in ("complaint.received", "complaint.closed") and other.place <= said.after
    ]
    latest = {other.root: other for other in opens}  # the last correction of each
    return all(fact.time < other.time for other in latest.values())


def missed(facts: Sequence[Event], verdicts: Sequence[Event], urgent: Sequence[Urgent]) -> Iterator[str]:
    """What nobody kept is a breach that stands; what was withdrawn is none. Of what was overdue already when it was recorded
    (its letter had to be sent again and again) none is said for ten minutes, so there nothing is expected."""
    cases = {fact.source_id: fact.case_id for fact in facts if fact.source == SOURCE}
    roots = {fact.source_id: fact.root for fact in facts if fact.source == SOURCE}
    opened = {
        fact.root: fact.recorded for fact in facts if fact.type == "complaint.received"
    }  # its last correction's
    gone = {v.data.get("retracts") for v in verdicts if v.type == RETRACTED}
    stands = {
        (v.case_id, v.data.get("obligation_key"))
        for v in verdicts
        if v.type == BREACHED and v.event_id not in gone
    }
    for case in urgent:
        if case.fate in STANDING and opened[roots[case.opened]] > case.due:
            continue
        for obligation in URGENT:
            stood = (cases[case.opened], obligation) in stands
            if stood != (case.fate in STANDING):
                yield f"{case.opened}, {case.fate}: {obligation} {'stands' if stood else 'is missing'}"


def untold(site: Site, verdicts: Sequence[Event], began: Instant) -> Iterator[str]:
    """What rings and was not taken back must have been received, and so must the taking back of a breach that was; nothing
    else may."""
    told = site.receiver.bodies
    by_id = {v.event_id: v for v in verdicts}
    gone = {str(v.data.get("retracts")): v.event_id for v in verdicts if v.type == RETRACTED}
    for said in verdicts:
        name = said.event_id
        if said.type in RINGING and name not in told and name not in gone and said.time > began - DAY + HOUR:
            yield f"{said.type} {said.place} was never delivered"
        if said.type == BREACHED and name in told and name in gone and gone[name] not in told:
            yield f"breach {said.place} was told, its retraction was not"
        if said.type == RETRACTED and name in told:
            target = by_id.get(str(said.data.get("retracts")))
            if target is None or target.type not in RINGING:
                yield f"retraction {said.place} of what nobody was told"


def one_id(site: Site) -> Iterator[str]:
    yield from site.receiver.odd
    for name, bodies in site.receiver.bodies.items():
        if len(bodies) > 1:
            yield f"{name} came with {len(bodies)} contents"
    known = {str(row[0]) for row in site.ask("SELECT verdict_id FROM alerts")}
    yield from (f"{name} is no alert" for name in site.receiver.bodies.keys() - known)


def empty_verdicts(folder: Path) -> None:
    """Of a copy: as if no engine had ever looked at its facts."""
    with sqlite3.connect(folder / RECORD_FILE) as conn:
        for (trigger,) in conn.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'verdicts'"
        ).fetchall():
            conn.execute(f"DROP TRIGGER {trigger}")
        conn.execute("DELETE FROM verdicts")
        conn.execute("DELETE FROM active_set")
        conn.execute(
            "UPDATE engines SET decided = 0, advanced = 0, verdict_place = 0, verdict_recorded = 0, "
            "verdict_hash = zeroblob(32), fold_version = ''"
        )
    conn.close()


def fresh(folder: Path, tenant: str, place: int, at: Instant) -> tuple[list[Any], list[str]]:
    """The same facts through an engine that was never disturbed, to the same place and instant: (verdict lane, rows)."""
    world = World(folder, at=at, tenant=tenant, batch=256)
    try:
        world.engine.alone = True
        world.fold()
        while world.engine.tick(Cut(place, at)):
            pass
        return world.lane(), world.tables()
    finally:
        world.close()


def different(what: str, ours: Sequence[Any], theirs: Sequence[Any]) -> Iterator[str]:
    if len(ours) != len(theirs):
        yield f"{len(ours)} {what}s, {len(theirs)} afresh"
    for number, (one, other) in enumerate(zip(ours, theirs, strict=False), 1):
        if one != other:
            yield f"{what} {number}: {str(one)[:300]} / afresh: {str(other)[:300]}"
            return
