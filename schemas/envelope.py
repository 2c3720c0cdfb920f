"""The envelope: a CloudEvent 1.0 in structured JSON, with the routing attributes of domain.md 2.0.

On the wire attributes are [a-z0-9] only; inside they bear the domain's names (``WIRE``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field, StringConstraints

from schemas.fields import NAME_FORM, VERSION_FORM, Code, Id, Ref
from schemas.model import Part

Channel = Literal[
    "hotline",
    "phone_out",
    "visit_in",
    "visit_home",
    "sms",
    "email",
    "postal_mail",
    "newspaper",
    "website",
    "app",
    "online_chat",
    "owner_forum",
    "social_media",
    "wechat",
    "wechat_official",
    "qq",
    "online_community",
    "building_intercom",
    "suggestion_box",
    "property_desk",
    "sales_office",
    "site_notice",
    "activity",
    "meeting",
    "patrol",
    "internal_letter",
    "web_monitoring",
    "publication",
    "non_cs",
]
"""渠道, domain.md 2.0."""
OwnerType = Literal["prospective_owner", "break_in", "stable", "established"]
"""业主类型, domain.md 1.3."""
Stage = Literal[
    "pre_sale",
    "in_sale",
    "pre_delivery",
    "move_in",
    "concentrated_repair",
    "daily_service",
    "warranty_expiry",
    "loyalty",
    "any",
]
"""阶段, domain.md 1.4."""


class CloudEvent(Part):
    """The attributes, each strictly of its form. ``data`` is read by the model of its type."""

    specversion: Literal["1.0"]
    id: Ref
    type: Annotated[str, StringConstraints(max_length=100, pattern=NAME_FORM)]
    time: str
    source: Ref | None = None
    subject: Ref | None = None
    datacontenttype: Literal["application/json"] | None = None
    dataschema: Ref | None = None
    schemaversion: (
        Annotated[int, Field(ge=1)] | Annotated[str, StringConstraints(pattern=VERSION_FORM)] | None
    ) = None
    data: dict[str, Any] | None = None

    caseid: Id | None = None
    ticket: Ref | None = None
    houseid: Ref | None = None
    projectid: Ref | None = None
    phaseid: Ref | None = None
    companyid: Ref | None = None
    region: Ref | None = None
    customerref: Ref | None = None
    ownertype: OwnerType | None = None
    stage: Stage | None = None
    channel: Channel | None = None
    actorrole: Code | None = None
    """Any code: which roles there are is for the company to publish (``roles.published``), and what an event is refused for
    must not depend on what was published before it came."""
    actorref: Ref | None = None
    department: Code | None = None
    correlationid: Ref | None = None
    causationid: Ref | None = None
    correctsid: Id | None = None
    correctssourceid: Ref | None = None

    traceparent: Any = None
    """This one and the next: ``schemas.tracing``, which ignores what is none."""
    tracestate: Any = None


WIRE: Final[Mapping[str, str]] = {
    "houseid": "house_id",
    "projectid": "project_id",
    "phaseid": "phase_id",
    "companyid": "company_id",
    "region": "region",
    "ownertype": "owner_type",
    "stage": "stage",
    "channel": "channel",
    "actorrole": "actor_role",
    "actorref": "actor_ref",
    "department": "department",
    "correlationid": "correlation_id",
    "causationid": "causation_id",
}
"""Routing attribute on the wire -> its domain name. Case, customer and correction go ways of their own."""
