"""Errors on the wire: ``application/problem+json`` (RFC 9457), naming every field and the reason in two languages."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from structlog.contextvars import get_contextvars

from ledger.candidate import Problem
from ledger.errors import trouble
from projections.store import OtherFold
from schemas.refusals import FORMS, REASONS, Refusal, field_path, refusal

MEDIA_TYPE = "application/problem+json"
_KINDS = {
    "int_parsing": "int_type",
    "int_from_float": "int_type",
    "bool_parsing": "bool_type",
    "dict_type": "model_type",
}
"""Complaints about text that was to be a number …: those of a model say the same."""
_MORE = {
    "json_invalid": ("is not JSON: {error}", "不是合法的 JSON（{error}）"),
    "less_than": ("must be less than {lt}", "必须小于 {lt}"),
    "greater_than": ("must be greater than {gt}", "必须大于 {gt}"),
}
_STATUS = {
    400: ("the request cannot be read", "请求无法解析"),
    404: (
        "there is nothing at this address; /openapi.json lists what there is",
        "没有这个地址；全部地址见 /openapi.json",
    ),
    405: ("this address does not take {method}", "该地址不支持 {method} 请求"),
}
"""What the framework refuses by itself."""


class FieldError(BaseModel):
    """One flaw: the path of the field ("" for the whole) and why it is refused."""

    field: str = Field(examples=["time"])
    reason: str = Field(examples=["not an RFC 3339 time with an offset"])
    reason_zh: str = Field(examples=["时间须带时区偏移"])


class ProblemBody(BaseModel):
    """RFC 9457, with all flaws listed in ``errors``; further members (``latest`` …) where they help."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["urn:touchline:problem:invalid_event"])
    title: str = Field(examples=["Unprocessable Content"])
    status: int = Field(examples=[422])
    detail: str = Field(
        description="all of `errors` as one text, Chinese first",
        examples=["time：时间须带时区偏移。 time: not an RFC 3339 time with an offset."],
    )
    errors: list[FieldError] = []
    request_id: str = Field(
        default="", description="X-Request-Id of the request: ask the operator for it in the log"
    )


def spoken(errors: Sequence[Mapping[str, str]]) -> str:
    """All flaws as a text for people: Chinese first, then English, each flaw with its field."""

    def said(name: str, colon: str) -> list[str]:
        return [f"{e['field']}{colon}{e[name]}" if e["field"] else e[name] for e in errors]

    zh, en = "；".join(said("reason_zh", "：")), "; ".join(said("reason", ": "))
    return f"{zh}。 {en}" + ("" if en.endswith(("?", ".")) else ".")


class Refused(Exception):
    """The request is answered with a problem."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        detail_zh: str = "",
        *,
        field: str = "",
        errors: Sequence[Mapping[str, str]] | None = None,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = dict(headers or {})
        self.errors = (
            [dict(e) for e in errors]
            if errors is not None
            else [{"field": field, "reason": detail, "reason_zh": detail_zh or detail}]
        )
        self.body: dict[str, Any] = {
            "type": f"urn:touchline:problem:{code}",
            "title": phrase(status),
            "status": status,
            "detail": spoken(self.errors),
            "errors": self.errors,
            **(extra or {}),
        }

    def response(self) -> Response:
        """With the id of the request that is being answered."""
        ident = get_contextvars().get("request_id")
        body = {**self.body, "request_id": ident} if ident else self.body
        return JSONResponse(body, self.status, headers=self.headers, media_type=MEDIA_TYPE)


def progress(far: Mapping[str, Any]) -> str:
    """How far a rebuild has come, as text: ``fold 1200/5000 (12 %)``."""
    facts = far["judged"] if far["step"] == "judge" else far["facts"]
    return f"{far['step']} {facts}/{far['whole']} ({far['percent']} %)"


def retry_after(far: Mapping[str, Any]) -> int:
    """Seconds after which it is worth asking again."""
    left = int(far.get("seconds_left", -1))
    return min(300, max(1, left)) if left >= 0 else 5


def phrase(status: int) -> str:
    """The registered reason phrase."""
    return "Content Too Large" if status == 413 else HTTPStatus(status).phrase


def refused(problem: Problem, flaws: Sequence[Refusal] = ()) -> Refused:
    """A refused event as an answer. ``flaws``: all that is wrong with it, where more than one thing is."""
    told = flaws or (problem,)
    errors = [{"field": flaw.field, "reason": flaw.reason, "reason_zh": flaw.reason_zh} for flaw in told]
    detail = "; ".join(f"{flaw.field}: {flaw.reason}" if flaw.field else flaw.reason for flaw in told)
    extra = {name: value for name, value in problem.extra.items() if name != "also"}
    headers = {"Retry-After": "60"} if problem.status == 503 else None
    return Refused(problem.status, problem.code, detail, errors=errors, headers=headers, extra=extra)


def not_found(what: str, what_zh: str) -> Refused:
    return Refused(404, "not_found", f"no such {what}", f"没有这个{what_zh}")


def flaw_of(error: Mapping[str, Any]) -> dict[str, str]:
    """A complaint about a parameter or a body, in our words: the same in both languages."""
    where = tuple(error["loc"])
    kind = str(error["type"])
    rule = {name: value for name, value in (error.get("ctx") or {}).items() if isinstance(value, str | int)}
    # of broken JSON the place is the number of a character: that is no field
    named = () if kind == "json_invalid" else where[1:]
    field = field_path(named) or str(where[0])
    if "expected" in rule:
        rule["expected"] = str(rule["expected"]).replace("'", "").replace(" or ", ", ")
    if "pattern" in rule:
        rule["form"], rule["form_zh"] = FORMS.get(
            str(rule["pattern"]), (f"of the form {rule['pattern']}", f"如下格式：{rule['pattern']}")
        )
    kind = _KINDS.get(kind, kind)
    if kind in _MORE:
        en, zh = (text.format(**rule) for text in _MORE[kind])
    elif kind in REASONS:
        found = refusal(kind, field, **rule)
        en, zh = found.reason, found.reason_zh
    else:
        en, zh = str(error["msg"]), f"{REASONS['other'][2]}（{error['msg']}）"
    return {"field": field, "reason": en, "reason_zh": zh}


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of an operation for OpenAPI: each a problem."""
    return {
        status: {
            "description": phrase(status),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemBody"}}},
        }
        for status in statuses
    }


def fault() -> Refused:
    """A fault of ours, which says nothing of its inside."""
    return Refused(
        500,
        "fault",
        "a fault of the server; it is in its log under request_id",
        "服务器内部错误，请按 request_id 查日志",
    )


def install(app: FastAPI) -> None:
    """Every refusal leaves as a problem; what nobody expected is ``web.correlation``'s."""

    @app.exception_handler(Refused)
    async def _refused(request: Request, error: Refused) -> Response:
        return error.response()

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        errors = [flaw_of(flaw) for flaw in error.errors()]
        detail = "; ".join(f"{e['field']}: {e['reason']}" for e in errors)
        return Refused(422, "invalid_parameter", detail, errors=errors).response()

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "refused")
        en, zh = _STATUS.get(error.status_code, (str(error.detail),) * 2)
        en, zh = (text.replace("{method}", request.method) for text in (en, zh))
        allowed = (error.headers or {}).get("Allow", "")
        if allowed:
            en, zh = f"{en}, only {allowed}", f"{zh}，只支持 {allowed}"
        return Refused(error.status_code, code, en, zh, headers=error.headers).response()

    @app.exception_handler(OtherFold)
    async def _rebuilding(request: Request, error: OtherFold) -> Response:
        """How far the rebuild has come stands in ``rebuild``; ``Retry-After`` is what it will take, as far as is known."""
        status = request.app.state.services.runner_status()
        far, failed = status.get("rebuild") or {}, str(status.get("rebuild_failed") or "")
        detail, detail_zh = str(error), "读模型正在重建, 请稍后再查"
        if far:
            detail = "the tables are being rebuilt: " + progress(far)
            detail_zh = "读模型正在重建: " + progress(far)
        elif failed:
            detail, detail_zh = f"the rebuild failed: {failed}", f"重建失败: {failed}"
        headers = {"Retry-After": str(retry_after(far))}
        extra = {"rebuild": far} if far else {}
        return Refused(503, "rebuilding", detail, detail_zh, headers=headers, extra=extra).response()

    @app.exception_handler(sqlite3.Error)
    @app.exception_handler(SQLAlchemyError)
    async def _unavailable(request: Request, error: Exception) -> Response:
        """A full disk, a database that is away. Anything else is a fault of ours."""
        if not (told := trouble(error)):
            raise error
        return Refused(
            503, "unavailable", told, "存储暂不可用, 请稍后再试", headers={"Retry-After": "5"}
        ).response()
