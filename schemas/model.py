"""What every event type's content is made of: the base classes and the pieces that many contents share.

Contents are closed: no field that is not named. ``null`` means absent.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from schemas.fields import PERSONAL, Count, Personal, Ref, Said


class Part(BaseModel):
    """A piece of a content. Frozen, strict, closed."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", defer_build=True)


class Content(Part):
    """The ``data`` of one event type, which is called like the class; the rest of what a type is stands in the catalogue."""

    TYPE: ClassVar[str]


class Attachment(Part):
    """附件: a reference to a recording, photo or letter kept elsewhere. The reference itself is personal."""

    kind: Literal["recording", "photo", "video", "letter", "document"]
    ref: Said
    title: Personal | None = None


class Customer(Part):
    """客户: who it was, as the source knows them. Resolved to ``customer_ref`` and sealed."""

    number: Annotated[str, StringConstraints(max_length=200), PERSONAL] | None = None
    name: Annotated[str, StringConstraints(max_length=200), PERSONAL] | None = None
    phone: Annotated[str, StringConstraints(max_length=40), PERSONAL] | None = None
    address: Annotated[str, StringConstraints(max_length=1000), PERSONAL] | None = None


class Score(Part):
    """One mark that a customer gave (domain.md 4.1): whole points out of ``out_of``, as asked."""

    component: Ref
    points: Count
    out_of: Annotated[int, Field(ge=1, le=1000)] = 100
    comment: Personal | None = None


class Touchpoint(Content):
    """触点: something between the company and a customer. All of them may bear these three."""

    customer: Customer | None = None
    note: Personal | None = None
    attachments: Annotated[list[Attachment], Field(max_length=50)] | None = None
