"""建议与意见: an example of each type of ``schemas.touchpoints.suggestions``."""

from __future__ import annotations

from typing import Final

from schemas.examples.estate import ANY_ID, HOUSE, WHO, Examples

EXAMPLES: Final[Examples] = {
    "suggestion.received": (
        {**HOUSE, "ticket": "JY-2026-0012", "channel": "suggestion_box"},
        {"customer": WHO, "content": "建议在地库入口加装雨棚，雨天坡道湿滑。", "subject": "property"},
    ),
    "opinion.forwarded": (
        {"channel": "internal_letter", "department": "crc"},
        {"opinion_ref": ANY_ID, "receivers": ["property_co", "design_dept"]},
    ),
    "suggestion.replied": ({"ticket": "JY-2026-0012", "channel": "sms"}, {"content": "雨棚方案已报批。"}),
}
