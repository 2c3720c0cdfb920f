"""接收事件: POST /events. An answer of 2xx is given after the event is committed, and never before."""

from __future__ import annotations

from asyncio import wrap_future
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from functools import partial
from time import perf_counter
from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response

from ledger.candidate import Appended, Outcome, Problem
from ledger.errors import Busy, NotKept, Stopped
from schemas.canonical import Json
from schemas.parse import Refused as Unparsed
from schemas.parse import parse
from web import binding, expected, openapi
from web.auth import AnyCaller, Caller, services_of
from web.direct import Direct
from web.limits import Buckets, bounded_body
from web.metrics import TenantMeters
from web.problems import Refused, answers, refused
from web.services import Services
from web.shapes import Accepted
from web.waiting import Waiting

routes = APIRouter(tags=["events"], route_class=Direct)
_SMALL = 16_384
"""Bytes of a body that is read sooner than a thread is found for it."""
On = Callable[[Future[list[Outcome]]], Awaitable[list[Outcome]]]
_AGAIN = {"Retry-After": "1"}


def kept(outcome: Appended) -> dict[str, Any]:
    return {"event_id": outcome.event_id, "case_id": outcome.case_id or None, "place": outcome.place}


async def outcomes(
    services: Services, who: Caller, raw: Sequence[Json], place: int | None = None, on: On = wrap_future
) -> list[Outcome]:
    """Append what was sent as the caller's source; each answered by itself, after the commit. 503 where nothing can
    be kept now: whoever sends again loses and doubles nothing. ``place``: of the last fact of the case, as the sender
    saw it."""
    held = None
    if place is not None:
        held = await run_in_threadpool(expected.expected, services, who, place, raw)
    submit = partial(
        services.intake.submit_many,
        who.tenant,
        who.source,
        raw,
        admin=who.admin,
        approver=who.approver,
        expected=held,
    )
    try:
        return await on(submit() if len(raw) == 1 else await run_in_threadpool(submit))
    except Busy:
        raise Refused(
            503, "busy", "too many writes are waiting", "写入排队过长, 请稍后重发", headers=_AGAIN
        ) from None
    except (Stopped, NotKept) as error:
        raise Refused(
            503,
            "not_kept",
            f"nothing was kept: {error}",
            "未能保存, 请稍后重发",
            headers={"Retry-After": "5"},
        ) from None


async def append_one(services: Services, who: Caller, raw: Json) -> dict[str, Any]:
    """One event made by a page: its answer, or the problem raised."""
    outcome = (await outcomes(services, who, [raw]))[0]
    if isinstance(outcome, Problem):
        raise refused(outcome)
    return kept(outcome)


def all_flaws(services: Services, who: Caller, outcome: Problem, raw: Json) -> Refused:
    """The answer for a refused event. The ledger passes the first flaw on; a sender wants all of them at once."""
    if outcome.status == 422 and "also" in outcome.extra:
        try:
            parse(raw, services.clock.now(), admin=who.admin, approver=who.approver)
        except Unparsed as error:
            return refused(outcome, error.refusals)
    return refused(outcome)


@routes.post(
    "/events",
    status_code=202,
    summary="Send events",
    description=openapi.EVENTS,
    response_model=Accepted,
    responses={
        207: openapi.BATCH_ANSWER,
        **answers(400, 401, 403, 408, 409, 412, 413, 415, 422, 429, 503),
    },
    openapi_extra={"requestBody": openapi.EVENTS_BODY, "parameters": [openapi.IF_MATCH]},
)
async def post_events(request: Request, who: AnyCaller) -> Response:
    services = services_of(request)
    buckets: Buckets = request.app.state.buckets
    waiting: Waiting = request.app.state.waiting
    meters: TenantMeters = request.app.state.meters.of(who.tenant)
    began = perf_counter()
    try:
        buckets.admit(who.key)
        named = binding.media_type(request)
        place = expected.wanted(request)
        body = await bounded_body(request, services.settings)
        of = binding.from_headers if binding.binary(request) else binding.structured
        read = partial(of, request, body, named)
        found = read() if len(body) < _SMALL else await run_in_threadpool(read)
        events = found if isinstance(found, list) else [found]
        if len(events) > services.settings.batch_limit:
            limit = services.settings.batch_limit
            raise Refused(413, "too_many", f"more than {limit} events in one batch", f"一批最多 {limit} 条")
        buckets.charge(who.key, max(1, len(events)))
        answered = await outcomes(services, who, events, place, waiting.on) if events else []
    except Refused as problem:
        if problem.status != 503:  # those had reached the intake, and are counted there
            services.intake.turned_away(who.tenant, problem.status)
        raise
    meters.latency.observe(perf_counter() - began)
    if isinstance(found, list):
        items = [_item(services, who, outcome, raw) for outcome, raw in zip(answered, events, strict=True)]
        return JSONResponse(items, 207)
    if isinstance(answered[0], Problem):
        raise all_flaws(services, who, answered[0], found)
    return JSONResponse(kept(answered[0]), 202)


def _item(services: Services, who: Caller, outcome: Outcome, raw: Json) -> dict[str, Any]:
    if isinstance(outcome, Problem):
        return {"status": outcome.status, "problem": all_flaws(services, who, outcome, raw).body}
    return {"status": 202, **kept(outcome)}
