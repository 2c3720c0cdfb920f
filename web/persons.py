"""个人信息请求: find, copy, erase (个人信息保护法 arts. 44–47), for programs with an administrator's key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from ledger.errors import Busy, NotKept, Stopped
from producers.dossier import copied
from producers.inbox.bars import waited_for
from producers.inbox.naming import Naming
from producers.inbox.tables import DEAD
from producers.persons import NotTaken, UnknownPerson
from schemas.fields import Code, Ref
from schemas.instants import Instant, format_instant
from web.auth import Caller, House, Reader
from web.paging import known_only
from web.problems import Refused, answers, not_found, refused
from web.services import Services


async def administrator(who: Reader) -> Caller:
    """Raises 403 for any key but an administrator's, and for sessions."""
    if not who.admin:
        raise Refused(
            403,
            "admin_only",
            "this needs an administrator's key (touchline key create --admin)",
            "需要管理员密钥（touchline key create --admin）",
        )
    return who


Administrator = Annotated[Caller, Depends(administrator)]
routes = APIRouter(tags=["persons"], dependencies=[Depends(known_only)])


class Whom(BaseModel):
    """In the body, for a phone never stands in a URL. The number of a source, else the phone."""

    model_config = ConfigDict(extra="forbid")

    number: Annotated[str, Field(max_length=200)] = ""
    source: Annotated[
        str, Field(max_length=200, description="whose number it is; by default the key's own")
    ] = ""
    phone: Annotated[str, Field(max_length=40)] = ""


class PersonBody(BaseModel):
    person: str = Field(description="the reference", examples=["7c1e0b52-6a0e-4c57-9b0c-6d3a51f2c0de"])
    erased: str | None = Field(default=None, description="when they were erased")
    letters: list[str] = Field(
        description="letters that name them and are no touchpoints yet (`GET /dead-letters`)"
    )


class ErasureAsked(BaseModel):
    """Kept; it is carried out at once, and `privacy.erasure_executed` then says so in the fact lane; where letters are left,
    when the last of them was replayed or discarded."""

    event_id: str | None = Field(description="of the request; null where they were erased before")
    place: int | None
    unnamed: int = Field(
        description="texts without a customer, in cases that are theirs alone, erased with them"
    )
    erased: str | None
    letters: list[str] = Field(description="dead letters that name nobody else, discarded with them")
    letters_left: list[str] = Field(
        description="dead letters that name others too: replay them, which leaves this person out, or discard them"
    )


class Erase(BaseModel):
    model_config = ConfigDict(extra="forbid")

    basis: Code = Field(examples=["customer_request"])
    by: Ref = Field(description="who handles it", examples=["kf-001"])


def _erased(services: Services, who: Caller, person: str) -> Instant | None:
    try:
        return services.persons.erased(who.tenant, person)
    except UnknownPerson:
        raise not_found("person", "个人引用") from None


@routes.post(
    "/persons/find",
    summary="Whose number or phone this is",
    response_model=PersonBody,
    responses=answers(400, 401, 403, 404, 422, 503),
)
async def find(services: House, who: Administrator, whom: Whom) -> Response:
    if not whom.number and not whom.phone:
        raise Refused(422, "missing", "give number or phone", "请提供 number 或 phone", field="number")
    found = await run_in_threadpool(
        services.ledger.customer,
        who.tenant,
        source=whom.source or who.source,
        number=whom.number,
        phone=whom.phone,
    )
    if found is None:
        raise not_found("person (any more)", "人（或已删除）")
    letters = await run_in_threadpool(Naming(services.ledger).of, who.tenant, found)
    return JSONResponse(PersonBody(person=found, letters=[one.letter for one in letters]).model_dump())


@routes.get(
    "/persons/{person}/events",
    summary="A copy of all that is kept of a person",
    description="One JSON object a line, opened; last, letters that name them and are no touchpoints yet, without their "
    "content. That somebody looked is recorded first (`privacy.access_recorded`). 410 "
    "where they were erased.",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"application/x-ndjson": {"schema": {"type": "string"}}}},
        **answers(401, 403, 404, 410, 422, 503),
    },
)
async def copy(
    services: House,
    who: Administrator,
    person: str,
    purpose: Annotated[Code, Query(description="what for, a code")] = "subject_copy",
) -> Response:
    return StreamingResponse(
        await run_in_threadpool(_copy, services, who, person, purpose), media_type="application/x-ndjson"
    )


def _copy(services: Services, who: Caller, person: str, purpose: str) -> Iterator[str]:
    if (at := _erased(services, who, person)) is not None:
        raise Refused(
            410, "erased", f"erased at {format_instant(at)}", f"个人信息已于 {format_instant(at)} 删除"
        )
    try:
        services.persons.accessed(who.tenant, who.source, person, purpose, who.source)
    except NotTaken as error:
        raise refused(error.problem) from None
    except (Busy, Stopped, NotKept) as error:
        raise _not_now(error) from None
    return (
        json.dumps(line, ensure_ascii=False) + "\n" for line in copied(services.ledger, who.tenant, person)
    )


@routes.post(
    "/persons/{person}/erasure",
    status_code=202,
    summary="Erase a person",
    description="Destroys their keys and index, for good. The record and its chain stay; the texts read as erased. Whether a "
    "retention period or a dispute forbids it is the caller's to judge before.",
    response_model=ErasureAsked,
    responses=answers(400, 401, 403, 404, 422, 503),
)
async def erase(services: House, who: Administrator, person: str, asked: Erase) -> Response:
    return JSONResponse((await run_in_threadpool(_erase, services, who, person, asked)).model_dump(), 202)


def _erase(services: Services, who: Caller, person: str, asked: Erase) -> ErasureAsked:
    if (at := _erased(services, who, person)) is not None:
        left = waited_for(services.ledger, who.tenant)[0].get(person, [])
        return ErasureAsked(
            event_id=None, place=None, unnamed=0, erased=format_instant(at), letters=[], letters_left=left
        )
    found = Naming(services.ledger).of(who.tenant, person)
    try:
        kept, also = services.persons.erase(who.tenant, who.source, person, asked.basis, asked.by)
    except NotTaken as error:
        raise refused(error.problem) from None
    except (Busy, Stopped, NotKept) as error:
        raise _not_now(error) from None
    return ErasureAsked(
        event_id=kept.event_id,
        place=kept.place,
        unnamed=also,
        erased=None,
        letters=[one.letter for one in found if one.goes],
        letters_left=[one.letter for one in found if one.state == DEAD and not one.alone],
    )


def _not_now(error: Exception) -> Refused:
    return Refused(503, "not_kept", str(error), "未能保存, 请稍后重试", headers={"Retry-After": "1"})
