"""客户来访来电: an example of each type of ``schemas.touchpoints.contacts``."""

from __future__ import annotations

from typing import Final

from schemas.examples.estate import HOUSE, WHO, Examples

EXAMPLES: Final[Examples] = {
    "contact.received": (
        {**HOUSE, "channel": "hotline", "actorrole": "cs_front_desk", "actorref": "kf-012"},
        {
            "customer": WHO,
            "summary": "来电反映卫生间顶板渗水，情绪较急",
            "recording_ref": "rec/2026/03/02/0081.wav",
            "is_cs_channel": True,
        },
    ),
}
