"""A subscriber in a thread, where a process has it in its main one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from ledger.brokers import Brokers
from producers.inbox.taking import Taken
from producers.records import Delivery
from producers.subscriber import Subscriber


@contextmanager
def subscribed(
    brokers: Brokers,
    topic: str,
    group: str,
    take: Callable[[Sequence[Delivery]], Taken],
    session: float = 1.5,
) -> Iterator[Subscriber]:
    """It runs, and has ended after."""
    made = Subscriber(brokers, [topic], group, take, session=session)
    thread = threading.Thread(target=made.run)
    thread.start()
    try:
        yield made
    finally:
        made.stop()
        thread.join(60)
        assert not thread.is_alive()
