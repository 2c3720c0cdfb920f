"""咨询: an example of each type of ``schemas.touchpoints.inquiries``."""

from __future__ import annotations

from typing import Final

from schemas.examples.estate import HOUSE, WHO, Examples

EXAMPLES: Final[Examples] = {
    "inquiry.received": (
        {**HOUSE, "ticket": "ZX-2026-0088", "channel": "wechat", "actorrole": "first_contact_owner"},
        {"customer": WHO, "topic": "产权证办理", "question": "产权证什么时候可以领取？需要带哪些材料？"},
    ),
    "inquiry.answered": (
        {"ticket": "ZX-2026-0088", "channel": "wechat", "actorrole": "first_contact_owner"},
        {"answer": "预计四月中旬可领，请携带身份证与购房合同原件到客服中心办理。", "resolved": True},
    ),
    "inquiry.referred": (
        {"ticket": "ZX-2026-0088", "channel": "wechat", "actorrole": "first_contact_owner"},
        {"referred_to": "sales_rep", "is_cs_channel": False},
    ),
}
