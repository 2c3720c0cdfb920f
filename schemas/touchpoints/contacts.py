"""客户来访来电: the raw contact, before anyone has said what it is about (domain.md 2.1)."""

from __future__ import annotations

from schemas.fields import Personal
from schemas.model import Touchpoint


class ContactReceived(Touchpoint):
    """接听电话、来访、来函: T1. Opens a case of its own unless it names one;
    what comes of it names it by ``causation_id``."""

    TYPE = "contact.received"

    summary: Personal | None = None
    caller_ref: Personal | None = None
    recording_ref: Personal | None = None
    is_cs_channel: bool | None = None
