"""Events as a call centre sends them: cases of six, of which the first says in full who it is and the others by number.

Each names a customer, so each is sealed; two of six hold free text too. 2,000 customers; 4,000 cases make an estate of 1,200
houses: what a developer has more of as it grows is estates.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

CUSTOMERS = 2_000
ESTATE = 4_000
"""Cases of one."""
SOURCE = "call-centre"
_START = datetime(2026, 3, 2, 1, tzinfo=UTC)
STEPS: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        "complaint.received",
        {
            "subject": "engineering",
            "category": "leak",
            "severity": "ordinary",
            "description": "卫生间顶棚渗水，昨晚又漏了一次，已联系物业未果",
        },
    ),
    ("complaint.registered", {"ledger_no": "TS-2026"}),
    ("complaint.forwarded", {"to_department": "engineering_dept"}),
    ("complaint.resolved", {"resolution": "更换防水层，闭水试验四十八小时无渗漏"}),
    ("complaint.closed", {"close_reason": "resolved"}),
    ("followup.complaint_close_completed", {"satisfied": True}),
)


def event(number: int) -> dict[str, Any]:
    """The event of that number, as a CloudEvent."""
    case, step = divmod(number, len(STEPS))
    kind, data = STEPS[step]
    who = case % CUSTOMERS
    estate = f"-{case // ESTATE}" if case >= ESTATE else ""
    customer = {"number": f"C-{who:06}"}
    if step == 0:
        customer |= {"name": "张三", "phone": f"1380{who:07}"}
    return {
        "specversion": "1.0",
        "id": f"ev-{number:09}",
        "type": kind,
        "time": (_START + timedelta(minutes=case % 5000, seconds=step)).isoformat(),
        "ticket": f"TS-{case:07}",
        "houseid": f"A{estate}-{who % 40}-{who % 1200}",
        "projectid": f"yunqi{estate}",
        "channel": "hotline",
        "actorrole": "call_center_agent",
        "data": {**data, "customer": customer},
    }


def body(number: int) -> bytes:
    """The same as it is sent."""
    return json.dumps(event(number), ensure_ascii=False).encode()
