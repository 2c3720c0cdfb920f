"""豁免: a person decides that a running promise need not be kept."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from schemas.fields import Key, Personal, Ref
from schemas.model import Content

KeyValues = Annotated[dict[Ref, Ref], Field(min_length=1, max_length=8)]
"""Which promise of a policy: its key names and values, e.g. {"case": case id}."""


class ObligationWaived(Content):
    """时限豁免: T212. Settles what is open there at its time; what was breached before stays breached."""

    TYPE = "obligation.waived"

    obligation_key: Key
    keys: KeyValues
    reason: Personal | None = None
    by: Ref | None = None
