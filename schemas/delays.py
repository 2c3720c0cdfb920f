"""How late a source may report (报数时延): ``26h`` as µs."""

from __future__ import annotations

import re
from typing import Final

from schemas.instants import DAY, HOUR, MINUTE

MOST: Final = 31 * DAY
"""Longer than a month nobody waits for a report before a breach is told."""
_UNITS = {"min": MINUTE, "h": HOUR, "d": DAY}


def delay(text: str) -> int:
    """``26h`` -> µs; ``0h``: it reports at once. Raises ValueError."""
    found = re.fullmatch(r"(0|[1-9][0-9]{0,4})(min|h|d)", text, re.ASCII)
    if found is None:
        raise ValueError(f"{text!r} is no delay; write 30min, 26h or 2d")
    length = int(found[1]) * _UNITS[found[2]]
    if length > MOST:
        raise ValueError(f"{text!r} is longer than {MOST // DAY}d")
    return length
