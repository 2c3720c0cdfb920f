"""What the examples share: an invented estate, whose complaint and whose repair keep one ticket each, so that examples posted
one after the other make one case history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Examples = Mapping[str, tuple[Mapping[str, str], Mapping[str, Any]]]
"""Type -> (attributes, data). An attribute ``@type`` is the id of that type's example. Instants are relative: ("past"|"ahead",
hours) and ("day", days)."""

COMPLAINT: Final = {"ticket": "TS-2026-0301", "channel": "hotline", "actorrole": "cs_front_desk"}
REPAIR: Final = {"ticket": "BX-2026-0117", "channel": "phone_out", "actorrole": "warranty_engineer"}
HOUSE: Final = {"projectid": "yunshan", "houseid": "3-1-2301", "ownertype": "break_in"}
WHO: Final = {
    "number": "KH-100234",
    "name": "林若溪",
    "phone": "13800138000",
    "address": "云杉里3栋1单元2301",
}
ANY_ID: Final = "0d9f2b52-6a0e-5c57-9b0c-6d3a51f2c0de"
"""Of a person, a verdict, an event: whatever an example names that was not made by another."""
