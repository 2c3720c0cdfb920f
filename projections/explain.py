"""Why a promise is due when it is, and why a verdict was said: evidence, policy version, counted days, cut, causes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from processors.rules.promises.marks import unconfirmed
from processors.rules.promises.promise import Promise
from processors.rules.protocol import Evidence
from projections import promises
from projections.explain_due import why
from projections.moment import Moment
from projections.replay import Replay
from schemas.catalogue import CATALOGUE
from schemas.event import Event
from schemas.instants import format_instant, show


def promise(replay: Replay, row: Promise) -> dict[str, Any]:
    """The whole explanation of one promise as JSON (shape: docs/instants.md speaks of the instants in it)."""
    queries = promises.Promises(replay.tables, replay.names)
    said = queries.said(replay.conn, replay.tenant.number, [row])[row.id]
    filed = sorted(replay.filed(row.scope), key=Evidence.order)
    trigger = replay.ledger.fact(replay.conn, replay.tenant, row.trigger)
    opener = trigger or replay.verdict(row.trigger)
    evidence = replay.evidence(row.scope, Moment())
    breach = said.get("breached")
    waits = []
    if breach is None or not breach.standing:
        waits = unconfirmed(row, replay.book, replay.ledger.clock.now())
    reason = why(row, evidence, opener.type if opener else "", replay.book, waits)
    return {
        "promise": promises.view(row, said, replay.names, bool(waits)),
        "verdict": None,
        "sentence_zh": reason["sentence_zh"],
        "sentence_en": reason["sentence_en"],
        "policy": reason["policy"],
        "calendar": reason["calendar"],
        "pauses": reason["pauses"],
        "waits": [{"source": wait.source, "until": format_instant(wait.limit)} for wait in waits],
        "trigger": event(replay, opener) if opener else None,
        "evidence": [line(replay, e) for e in each_once(filed)],
        "announced": [
            {
                "kind": a.kind,
                "time": format_instant(a.time),
                "standing": bool(a.standing),
                "verdict": a.verdict_id,
            }
            for a in sorted(said.values(), key=lambda a: (a.time, a.kind))
        ],
        "cut": None,
        "causes": [],
    }


def verdict(replay: Replay, found: Event, row: Promise | None) -> dict[str, Any]:
    """One verdict: what it says, against which cut, and the chain of causes back to a fact."""
    base: dict[str, Any] = promise(replay, row) if row else {"promise": None}
    cut = replay.ledger.facts_at(replay.conn, replay.tenant, (found.after,)).get(found.after)
    base["verdict"] = {
        "event_id": found.event_id,
        "type": found.type,
        "zh": CATALOGUE[found.type].zh,
        "place": found.place,
        "time": format_instant(found.time),
        "recorded": format_instant(found.recorded),
        "rule": found.origin.get("rule", ""),
        "rule_version": found.origin.get("rule_version", 0),
        "generation": found.origin.get("generation", 0),
        "data": dict(found.data),
    }
    base["cut"] = {
        "after": found.after,
        "recorded": format_instant(cut.recorded) if cut else None,
        "concluded_at": format_instant(int(found.origin["at"])),
    }
    base["causes"] = causes(replay, found)
    return base


def causes(replay: Replay, found: Event) -> list[dict[str, Any]]:
    """From the verdict's cause back: facts and verdicts, at most eight deep."""
    chain: list[dict[str, Any]] = []
    cause = found.causation_id
    while cause and len(chain) < 8:
        fact = replay.ledger.fact(replay.conn, replay.tenant, cause)
        if fact is None:
            break
        chain.append(event(replay, fact))
        cause = fact.corrects
    return chain


def role(entry: Evidence) -> str:
    """What it is to the promise: the first word of its slot."""
    return entry.slot.split(":", 1)[0]


def each_once(filed: Sequence[Evidence]) -> Iterable[Evidence]:
    """An event is filed once for each wording of a term that it fits (versions of a policy, or alternatives in one); whoever
    asks why sees it once in each role."""
    return {(e.event_id, role(e), e.voided): e for e in filed}.values()


def line(replay: Replay, entry: Evidence) -> dict[str, Any]:
    """One piece of evidence."""
    fact = replay.ledger.fact(replay.conn, replay.tenant, entry.event_id)
    kind = CATALOGUE[fact.type] if fact else None
    return {
        "event_id": entry.event_id,
        "type": fact.type if fact else "",
        "zh": kind.zh if kind else "",
        "time": format_instant(entry.time),
        "recorded": format_instant(entry.recorded),
        "shown": show(entry.time),
        "role": role(entry),
        "voided": bool(entry.voided),
    }


def event(replay: Replay, fact: Event) -> dict[str, Any]:
    """A fact named."""
    return {
        "event_id": fact.event_id,
        "type": fact.type,
        "zh": CATALOGUE[fact.type].zh,
        "place": fact.place,
        "time": format_instant(fact.time),
        "recorded": format_instant(fact.recorded),
        "source": fact.source,
        "source_id": fact.source_id,
    }
