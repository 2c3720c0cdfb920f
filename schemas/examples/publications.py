"""发布: an example of each type of ``schemas.facts.publications``."""

from __future__ import annotations

from typing import Final

from schemas.examples.estate import Examples

EXAMPLES: Final[Examples] = {
    "policy.published": (
        {},
        {
            "profile": "example",
            "version": "1",
            "effective_from": "2026-01-01T00:00:00+08:00",
            "policy": {
                "profile": "example",
                "version": "1",
                "effective_from": "2026-01-01T00:00:00+08:00",
                "keys": {"case": "case_id"},
                "ladders": {"default": {"breach": ["ower", "superior"], "steps": []}},
                "policies": {
                    "complaint.close_return_visit": {
                        "row": "O30",
                        "zh": "投诉关闭后回访",
                        "on": "complaint.closed",
                        "per": ["case"],
                        "due": {"after": "72h"},
                        "by": "followup.complaint_close_completed",
                        "owes": "cs_front_desk",
                    }
                },
            },
            "by": "admin",
        },
    ),
    "calendar.published": (
        {},
        {
            "name": "office",
            "version": "example-2026",
            "effective_from": "2026-01-01T00:00:00+08:00",
            "years": {"2026": "HHHH" + ("WWWWW" + "HH") * 51 + "WWWW"},
            "names": {"2026-01-01": "元旦"},
            "shifts": [["09:00", "12:00"], ["13:30", "18:00"]],
            "roll": "none",
        },
    ),
    "roles.published": (
        {},
        {
            "roles": [
                {"role": "cs_supervisor", "zh": "客服主管", "en": "Customer-service supervisor"},
                {"role": "cs_front_desk", "zh": "客服前台", "superior": "cs_supervisor"},
            ]
        },
    ),
}
