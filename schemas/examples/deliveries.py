"""入住与交付: an example of each type of ``schemas.touchpoints.deliveries``."""

from __future__ import annotations

from typing import Final

from schemas.examples.estate import HOUSE, WHO, Examples

EXAMPLES: Final[Examples] = {
    "delivery.batch_started": (
        {"projectid": "yunshan", "department": "project_cs", "stage": "move_in"},
        {"units_count": 386, "planned_end": ("day", 10)},
    ),
    "delivery.completed": (
        {**HOUSE, "department": "project_cs", "stage": "move_in"},
        {"customer": WHO, "handover_date": ("day", 0), "items_received": ["钥匙6把", "两书", "门禁卡2张"]},
    ),
}
