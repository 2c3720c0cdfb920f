"""提醒确认: a person has taken note of an alert."""

from __future__ import annotations

from schemas.facts.waivers import KeyValues
from schemas.fields import Id, Key, Personal, Ref
from schemas.model import Content


class AlertAcknowledged(Content):
    """确认提醒: no row. Names the verdict that rang; changes no promise."""

    TYPE = "alert.acknowledged"

    verdict_id: Id
    obligation_key: Key | None = None
    keys: KeyValues | None = None
    promise_id: Id | None = None
    by: Ref | None = None
    remark: Personal | None = None
