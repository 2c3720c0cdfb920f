"""个人信息: an example of each type of ``schemas.facts.privacy``."""

from __future__ import annotations

from typing import Final

from schemas.examples.estate import ANY_ID, Examples

EXAMPLES: Final[Examples] = {
    "privacy.erasure_requested": ({}, {"subject_ref": ANY_ID, "basis": "customer_request", "by": "admin"}),
    "privacy.erasure_executed": ({}, {"subject_ref": ANY_ID, "basis": "customer_request", "request": ANY_ID}),
    "privacy.access_recorded": (
        {},
        {"subject_ref": ANY_ID, "by": "kf-001", "purpose": "complaint_handling", "range": "TS-2026-0301"},
    ),
}
