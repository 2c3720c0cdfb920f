"""原样接收: POST /in/{source}. Whatever a vendor sends is kept, durably, before the answer; it is mapped after."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from fastapi.security import APIKeyHeader
from pydantic import BaseModel, Field

from ledger.errors import Busy, NotKept, Stopped
from producers.inbox.doors import NotAuthentic
from producers.inbox.known import Inbox
from producers.inbox.letter import Kept
from web import openapi
from web.auth import House
from web.limits import Buckets, bounded_body
from web.problems import Refused, answers, not_found
from web.services import Services

routes = APIRouter(tags=["events"])
_proof = APIKeyHeader(
    name="X-Token",
    scheme_name="inbox",
    auto_error=False,
    description="As the source's inbox was set up (`touchline inbox add --verify`): a token in a header or in the query, "
    "an HMAC-SHA256 of the body, or a Standard Webhooks signature.",
)


class Taken(BaseModel):
    """Kept, with full durability. Whether it could be mapped is not the sender's concern: `GET /dead-letters` tells."""

    letter: str = Field(examples=["0b8f6c1e-4a53-5f0e-9d6a-6f1f1c2f7a11"])
    again: bool = Field(description="the same delivery was kept before; nothing was added")


@routes.post(
    "/in/{source}",
    summary="Deliver as another system sends it",
    description=openapi.DELIVERY,
    response_model=Taken,
    responses=answers(400, 401, 404, 408, 413, 429, 503),
    openapi_extra={"requestBody": openapi.DELIVERY_BODY},
)
async def deliver(
    request: Request, services: House, source: str, _given: Annotated[str | None, Security(_proof)] = None
) -> Response:
    buckets: Buckets = request.app.state.buckets
    inbox = await run_in_threadpool(services.inbox.find, source)
    if inbox is None:
        raise not_found("source that delivers here (touchline inbox add)", "接收来源（touchline inbox add）")
    try:
        buckets.admit(f"in:{source}")
        body = await bounded_body(request, services.settings)
        kept = await run_in_threadpool(_kept, services, inbox, request, body)
        buckets.charge(f"in:{source}", 1)  # a stranger without the secret takes nothing out of it
    except Refused as problem:
        if problem.status != 503:  # what was to be kept is counted where it was
            services.intake.turned_away(inbox.tenant, problem.status)
        raise
    return JSONResponse(Taken(letter=kept.id, again=not kept.fresh).model_dump())


def _kept(services: Services, inbox: Inbox, request: Request, body: bytes) -> Kept:
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        headers.setdefault(name.lower(), value)
    try:
        return services.inbox.receive(inbox, headers, request.query_params.multi_items(), body).result()
    except NotAuthentic:
        raise Refused(
            401,
            "not_authentic",
            "the token or signature is not this source's",
            "口令或签名不符",
            headers={"WWW-Authenticate": 'Token realm="touchline"'},
        ) from None
    except (Busy, Stopped, NotKept) as error:
        raise Refused(
            503,
            "not_kept",
            f"nothing was kept: {error}",
            "未能保存, 请稍后重发",
            headers={"Retry-After": "1" if isinstance(error, Busy) else "5"},
        ) from None
