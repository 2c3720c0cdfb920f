"""A process that does nothing but ring, for tests that kill it: ``python -m tests.alerts.child PLACE URL``."""

from __future__ import annotations

import sys

from alerts.service import Alerts
from alerts.settings import AlertSettings
from ledger.clock import SystemClock
from schemas.instants import SECOND
from tests.alerts.support import SECRET
from tests.kit.places import named
from tests.ledger.house import House


def main(place: str, url: str) -> None:
    home = House.open(named(place), SystemClock())
    settings = AlertSettings(
        log=False,
        webhook_url=url,
        webhook_secret=SECRET,
        first_retry=SECOND // 20,
        longest_retry=SECOND // 5,
        poll=SECOND // 50,
    )
    alerts = Alerts(home.database, home.writer, home.ledger, home.clock, settings)
    alerts.start()
    sys.stdin.read()
    alerts.stop()
    home.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
