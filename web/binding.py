"""The HTTP binding of CloudEvents 1.0: an event comes structured, in a batch, or binary (attributes in ``ce-`` headers).

The three say the same: what an event is answered, and whether it was sent before, does not depend on the mode.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from fastapi import Request

from producers.binding import BATCH, ONE, PLAIN, Malformed, bad_header, from_attributes, json_of, media_of
from schemas.canonical import Json
from web.problems import Refused

PREFIX: Final = "ce-"
_ESCAPED = re.compile(r"\\(.)")


def binary(request: Request) -> bool:
    """Whether the attributes stand in headers: any ``ce-`` header, and no media type that says otherwise."""
    named = request.headers.get("content-type", "").strip().lower()
    return not named.startswith("application/cloudevents") and any(
        name.startswith(PREFIX) for name in request.headers
    )


def media_type(request: Request) -> str:
    """The body's media type. 415 for what we do not read: another type, another charset, a compressed body."""
    named, readable = media_of(request.headers.get("content-type", ""))
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    bare = not named and binary(request)  # an event without data has no body to name the type of
    if not (named in (ONE, BATCH, PLAIN) or bare) or not readable or coding != "identity":
        raise Refused(
            415,
            "unsupported_media_type",
            f"send {ONE}, {BATCH} or {PLAIN}, in UTF-8 and not compressed",
            f"请以 {ONE}、{BATCH} 或 {PLAIN} 发送, UTF-8 编码, 不压缩",
            headers={"Accept-Post": f"{ONE}, {BATCH}, {PLAIN}"},
        )
    return named


def structured(request: Request, body: bytes, named: str) -> Json:
    """The body as JSON, of the shape that its media type says. 422 where it is not."""
    if not body:
        raise Refused(422, "not_strict", "the body is empty: send an event", "请求体是空的：请发送事件")
    try:
        found = json_of(body)
    except Malformed as error:
        raise _refused(error) from None
    if named == ONE and isinstance(found, list):
        raise Refused(422, "wrong_type", f"an array is sent as {BATCH} or {PLAIN}", f"数组请以 {BATCH} 发送")
    if named == BATCH and not isinstance(found, list):
        raise Refused(422, "wrong_type", f"{BATCH} is an array of events", f"{BATCH} 必须是事件数组")
    return found


def from_headers(request: Request, body: bytes, named: str) -> Json:
    """The same event as if it had come structured; its data is the body. 422 names the header that is not well formed."""
    headers = ((name.decode("latin-1").lower(), raw) for name, raw in request.headers.raw)
    try:
        found = from_attributes(headers, PREFIX, _value)
        if body:
            if not named:
                raise bad_header(
                    "content-type", f"must name the type of the body: {PLAIN}", f"须说明请求体类型：{PLAIN}"
                )
            found["data"] = json_of(body)
    except Malformed as error:
        raise _refused(error) from None
    return found


def _value(header: str, raw: bytes) -> str:
    """As the binding says: quotes taken off, then percent-decoded as UTF-8."""
    text = raw.decode("latin-1").strip()
    if not text.isascii() or not text.isprintable():
        raise bad_header(
            header,
            "must be printable ASCII, all else percent-encoded",
            "只可用可见 ASCII 字符，其余须百分号编码",
        )
    if len(text) >= 2 and text[0] == text[-1] == '"':
        text = _ESCAPED.sub(r"\1", text[1:-1])
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise bad_header(header, "is not percent-encoded UTF-8", "不是百分号编码的 UTF-8") from None


def _refused(error: Malformed) -> Refused:
    if error.code == "not_strict":
        return Refused(422, error.code, error.reason, f"请求体{error.reason_zh}")
    return Refused(422, error.code, str(error), error.reason_zh, field=error.field)
