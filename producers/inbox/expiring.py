"""Dead letters whose time is over (死信保存期): discarded as if by hand, where an operator has said how long they are kept.

Nothing else ends them but a replay or somebody's word: what was acknowledged is kept (invariant 1), and what nobody could read
may be the one report of a burst pipe. A letter that waits to be mapped is never too old.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from producers.erasure import SOURCE
from schemas.instants import Instant

if TYPE_CHECKING:
    from producers.inbox.inbox import Inboxes

CAUSE: Final = "retention_over"
"""Why it was discarded; source, times and reason stay, and so does that the same delivery was had."""
PAGE: Final = 64


def expire(inboxes: Inboxes, before: Instant) -> int:
    """Discard what was received before that instant and is dead; how many. Their texts are gone with their keys when it ends.
    What was replayed or discarded meanwhile is as somebody else has it. Raises the ledger's errors."""
    count = 0
    while page := inboxes.lists.dead_before(before, PAGE):
        count += sum(inboxes.discard(tenant, letter, CAUSE, SOURCE) for tenant, letter in page)
    return count
