"""事件流: both lanes as server-sent events, in one order that does not depend on when they are read.

The state of a reader is (f, v): the last fact and the last verdict that it has. The next line is verdict v+1 if that
verdict stands there and follows a fact ≤ f, else fact f+1 if the engine has decided it. Facts and their verdicts are
decided in one transaction, so the order is the same for every reader, and ``Last-Event-ID: f.v`` goes on without a gap.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from ledger.lanes import engine_state
from ledger.tenants import Tenant
from ledger.timeline import Timelines, timelines
from schemas.canonical import canonical
from schemas.confidential import confidential
from schemas.event import Event
from schemas.instants import format_instant
from web.auth import House, Reader
from web.bell import Bell
from web.paging import known_only
from web.problems import Refused, answers
from web.services import Services

routes = APIRouter(tags=["stream"], dependencies=[Depends(known_only)])
PAGE = 200
_ID = re.compile(r"(\d{1,18})\.(\d{1,18})(?:\.([0-9a-f]{8}))?", re.ASCII)
_BREATH = 0.4
"""Seconds between two "changed" to one page: a busy hour must not redraw it without rest."""


def merge(
    facts: list[Event], verdicts: list[Event], f: int, v: int, *, whole: bool
) -> list[tuple[int, int, Event]]:
    """The lines after state (f, v), each with the state after it. ``whole``: there are no verdicts beyond these; where
    there are, it stops with the last of them, for the next one may come before the next fact."""
    lines: list[tuple[int, int, Event]] = []
    told, said = 0, 0
    while True:
        if said < len(verdicts) and verdicts[said].after <= f:
            v, found, said = verdicts[said].place, verdicts[said], said + 1
        elif told < len(facts) and (said < len(verdicts) or whole):
            f, found, told = facts[told].place, facts[told], told + 1
        else:
            return lines
        lines.append((f, v, found))


def read_page(
    services: Services, tenant: Tenant, f: int, v: int, *, hidden: bool = True
) -> list[tuple[int, int, dict[str, Any]]]:
    """The next lines, up to what the engine has decided, as data to send; none to send of what is ``hidden`` from all but the
    approver. Empty when the reader is abreast."""
    with services.ledger.database.read() as conn:
        state = engine_state(conn, tenant)
        facts = services.ledger.facts(conn, tenant, f, PAGE)
        verdicts = services.ledger.verdicts(conn, tenant, v, PAGE)
        traces = services.ledger.traces(conn, tenant, {verdict.causation_id for verdict in verdicts})
    facts = [fact for fact in facts if fact.place <= state.decided]
    lines = merge(facts, verdicts, f, v, whole=len(verdicts) < PAGE)
    known: dict[str, list[str]] = {}
    return [
        (at, said, {} if hidden and confidential(event) else _data(services, tenant, event, known, traces))
        for at, said, event in lines
    ]


def _data(
    services: Services, tenant: Tenant, event: Event, known: dict[str, list[str]], traces: Mapping[str, str]
) -> dict[str, Any]:
    """What a line says: routing and ids, never content. ``promise_ids``: of a verdict its own promise, of a fact
    those of its case as they are when the line is sent; ``traceparent``: of a verdict that of its cause."""
    if event.verdict:
        own = event.data.get("promise_id")
        promises = [str(own)] if own else []
    elif event.case_id:
        if event.case_id not in known:
            found = services.reading.promises.find(tenant, case_id=event.case_id)
            known[event.case_id] = [promise["id"] for promise in found]
        promises = known[event.case_id]
    else:
        promises = []
    return {
        "lane": "verdict" if event.verdict else "fact",
        "place": event.place,
        "after": event.after,
        "event_id": event.event_id,
        "type": event.type,
        "time": format_instant(event.time),
        "recorded": format_instant(event.recorded),
        "case_id": event.case_id or None,
        "promise_ids": promises,
        "house_id": event.house_id or None,
        "project_id": event.project_id or None,
        "source": event.source or None,
        "traceparent": (traces.get(event.causation_id) if event.verdict else event.traceparent) or None,
    }


def heads(services: Services, tenant: Tenant) -> tuple[tuple[int, int], Timelines]:
    """What is decided, and which life of the ledger this is."""
    with services.ledger.database.read() as conn:
        state = engine_state(conn, tenant)
        life = timelines(conn, services.ledger.database.ledger_id)
    return (state.decided, state.verdict_place), life


def begin(last: str, now: tuple[int, int], life: Timelines, tenant: int) -> tuple[int, int]:
    """The state to go on from. 422 for an id that is not of this ledger, or of what it was before a restore."""
    if not last:
        return now
    found = _ID.fullmatch(last)
    f, v = (int(found[1]), int(found[2])) if found else (-1, -1)
    if found is not None and not life.shares(found[3] or "", tenant, f, v):
        raise Refused(
            422,
            "other_timeline",
            "the ledger was restored or copied since this Last-Event-ID was given, from a state before it: other events "
            "stand there now. Read again from 0.0, or from now without Last-Event-ID",
            "台账已从更早的备份恢复（或为副本），此位置属于另一条时间线：请从 0.0 重读，或不带 Last-Event-ID 从现在开始",
            field="Last-Event-ID",
        )
    if found is None or f > now[0] or v > now[1]:
        raise Refused(
            422,
            "unknown_position",
            "Last-Event-ID is not a position of this ledger (FACT.VERDICT, not beyond what is decided)",
            "Last-Event-ID 不是本账本的位置",
            field="Last-Event-ID",
        )
    return f, v


async def lanes(
    services: Services, bell: Bell, tenant: Tenant, f: int, v: int, mark: str, *, hidden: bool = True
) -> AsyncIterator[str]:
    """Lines for programs, until the server stops or the reader leaves. ``mark`` names the ledger's timeline, "" the first."""
    life = f".{mark}" if mark else ""
    yield "retry: 1000\n: both lanes of " + str(tenant.number) + "\n\n"
    with bell.subscribed(tenant.number) as moved:
        while not bell.stopping:
            moved.clear()
            page = await run_in_threadpool(read_page, services, tenant, f, v, hidden=hidden)
            for f, v, data in page:
                if data:
                    yield f"id: {f}.{v}{life}\nevent: {data['lane']}\ndata: {canonical(data)}\n\n"
            if not page and not await bell.rung(moved, services.settings.heartbeat):
                yield ": still here\n\n"


async def changes(services: Services, bell: Bell, tenant: Tenant) -> AsyncIterator[str]:
    """Tiny "changed" events for the pages, which then ask for what they show."""
    yield "retry: 1000\n\n"
    with bell.subscribed(tenant.number) as moved, bell.subscribed(-1) as ended:
        while not bell.stopping:
            moved.clear()
            f, v = services.progress.at(tenant.number)
            data = canonical({"now": services.clock.now() // 1000, "decided": f, "verdict": v})
            yield f"event: changed\ndata: {data}\n\n"
            await bell.rung(ended, _BREATH)
            while not bell.stopping and not await bell.rung(moved, services.settings.heartbeat):
                yield ": still here\n\n"


@routes.get(
    "/stream",
    summary="Both lanes, live",
    description="Server-sent events, `id` = decided fact place and verdict place (`42.7`), `event` = `fact` or `verdict`, "
    "`data` = type, case and promise ids, the trace context of the request behind it. Without `Last-Event-ID` it begins now; "
    "with it, it goes on without a gap, after "
    "a restart of the server too. `0.0` begins at the beginning. Comments keep a silent line open.",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}},
        **answers(401, 403, 422, 503),
    },
)
async def stream(
    request: Request,
    services: House,
    who: Reader,
    last: Annotated[str, Header(alias="Last-Event-ID", description="`FACT.VERDICT`, as it was sent")] = "",
    shown_as: Annotated[
        Literal["lanes", "wall"], Query(alias="as", description="`wall`: only that something changed")
    ] = "lanes",
) -> StreamingResponse:
    bell: Bell = request.app.state.bell
    if shown_as == "wall":
        lines = changes(services, bell, who.tenant)
    else:
        now, life = await run_in_threadpool(heads, services, who.tenant)
        f, v = begin(last, now, life, who.tenant.number)
        lines = lanes(services, bell, who.tenant, f, v, life.mark, hidden=not who.approver)
    return StreamingResponse(
        lines,
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
