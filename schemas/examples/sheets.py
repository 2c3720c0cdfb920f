"""工作联系单: an example of each type of ``schemas.touchpoints.sheets``."""

from __future__ import annotations

from typing import Final

from schemas.examples.estate import COMPLAINT, Examples

EXAMPLES: Final[Examples] = {
    "contact_sheet.issued": (
        {**COMPLAINT, "channel": "internal_letter", "actorrole": "cs_dept"},
        {
            "sheet_id": "LXD-2026-017",
            "to_department": "engineering_dept",
            "due_at": ("day", 18),
            "item": "3栋1单元卫生间防水整改",
        },
    ),
    "contact_sheet.completed": (
        {**COMPLAINT, "channel": "internal_letter", "actorrole": "engineering_dept"},
        {"sheet_id": "LXD-2026-017", "result": "整改完成，附闭水试验记录。"},
    ),
    "contact_sheet.verified": (
        {**COMPLAINT, "channel": "internal_letter", "actorrole": "cs_dept"},
        {"sheet_id": "LXD-2026-017", "passed": True, "result": "现场复查无渗漏。"},
    ),
}
