"""来源: which sources report late, and how far they have reported (报数)."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

from schemas.delays import delay
from schemas.fields import Past, Ref
from schemas.model import Content


def _delay(text: str) -> str:
    try:
        delay(text)
    except ValueError:
        raise PydanticCustomError("bad_delay", "no delay of up to 31 days like 30min, 26h or 2d") from None
    return text


class SourceDeclared(Content):
    """来源申报: no row. What happened reaches us from ``source`` up to ``reports_within`` later; 0h: at once again. The
    newest declaration counts."""

    TYPE = "source.declared"

    source: Ref
    reports_within: Annotated[str, StringConstraints(max_length=12), AfterValidator(_delay)]
    by: Ref | None = None


class SourceReportedThrough(Content):
    """报数截至: no row. The source that sends it has reported everything that happened up to ``through_at``."""

    TYPE = "source.reported_through"

    through_at: Past
    """Of its own clock; one that runs ahead of ours counts as the recorded instant."""
