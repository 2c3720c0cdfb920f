"""追读: GET /events, the lanes as they are stored, for subscribers of Kafka that missed something, or have no Kafka.

A row says the same as its record in Kafka (``ledger.wire``): the attributes by the names of their headers, the stored bytes as
``value``. Personal data in it is sealed, and stays so. What speaks of penalties is the approver's alone; of such a row the
others are given place and hash, so that the chain goes on.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from pydantic import BaseModel, Field

from ledger.chain import FACTS
from ledger.lanes import engine_state
from ledger.rows import page
from ledger.timeline import timelines
from ledger.wire import Record
from schemas.confidential import confidential_row
from schemas.instants import format_instant
from web.auth import Caller, House, Reader
from web.paging import Limit, known_only, listed
from web.problems import Refused, answers
from web.services import Services

routes = APIRouter(tags=["events"], dependencies=[Depends(known_only)])
Lane = Annotated[
    Literal["facts", "verdicts"],
    Query(description="`facts`: what sources sent and people decided; `verdicts`: what rules concluded"),
]
Place = Annotated[
    int, Query(ge=0, lt=2**63, description="the rows behind this place; 0: from the beginning", examples=[0])
]

Tenant = Annotated[
    int | None,
    Query(
        ge=1, lt=2**63, description="number, as in the Kafka topics: the caller's own, or 403", examples=[1]
    ),
]


class RecordBody(BaseModel):
    """One row. ``id``, ``source``, ``type``, ``time`` and ``value`` are null where it is withheld."""

    lane: Literal["facts", "verdicts"]
    place: int = Field(description="position in its lane: 1, 2, 3 … without holes", examples=[42])
    recorded: int = Field(description="microseconds UTC since 1970, as hashed", examples=[1795478400000000])
    after: int | None = Field(description="of a verdict: place of the fact that it follows")
    chainhash: str = Field(description="hash of this row, 64 hexadecimal digits", examples=["0" * 64])
    ledgerid: str
    timeline: str = Field(description="which of the ledger's lives; another one after a restore")
    withheld: bool = Field(description="it speaks of penalties and this is no approver's key")
    id: str | None = Field(examples=["5d0f6a52-6c9e-5b0b-9a3f-0e6a0a0f9f51"])
    source: str | None = Field(description="of a fact its source, of a verdict its rule", examples=["crm"])
    type: str | None = Field(examples=["complaint.received"])
    time: str | None = Field(description="when it happened", examples=["2026-11-22T10:00:00.000000+08:00"])
    value: str | None = Field(
        description="the stored text, verbatim: its UTF-8 bytes are what is hashed", examples=['{"data":{}}']
    )


@routes.get(
    "/events",
    summary="The lanes as stored, to catch up",
    description="The caller's tenant, in order of place, as in the Kafka topics (`docs/asyncapi.yaml`). A page ends with "
    "`limit` rows or 1 MiB; `Link` leads on as long as there is more, afterwards ask again behind the last place. Personal "
    "data in `value` is sealed. 422 for a place that this ledger has not reached: it was restored from before it.",
    response_model=list[RecordBody],
    responses=answers(401, 403, 422, 503),
)
async def events(
    request: Request,
    services: House,
    who: Reader,
    tenant: Tenant = None,
    lane: Lane = "facts",
    after: Place = 0,
    limit: Limit = 200,
) -> Response:
    if tenant not in (None, who.tenant.number):
        raise Refused(
            403,
            "other_tenant",
            "a key reads its own tenant and no other",
            "密钥只可读取其所属租户",
            field="tenant",
        )
    found, more = await run_in_threadpool(_rows, services, who, lane, after, limit)
    return listed(request, found, len(found) if more else limit + 1, lambda one: str(one["place"]))


def _rows(
    services: Services, who: Caller, lane: str, after: int, limit: int
) -> tuple[list[dict[str, Any]], bool]:
    """The page, and whether there is more."""
    database = services.ledger.database
    with database.read() as conn:
        head = (
            services.ledger.head(conn, who.tenant).place
            if lane == FACTS
            else engine_state(conn, who.tenant).verdict_place
        )
        life = timelines(conn, database.ledger_id)
        rows = page(conn, who.tenant.number, lane, after, life.ledger_id, life.current, limit)
    if after > max(head, rows[-1].place if rows else 0):
        raise Refused(
            422,
            "unknown_position",
            f"after: this ledger's {lane} end at {head}. If you have more, it was restored from an older backup: read again "
            "from 0",
            f"台账的该条线止于 {head}。若读过更后的位置，说明台账已从更早的备份恢复：请从 0 重读",
            field="after",
        )
    return [_shown(lane, row, who.approver) for row in rows], bool(rows) and rows[-1].place < head


def _shown(lane: str, row: Record, approver: bool) -> dict[str, Any]:
    body = json.loads(row.body)
    withheld = not approver and confidential_row(body)
    told: dict[str, Any] = dict.fromkeys(("id", "source", "type", "time", "value"))
    if not withheld:
        told = {
            "id": body["event_id"],
            "source": body["source"] if lane == FACTS else body["rule"],
            "type": body["type"],
            "time": format_instant(body["time"]),
            "value": row.body.decode(),
        }
    return {
        "lane": lane,
        "place": row.place,
        "recorded": row.recorded,
        "after": row.after,
        "chainhash": row.hash.hex(),
        "ledgerid": row.ledger_id,
        "timeline": row.timeline,
        "withheld": withheld,
        **told,
    }
