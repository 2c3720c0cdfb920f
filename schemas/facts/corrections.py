"""更正: an earlier event is taken back. A correction has no type of its own: it is the whole event again, naming the
wrong one by ``correctsid`` or ``correctssourceid``."""

from __future__ import annotations

from schemas.fields import Code, Personal, Ref
from schemas.model import Content


class EventWithdrawn(Content):
    """撤回: no row; domain.md 0.2 asks that a mistake be named by a new event. The event named by ``correctsid`` or
    ``correctssourceid`` never happened."""

    TYPE = "event.withdrawn"

    reason: Personal | None = None
    by: Ref | None = None


class EventResumed(Content):
    """恢复处理: no row. An event that a rule could not take, and that was parked, is given to that rule again."""

    TYPE = "event.resumed"

    rule: Code
    parked_event: Ref
    by: Ref | None = None
