"""更正: an example of each type of ``schemas.facts.corrections``."""

from __future__ import annotations

from typing import Final

from schemas.examples.estate import ANY_ID, Examples

EXAMPLES: Final[Examples] = {
    "event.withdrawn": (
        {"correctssourceid": "@complaint.progress_notified"},
        {"reason": "同一通电话重复录入", "by": "kf-012"},
    ),
    "event.resumed": ({}, {"rule": "promises", "parked_event": ANY_ID, "by": "admin"}),
}
