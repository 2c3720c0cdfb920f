"""The Kafka binding of CloudEvents 1.0: an event comes structured (its content-type says so) or binary (``ce_`` headers).

Headers without a value say nothing. The record's key is not read: nothing of an event stands there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from producers.binding import BATCH, ONE, PLAIN, Malformed, bad_header, from_attributes, json_of, media_of
from producers.inbox.letter import Content
from schemas.canonical import Json
from schemas.tracing import traceparent

PREFIX: Final = "ce_"
MEDIA: Final = "content-type"
TRACE: Final = "traceparent"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A record of another system's topic."""

    topic: str
    partition: int
    offset: int
    headers: tuple[tuple[str, bytes], ...]
    value: bytes

    @classmethod
    def of(
        cls,
        topic: str,
        partition: int,
        offset: int,
        headers: Iterable[tuple[str, bytes | None]],
        value: bytes | None,
    ) -> Delivery:
        given = tuple((name, text) for name, text in headers if text is not None)
        return cls(topic, partition, offset, given, value or b"")

    @property
    def content(self) -> Content:
        """As a letter holds it; the same delivery again is equal."""
        media = next((text for name, text in self.headers if name.lower() == MEDIA), b"")
        headers = tuple((name, text.decode("latin-1")) for name, text in self.headers)
        return Content(
            media.decode("latin-1")[:1000],
            headers,
            self.value,
            f"{self.topic}/{self.partition}/{self.offset}",
        )

    def plain(self) -> Json:
        """For the counter of a running server; ``from_plain`` takes it back."""
        headers = [[name, text.decode("latin-1")] for name, text in self.headers]
        return [self.topic, self.partition, self.offset, headers, self.value.decode("latin-1")]

    @classmethod
    def from_plain(cls, plain: Json) -> Delivery:
        topic, partition, offset, headers, value = plain
        given = tuple((name, text.encode("latin-1")) for name, text in headers)
        return cls(topic, partition, offset, given, value.encode("latin-1"))


def event_of(content: Content) -> Json:
    """The event, as if it had been posted; without a trace context of its own it has that of its record (the header
    ``traceparent``). Raises Malformed."""
    found = _event(content)
    carried = next((text for name, text in content.query if name.lower() == TRACE), "")
    if isinstance(found, dict) and TRACE not in found and traceparent(carried):
        return {**found, TRACE: carried}
    return found


def _event(content: Content) -> Json:
    media, readable = media_of(content.media)
    headers = [(name.lower(), text.encode("latin-1")) for name, text in content.query]
    named = media.startswith("application/cloudevents")
    binary = not named and any(name.startswith(PREFIX) for name, _ in headers)
    if not readable:
        raise Malformed("unsupported_media_type", "is not UTF-8", "不是 UTF-8", MEDIA)
    if binary:
        return _binary(headers, media, content.body)
    if media == BATCH:
        raise Malformed("unsupported_media_type", "a record holds one event", "一条记录只放一个事件", MEDIA)
    if media not in (ONE, PLAIN):
        raise Malformed(
            "unsupported_media_type",
            f"neither structured ({MEDIA} {ONE}) nor binary ({PREFIX} headers)",
            f"既不是结构化模式（{MEDIA} 为 {ONE}）也不是二进制模式（{PREFIX} 头）",
        )
    if not content.body:
        raise Malformed("not_strict", "is empty", "是空的")
    found = json_of(content.body)
    if isinstance(found, list):
        raise Malformed("wrong_type", "a record holds one event", "一条记录只放一个事件")
    return found


def _binary(headers: list[tuple[str, bytes]], media: str, body: bytes) -> Json:
    found = from_attributes(headers, PREFIX, _text)
    if body:
        if media != PLAIN:
            raise Malformed(
                "unsupported_media_type", f"the value must be {PLAIN}", f"内容须为 {PLAIN}", MEDIA
            )
        found["data"] = json_of(body)
    return found


def _text(header: str, raw: bytes) -> str:
    """As the binding says: the UTF-8 string itself, nothing quoted and nothing escaped."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise bad_header(header, "is not UTF-8", "不是 UTF-8") from None
