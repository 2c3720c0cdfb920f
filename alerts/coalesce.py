"""Joining what waits for one robot into few messages: WeCom and DingTalk take 20 a minute, and people take fewer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from alerts.message import Alert
from alerts.routing import NOTE

ALONE = 5
"""A delivery that failed so often goes by itself, so that one text a vendor will not take cannot hold up the others."""


def pack(
    waiting: Sequence[tuple[Alert, int]], size: Callable[[Sequence[Alert]], int], room: int
) -> list[list[int]]:
    """(alert, attempts so far) in order -> groups of indexes, each one message of at most ``room`` bytes.

    A message speaks of one tenant, and the morning note stands alone. Nothing is left out: what does not fit starts the
    next message, and an alert that is too long by itself is a message of its own (its parts are bounded, see
    message.plain).
    """
    groups: list[list[int]] = []
    open_groups: dict[int, list[int]] = {}
    for index, (alert, attempts) in enumerate(waiting):
        group = open_groups.get(alert.tenant)
        if attempts >= ALONE or alert.type == NOTE:
            groups.append([index])
        elif group is not None and size([waiting[i][0] for i in [*group, index]]) <= room:
            group.append(index)
        else:
            groups.append([index])
            open_groups[alert.tenant] = groups[-1]
    return groups
