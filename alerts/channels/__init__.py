"""Ways to reach people. A channel sends one group of alerts and says what became of it; it keeps no state."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Protocol

from alerts.deliveries import Outcome
from alerts.message import Alert
from alerts.settings import AlertSettings
from schemas.instants import Instant


class Channel(Protocol):
    """``room``: bytes of one joined message, 0 = each alert is a call of its own. ``per_minute``: 0 = no limit."""

    name: str
    room: int
    per_minute: int

    def size(self, alerts: Sequence[Alert]) -> int:
        """Bytes of the message that would carry these alerts."""
        ...

    def send(self, alerts: Sequence[Alert], at: Instant) -> Outcome:
        """One call to the outside, bounded in time; ``at`` is now. Never raises: what goes wrong is an outcome."""
        ...

    def close(self) -> None: ...


def open_channels(settings: AlertSettings) -> list[Channel]:
    """The channels that the settings switch on. Raises BadSettings. Vendors are loaded only where they are used."""
    _quiet()
    channels: list[Channel] = []
    if settings.log:
        from alerts.channels.log import Log

        channels.append(Log())
    if settings.webhook_url:
        from alerts.channels.webhook import Webhook

        channels.append(Webhook(settings))
    if settings.robot_url:
        from alerts.channels.robot import Robot

        channels.append(Robot(settings))
    return channels


def _quiet() -> None:
    """The clients log addresses, and the keys of robots are part of theirs; what happened is said by us."""
    for name in ("apprise", "httpx", "httpcore", "urllib3"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
