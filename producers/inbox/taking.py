"""Records of other systems' topics taken in: events through the intake; what is none, or is refused, becomes a dead letter."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final

from ledger.candidate import Appended, Problem
from ledger.tenants import Tenant
from producers.binding import Malformed
from producers.inbox.letter import Content, Decision, Kept
from producers.inbox.letters import Letters
from producers.inbox.media import essence_of
from producers.inbox.tables import DEAD, REPLAYED, SKIPPED
from producers.intake import Intake
from producers.records import Delivery, event_of
from schemas.canonical import Json

WAIT: Final = 60.0
"""Seconds for a commit."""
_PATH = re.compile(r"(?!.*\d{6})[A-Za-z0-9_.\[\]-]{0,100}", re.ASCII)


@dataclass(slots=True)
class Taken:
    """received = kept + duplicates + dead. ``duplicates``: events and dead letters that were kept before."""

    received: int = 0
    kept: int = 0
    duplicates: int = 0
    dead: int = 0

    def add(self, more: Taken) -> None:
        self.received += more.received
        self.kept += more.kept
        self.duplicates += more.duplicates
        self.dead += more.dead


def take(
    intake: Intake,
    letters: Letters,
    tenant: Tenant,
    source: str,
    deliveries: Sequence[Delivery],
    longest: int,
) -> Taken:
    """Keep all of them, in this order; back after the commit. ``longest``: bytes of an event that is taken. Raises what the
    ledger raises (Busy, NotKept, Stopped) and TimeoutError: some may be kept then, and giving all of them again doubles none.
    """
    read = [_read(one.content, longest) for one in deliveries]
    offered = [one for one in read if not isinstance(one, Malformed)]
    answers = iter(intake.submit_many(tenant, source, offered, letters=True).result(WAIT) if offered else [])
    done = Taken(received=len(deliveries))
    bad: list[tuple[Delivery, Decision, bool]] = []
    for delivery, one in zip(deliveries, read, strict=True):
        if isinstance(one, Malformed):
            bad.append((delivery, _dead(delivery.content, one), False))
            continue
        outcome = next(answers)
        if isinstance(outcome, Problem):
            bad.append((delivery, _dead(delivery.content, outcome), True))
        elif outcome.duplicate:
            done.duplicates += 1
        else:
            done.kept += 1
    _keep(intake, letters, tenant, source, bad, done)
    return done


def _keep(
    intake: Intake,
    letters: Letters,
    tenant: Tenant,
    source: str,
    bad: Sequence[tuple[Delivery, Decision, bool]],
    done: Taken,
) -> None:
    """The flag says whether the intake has counted it as received and dead already."""
    waiting: list[Future[Kept] | None] = []
    failed: Exception | None = None
    for delivery, decision, _ in bad:
        content = delivery.content
        try:
            if failed is None:
                waiting.append(letters.keep(tenant, source, "", essence_of(content.media), content, decision))
                continue
        except Exception as error:  # what the first one met, the others would
            failed = error
        waiting.append(None)
    for (_, _, counted), future in zip(bad, waiting, strict=True):
        try:
            became = "failed" if future is None else "dead" if future.result(WAIT).fresh else "duplicates"
        except Exception as error:
            became, failed = "failed", failed or error
        if not counted:
            intake.note(tenant, received=1, **{became: 1})
        elif became != "dead":
            intake.note(tenant, dead=-1, **{became: 1})
        done.dead += became == "dead"
        done.duplicates += became == "duplicates"
    if failed is not None:
        raise failed


def again(
    intake: Intake, tenant: Tenant, source: str, content: Content, out: Callable[[Json], bool] | None = None
) -> Decision:
    """A dead letter offered once more, however long it is, unless it is to be left ``out``. Raises what the ledger raises."""
    read = _read(content, len(content.body))
    if isinstance(read, Malformed):
        intake.note(tenant, received=1, dead=1)
        return _dead(content, read)
    if out is not None and out(read):
        intake.note(tenant, received=1, skipped=1)
        return Decision(SKIPPED)
    outcome = intake.submit_many(tenant, source, [read], letters=True).result(WAIT)[0]
    return Decision(REPLAYED, 1) if isinstance(outcome, Appended) else _dead(content, outcome)


def _read(content: Content, longest: int) -> Json | Malformed:
    if len(content.body) > longest:
        return Malformed("too_long", f"is longer than {longest} bytes", f"超过 {longest} 字节")
    try:
        return event_of(content)
    except Malformed as error:
        return error
    except Exception as error:  # one bad record stops no other: a defect is its reason, by class alone
        name = type(error).__name__
        return Malformed("failed", f"reading it failed: {name}", f"解析出错：{name}")


def _dead(content: Content, why: Malformed | Problem) -> Decision:
    """``origin`` is topic/partition/offset: where the sender finds it."""
    at = content.origin
    field = why.field if _PATH.fullmatch(why.field) else "?"  # names of fields are content too
    return Decision(DEAD, 0, 1, field, f"{why.reason[:300]} ({at})", f"{why.reason_zh[:300]}（{at}）")
