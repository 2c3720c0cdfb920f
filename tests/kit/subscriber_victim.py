"""A subscriber that dies by SIGKILL after the ledger has committed a batch, before the offset is: PLACE SERVERS TOPIC GROUP."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence

from ledger.brokers import Brokers
from producers.inbox.letters import Letters
from producers.inbox.taking import Taken, take
from producers.intake import Intake
from producers.records import Delivery
from producers.subscriber import Subscriber
from tests.kit.places import named
from tests.ledger.house import House


def main(place: str, servers: str, topic: str, group: str) -> None:
    house = House.open(named(place))
    intake, (tenant,) = Intake(house.ledger, house.clock), house.ledger.tenants()

    def keep(deliveries: Sequence[Delivery]) -> Taken:
        take(intake, Letters(house.ledger), tenant, "crm", deliveries, 1 << 20)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError

    Subscriber(Brokers(servers=(servers,)), [topic], group, keep, session=1.5).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
