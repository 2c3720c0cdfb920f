"""CloudEvents 1.0 as transports carry them: what HTTP (``web.binding``) and Kafka (``producers.records``) share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from schemas.canonical import Json, NotStrict, read_json

ONE: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"
PLAIN: Final = "application/json"
_NAME = re.compile(r"[a-z0-9]{1,40}")
T = TypeVar("T")


class Malformed(ValueError):
    """It is no event. ``field`` names a header or is ""; nothing repeats what was sent."""

    def __init__(self, code: str, reason: str, reason_zh: str, field: str = "") -> None:
        super().__init__(f"{field}: {reason}" if field else reason)
        self.code = code
        self.field = field
        self.reason = reason
        self.reason_zh = reason_zh


def bad_header(header: str, reason: str, reason_zh: str) -> Malformed:
    """Of a header that is not well formed."""
    return Malformed("bad_header", reason, reason_zh, header)


def media_of(content_type: str) -> tuple[str, bool]:
    """(type/subtype in lower case, whether it is UTF-8) of a Content-Type."""
    named, _, parameters = content_type.partition(";")
    said = (part.partition("=") for part in parameters.replace(" ", "").lower().split(";"))
    charset = next((value for name, _, value in said if name == "charset"), "utf-8")
    return named.strip().lower(), charset.strip('"') in ("utf-8", "utf8")


def json_of(body: bytes) -> Json:
    """Raises Malformed where the body is no JSON."""
    try:
        return read_json(body)
    except NotStrict as error:
        raise Malformed("not_strict", error.reason, _chinese(error.reason)) from None


_PLACES: Final = (
    (re.compile(r"not UTF-8: .* at byte (\d+)", re.DOTALL), "不是 UTF-8 编码（第 {} 字节）"),
    (
        re.compile(r"not JSON: .* at line (\d+) column (\d+)", re.DOTALL),
        "不是合法的 JSON（第 {} 行第 {} 列）",
    ),
)


def _chinese(reason: str) -> str:
    for form, zh in _PLACES:
        if found := form.fullmatch(reason):
            return zh.format(*found.groups())
    return "不是合法的 JSON"


def from_attributes(
    headers: Iterable[tuple[str, T]], prefix: str, text: Callable[[str, T], str]
) -> dict[str, Json]:
    """What stands in the headers (names in lower case) that begin with ``prefix``. ``text`` reads a value of the header that it
    is told. Raises Malformed."""
    found: dict[str, Json] = {}
    for header, raw in headers:
        if not header.startswith(prefix):
            continue
        name = header.removeprefix(prefix)
        if not _NAME.fullmatch(name) or name in ("data", "datacontenttype"):
            raise bad_header(header, "is no attribute of an event", "不是事件属性")
        if name in found:
            raise bad_header(header, "stands twice", "重复出现")
        found[name] = text(header, raw)
    return found
