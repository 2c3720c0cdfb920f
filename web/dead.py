"""死信: what could not be read or mapped; listed for readers, opened, replayed and discarded with an administrator's key."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from ledger.errors import Busy, NotKept, Stopped
from producers.inbox.letter import UNREADABLE
from schemas.fields import Code, Ref
from web.auth import Caller, House, Reader
from web.paging import Limit, known_only, listed
from web.persons import Administrator
from web.problems import Refused, answers, not_found
from web.services import Services

routes = APIRouter(tags=["operations"], dependencies=[Depends(known_only)])
State = Literal["dead", "waiting", "mapped", "skipped", "replayed", "discarded"]


class LetterBody(BaseModel):
    """One delivery. ``field`` and ``reason`` tell of the first fault and hold nothing of the content."""

    id: str
    place: int = Field(description="1, 2, 3 … in order of receiving")
    source: str
    media: str = Field(examples=["application/json"])
    size: int
    received: str
    state: State
    field: str = Field(examples=["call.at"])
    reason: str = Field(examples=["is not a time of the declared formats"])
    reason_zh: str
    faults: int
    events: int = Field(description="touchpoints that came of it")
    decided: str | None
    by: str = Field(description="who replayed or discarded it")
    cause: str = Field(
        description="why it was discarded; `names_erased_person` of a dead one: replay or discard it"
    )
    opened: str | None = Field(description="when it was last looked at in clear, and by whom")
    opened_by: str


class LetterContent(BaseModel):
    """What was sent, in clear: bytes that are no UTF-8 as `\\xNN`. `query` holds a Kafka record's headers."""

    media: str
    query: list[Annotated[list[str], Field(min_length=2, max_length=2)]]
    body: str


class Replay(BaseModel):
    model_config = ConfigDict(extra="forbid")

    by: Ref = Field(description="who has it done", examples=["it-007"])
    source: Annotated[str, Field(max_length=200, description="of this source alone")] = ""


class Discard(BaseModel):
    model_config = ConfigDict(extra="forbid")

    by: Ref = Field(examples=["it-007"])
    reason: Code = Field(examples=["test_data"])


@routes.get(
    "/dead-letters",
    summary="What could not be read or mapped, in order of receiving",
    response_model=list[LetterBody],
    responses=answers(401, 403, 422, 503),
)
async def letters(
    request: Request,
    services: House,
    who: Reader,
    state: State = "dead",
    source: Annotated[str, Query(max_length=200)] = "",
    limit: Limit = 200,
    after: Annotated[
        int,
        Query(
            ge=0, lt=2**63, description="go on behind this place; take it from the `Link` of the page before"
        ),
    ] = 0,
) -> Response:
    found = await run_in_threadpool(
        services.inbox.lists.listed, who.tenant, state=state, source=source, after=after, limit=limit
    )
    return listed(request, found, limit, lambda one: str(one["place"]))


@routes.get(
    "/dead-letters/{letter}",
    summary="One letter",
    response_model=LetterBody,
    responses=answers(401, 403, 404, 422, 503),
)
async def one(services: House, who: Reader, letter: str) -> Response:
    found = await run_in_threadpool(services.inbox.lists.one, who.tenant, letter)
    if found is None:
        raise _unknown()
    return JSONResponse(found)


@routes.get(
    "/dead-letters/{letter}/content",
    summary="What was sent, in clear",
    description="It may hold personal data. That somebody looked stands in the letter. 410 where it is gone.",
    response_model=LetterContent,
    responses=answers(401, 403, 404, 410, 422, 503),
)
async def content(services: House, who: Administrator, letter: str) -> Response:
    return JSONResponse(await run_in_threadpool(_content, services, who, letter))


def _content(services: Services, who: Caller, letter: str) -> dict[str, Any]:
    kept = services.inbox.letters
    try:
        if not kept.looked_at(who.tenant, letter, who.source).result():
            raise _unknown()
        found = kept.content(who.tenant, letter)
    except UNREADABLE:
        raise Refused(410, "gone", "its content is not there any more", "内容已不在") from None
    except (Busy, Stopped, NotKept) as error:
        raise _not_now(error) from None
    body = found.body.decode("utf-8", "backslashreplace")
    return {"media": found.media, "query": found.query, "body": body}


@routes.post(
    "/dead-letters/replay",
    summary="Map all dead letters again, in order of receiving",
    description="After their mapping was mended. What fails again stays dead, with its new reason.",
    response_model=list[LetterBody],
    responses=answers(400, 401, 403, 422, 503),
)
async def replay_all(services: House, who: Administrator, asked: Replay) -> Response:
    return JSONResponse(await run_in_threadpool(_replay, services, who, asked, ""))


@routes.post(
    "/dead-letters/{letter}/replay",
    summary="Map a dead letter again",
    description="After its mapping was mended. If it fails again it stays dead, with its new reason.",
    response_model=LetterBody,
    responses=answers(400, 401, 403, 404, 422, 503),
)
async def replay(services: House, who: Administrator, letter: str, asked: Replay) -> Response:
    done = await run_in_threadpool(_replay, services, who, asked, letter)
    if not done:
        raise _unknown()
    return JSONResponse(done[0])


def _replay(services: Services, who: Caller, asked: Replay, letter: str) -> list[dict[str, Any]]:
    try:
        return services.inbox.replay(who.tenant, by=asked.by, source=asked.source, letter=letter)
    except (Busy, Stopped, NotKept) as error:
        raise _not_now(error) from None


@routes.post(
    "/dead-letters/{letter}/discard",
    summary="Destroy what a dead letter holds, for good",
    response_model=LetterBody,
    responses=answers(400, 401, 403, 404, 422, 503),
)
async def discard(services: House, who: Administrator, letter: str, asked: Discard) -> Response:
    return JSONResponse(await run_in_threadpool(_discard, services, who, letter, asked))


def _discard(services: Services, who: Caller, letter: str, asked: Discard) -> dict[str, Any]:
    try:
        done = services.inbox.discard(who.tenant, letter, asked.reason, asked.by)
    except (Busy, Stopped, NotKept) as error:
        raise _not_now(error) from None
    found = services.inbox.lists.one(who.tenant, letter) if done else None
    if found is None:
        raise _unknown()
    return found


def _unknown() -> Refused:
    return not_found("dead letter", "死信")


def _not_now(error: Exception) -> Refused:
    return Refused(503, "not_kept", str(error), "未能保存, 请稍后重试", headers={"Retry-After": "1"})
