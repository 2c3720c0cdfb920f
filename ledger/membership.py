"""A member of a Kafka group, as kafka-python (3.0.12) needs to be asked to stay one. Here, since producers and processors both
have members, and neither imports the other."""

from __future__ import annotations

from typing import Any


def polled(member: Any, milliseconds: int) -> Any:
    """What ``member``, a KafkaConsumer that has subscribed, polls within so long: records by partition.

    A topic that is new or has grown makes the client join anew, without noting that it has to. Where the brokers' last word on
    that comes later than the poll in which it was asked for, no later poll waits for it: the member beats no more, is given
    nothing, and turns in a circle until it is started again. Here a join that is under way is wanted until it is done.
    """
    found = member.poll(timeout_ms=milliseconds)
    group = member._coordinator
    if group._join_task is not None:
        group.request_rejoin()
    return found
