"""Filing a complaint from the wall."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Form
from fastapi.responses import Response

from schemas.instants import format_instant
from web.auth import House
from web.events import append_one
from web.pages import SignedIn, Text, said
from web.problems import Refused
from web.words import Words

routes = APIRouter(include_in_schema=False)
_FIELDS = {
    "projectid": "file.project",
    "houseid": "file.house",
    "actorref": "file.by",
    "data.description": "file.what",
    "data.customer.name": "file.name",
    "data.customer.phone": "file.phone",
}
"""Field of the event -> what the form calls it."""


def _field(name: str, t: Words) -> str:
    return t(_FIELDS[name]) if name in _FIELDS else name


@routes.post("/wall/complaints")
async def file_complaint(
    services: House,
    who: SignedIn,
    t: Text,
    description: Annotated[str, Form(max_length=2000)],
    project_id: Annotated[str, Form(max_length=64)] = "",
    house_id: Annotated[str, Form(max_length=64)] = "",
    name: Annotated[str, Form(max_length=64)] = "",
    phone: Annotated[str, Form(max_length=32)] = "",
    by: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """File a complaint from the page, as the signed-in source: the same event as by the API."""
    customer = {key: text.strip() for key, text in (("name", name), ("phone", phone)) if text.strip()}
    data: dict[str, Any] = {"description": description.strip()}
    if customer:
        data["customer"] = customer
    raw: dict[str, Any] = {
        "specversion": "1.0",
        "id": f"wall-{uuid4()}",
        "type": "complaint.received",
        "time": format_instant(services.clock.now()),
        "channel": "hotline",
        "actorrole": "cs_front_desk",
        "data": data,
    }
    where_and_who = (("projectid", project_id), ("houseid", house_id), ("actorref", by))
    raw |= {key: text.strip() for key, text in where_and_who if text.strip()}
    try:
        kept = await append_one(services, who, raw)
    except Refused as problem:
        lang = "reason" if t.lang == "en" else "reason_zh"
        text = "\n".join(
            f"{_field(flaw['field'], t)}{t('colon')}{flaw[lang]}" if flaw["field"] else flaw[lang]
            for flaw in problem.errors
        )
        return Response(status_code=204, headers=said("touchline:unfiled", text=text))
    return Response(
        status_code=204, headers=said("touchline:filed", case=kept["case_id"], place=kept["place"])
    )
