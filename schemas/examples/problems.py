"""同类问题: an example of each type of ``schemas.facts.problems``."""

from __future__ import annotations

from typing import Final

from schemas.examples.estate import Examples

EXAMPLES: Final[Examples] = {
    "problem.merged": (
        {"ticket": "BX-2026-0117"},
        {
            "problem_key": ["repair", "yunshan", "3-1-2301", "component", "window", "location", "主卧"],
            "reason": "同一扇窗，两次登记的部位写法不同",
            "by": "kf-001",
        },
    ),
    "problem.split": ({"ticket": "BX-2026-0117"}, {"reason": "不是同一扇窗", "by": "kf-001"}),
}
