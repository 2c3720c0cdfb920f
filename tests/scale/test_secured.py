"""Relay, both clients of a worker, and the subscriber on a Kafka that asks for TLS and a password."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from itertools import count

from producers.inbox.taking import Taken
from producers.records import Delivery
from tests.kit.kafka import Kafka
from tests.kit.places import ON_POSTGRESQL
from tests.kit.postgres import Place
from tests.kit.records import make_topic, send, structured, ticket
from tests.kit.relays import figures, relaying, with_topics
from tests.kit.subscribers import subscribed
from tests.scale.clients import brought, carried
from tests.scale.hand import opened
from tests.web.site import until


@ON_POSTGRESQL
def test_all_of_it_goes_by_tls_and_with_a_password(place: Place, kafka: Kafka) -> None:
    brokers = with_topics(kafka.secure())
    topic = make_topic(kafka)
    send(kafka, topic, [(0, structured(ticket("a")))])
    world = opened(place)

    def take(found: Sequence[Delivery]) -> Taken:
        return Taken(len(found), kept=len(found))

    with ExitStack() as rooms:
        rooms.callback(world.close)
        subscriber = rooms.enter_context(subscribed(brokers, topic, f"{brokers.topics}.crm", take))
        relay = rooms.enter_context(relaying(place, brokers))
        for n, feed in enumerate(("faust", "kafka-python")):
            with brought(feed, world, brokers) as worker:
                until(partial(carried, world, worker, count(100 * n)))
                assert worker.failed is None
        until(lambda: subscriber.taken.kept == 1)
        assert not sum(count for name, count in figures(relay).items() if "_errors_total" in name)
