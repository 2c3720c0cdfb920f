"""When to try again: exponential back-off, spread by a jitter that follows from the delivery's own name."""

from __future__ import annotations

import hashlib

from alerts.settings import AlertSettings


def delay(settings: AlertSettings, name: str, attempts: int, asked: int = 0) -> int:
    """Microseconds to wait after so many ``attempts`` (1 = the first just failed); ``asked``: Retry-After, 0 for none.

    Half of the step is certain, half is jitter, the same for the same ``name`` and attempt in every process, so
    that a test or a restart computes the same instant. Neither goes beyond ``longest_retry``.
    """
    step = min(settings.first_retry << min(attempts - 1, 40), settings.longest_retry)
    seed = hashlib.sha256(f"{name}|{attempts}".encode()).digest()
    jitter = int.from_bytes(seed[:4], "big") * (step // 2) >> 32
    return max(step // 2 + jitter, min(asked, settings.longest_retry))
