"""The OpenAPI description: texts, examples, the problem schema. One place, so that the routes stay short."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI

from web.problems import FieldError, ProblemBody, answers
from web.shapes import BatchItem

EVENTS: Final = """One CloudEvent, structured or binary, or an array of them: all three modes of the HTTP binding.

- **One** (`application/cloudevents+json` or `application/json`): 202 after it is kept, with full durability.
- **Binary**: the attributes in `ce-` headers (percent-encoded UTF-8), `application/json` data as the body: as one.
- **An array** (`application/cloudevents-batch+json` or `application/json`): 207, each item answered by itself, order kept.

The key's source is the source, and its tenant the tenant, whatever the body says. `id` is the source's own id: the same
content sent again gets the first answer again, other content under the same id is 409, and nothing changes.
A case is opened by types that open one; types that need one take `caseid`, or the source's own `ticket`.
`If-Match` with the `ETag` of the case keeps an event of that case only if nothing was added to it meanwhile, else 412.
A correction is the whole event again, with `correctsid` (our event id) or `correctssourceid` (the source's own id).
"""

EXAMPLE: Final[dict[str, Any]] = {
    "specversion": "1.0",
    "id": "call-2026-000123",
    "type": "complaint.received",
    "time": "2026-11-22T10:00:00+08:00",
    "ticket": "T-1001",
    "projectid": "riverside",
    "houseid": "riverside-3-1201",
    "channel": "hotline",
    "actorrole": "cs_front_desk",
    "data": {
        "description": "卫生间天花板渗水, 已第二次来电",
        "customer": {"number": "C-20871", "name": "王女士", "phone": "13800000000"},
    },
}
_ANSWER: Final = {
    "event_id": "5d0f6a52-6c9e-5b0b-9a3f-0e6a0a0f9f51",
    "case_id": "0b8f6c1e-4a53-5f0e-9d6a-6f1f1c2f7a11",
    "place": 42,
}
_EVENT: Final[dict[str, Any]] = {
    "type": "object",
    "description": "CloudEvents 1.0, structured. `touchline events list` and `touchline events example TYPE` show every type.",
    "required": ["specversion", "id", "type", "time"],
    "properties": {
        "specversion": {"type": "string", "enum": ["1.0"]},
        "id": {"type": "string", "description": "the source's own id; no telephone numbers"},
        "type": {"type": "string", "examples": ["complaint.received"]},
        "time": {"type": "string", "format": "date-time", "description": "when it happened, with an offset"},
        "source": {"type": "string", "description": "kept as evidence; the key's source counts"},
        "caseid": {"type": "string"},
        "ticket": {"type": "string"},
        "data": {"type": "object"},
    },
    "additionalProperties": True,
}
_BATCH: Final = {"type": "array", "items": {"$ref": "#/components/schemas/Event"}}
_ONE: Final = {"$ref": "#/components/schemas/Event"}

EVENTS_BODY: Final[dict[str, Any]] = {
    "required": True,
    "content": {
        "application/cloudevents+json": {"schema": _ONE, "example": EXAMPLE},
        "application/cloudevents-batch+json": {"schema": _BATCH, "example": [EXAMPLE]},
        "application/json": {"schema": {"oneOf": [_ONE, _BATCH]}, "example": EXAMPLE},
    },
}
IF_MATCH: Final[dict[str, Any]] = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "the ETag of the case, as its form was filled in; with one event that names its `caseid`",
    "schema": {"type": "string"},
    "example": '"42"',
}
DELIVERY: Final = """The raw webhook, for systems that cannot send CloudEvents. Whatever arrives is kept first, sealed, and
answered 200 after the commit; then the source's mapping makes touchpoints of it. What cannot be read or mapped is a dead
letter (`GET /dead-letters`) and no error of the sender's. The same delivery again adds nothing. 401 for a wrong token or
signature, 413 for a body that is too long; 429 and 503 mean: send it again later.
"""
DELIVERY_BODY: Final[dict[str, Any]] = {
    "required": False,
    "description": "JSON, a form, text: whatever the other system sends",
    "content": {"*/*": {"schema": {}, "example": {"call": {"id": "c-1", "at": "2026-11-22 10:00:00"}}}},
}
BATCH_ANSWER: Final[dict[str, Any]] = {
    "description": "Each event answered by itself, in the order sent",
    "content": {
        "application/json": {
            "schema": {"type": "array", "items": {"$ref": "#/components/schemas/BatchItem"}},
            "example": [
                {"status": 202, **_ANSWER},
                {
                    "status": 422,
                    "problem": {
                        "type": "urn:touchline:problem:bad_time",
                        "title": "Unprocessable Entity",
                        "status": 422,
                        "detail": "time：必须是带时区偏移的 RFC 3339 时间。 time: must be an RFC 3339 time with an offset.",
                        "errors": [
                            {
                                "field": "time",
                                "reason": "must be an RFC 3339 time with an offset",
                                "reason_zh": "必须是带时区偏移的 RFC 3339 时间",
                            }
                        ],
                    },
                },
            ],
        }
    },
}

DESCRIPTION: Final = """System of record for how a property developer treats its customers: every touchpoint (触点) is an
immutable event; promises (时限) that warn and breach, case histories that can be replayed and proved, follow from them.

Every error is `application/problem+json` with `errors: [{field, reason, reason_zh}]`. Instants are RFC 3339 with an offset.
Lists are arrays; a `Link` header with `rel="next"` leads on.
"""
TAGS: Final = [
    {"name": "events", "description": "事件 — what sources send, and both lanes as they are kept"},
    {"name": "cases", "description": "事项 — cases and their histories"},
    {"name": "promises", "description": "时限 — running promises, and why they are due when they are"},
    {
        "name": "reports",
        "description": "报表 — who entered late what was done in time; which obligations the sources can open and settle",
    },
    {"name": "figures", "description": "指标 — satisfaction and defects, and the cases behind each figure"},
    {"name": "alerts", "description": "提醒 — what people receive, and taking note of it"},
    {"name": "penalties", "description": "处罚 — proposed penalties, for the approver alone"},
    {"name": "persons", "description": "个人信息请求 — find, copy, erase; with an administrator's key"},
    {"name": "stream", "description": "事件流 — both lanes as they are decided, by server-sent events"},
    {"name": "operations", "description": "运行 — metrics and health"},
]


def install(app: FastAPI) -> None:
    """Add what routes do not bring by themselves, and drop what FastAPI adds that we never answer."""
    plain = app.openapi

    def made() -> dict[str, Any]:
        if app.openapi_schema:
            return app.openapi_schema
        schema = plain()
        parts = schema.setdefault("components", {}).setdefault("schemas", {})
        for model in (FieldError, ProblemBody, BatchItem):
            parts[model.__name__] = model.model_json_schema(ref_template="#/components/schemas/{model}")
            parts[model.__name__].pop("$defs", None)
        parts["Event"] = _EVENT
        for name in ("HTTPValidationError", "ValidationError"):
            parts.pop(name, None)
        for verbs in schema["paths"].values():
            for how in verbs.values():
                if "application/json" in how["responses"].get("422", {}).get("content", {}):
                    how["responses"]["422"] = answers(422)[422]
        app.openapi_schema = schema
        return schema

    app.openapi = made  # type: ignore[method-assign]
