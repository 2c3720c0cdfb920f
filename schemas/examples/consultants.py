"""客服顾问与定期联系: an example of each type of ``schemas.touchpoints.consultants``."""

from __future__ import annotations

from typing import Final

from schemas.examples.estate import ANY_ID, HOUSE, WHO, Examples

EXAMPLES: Final[Examples] = {
    "consultant.assigned": (
        {"projectid": "yunshan", "department": "cs_centre"},
        {"customer_refs": [ANY_ID], "consultant": "gw-07"},
    ),
    "consultant.contacted": (
        {**HOUSE, "channel": "wechat", "actorrole": "customer_consultant", "actorref": "gw-07"},
        {"customer": WHO, "topic": "装修进度", "content": "装修顺利，无诉求。"},
    ),
    "regular_contact.made": (
        {**HOUSE, "channel": "phone_out", "actorrole": "cs_staff"},
        {"customer": WHO, "situation": "居住正常，阳台门略紧。"},
    ),
    "followup.regular_completed": (
        {**HOUSE, "channel": "visit_home", "actorrole": "cs_staff"},
        {"customer": WHO, "situation": "居住正常", "needs": "希望增加快递柜"},
    ),
}
