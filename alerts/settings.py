"""What the operator chooses for alerts. Durations are microseconds, as everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from schemas.instants import DAY, HOUR, MINUTE, SECOND


class BadSettings(ValueError):
    """A channel cannot be opened with what was given. Names the setting, never its value: it may be a secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSettings:
    """Given by the front door. Empty URL: the channel is off. Secrets stay out of ``repr``."""

    max_age: int = DAY
    """What was due, or should have warned, longer ago than this is kept and shown, not sent (design.md 4)."""
    history: int = 1000
    """So many verdicts before the first start are listed, silent."""
    base_url: str = ""
    """Where people open the pages, e.g. ``http://127.0.0.1:8311``; "": messages carry no link."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """Tenant's name -> what people call it, in what they read; programs are told the name."""
    log: bool = True
    webhook_url: str = field(default="", repr=False)
    webhook_secret: str = field(default="", repr=False)
    """``whsec_`` and base64, as Standard Webhooks writes it."""
    webhook_timeout: int = 10 * SECOND
    robot_url: str = field(default="", repr=False)
    """An apprise URL: ``wecombot://KEY``, ``dingtalk://SECRET@TOKEN``, ``feishu://TOKEN``, also ``json://host``."""
    robot_endpoint: str = field(default="", repr=False)
    """For installations with a gateway or a private deployment of WeCom, DingTalk or Feishu: the address to call
    instead of the vendor's, with ``{key}`` (WeCom) or ``{token}`` where the secret belongs."""
    robot_per_minute: int = 20
    """WeCom and DingTalk take no more."""
    note_at: int = -1
    """When the morning note (晨会日报) is made: µs after midnight in Shanghai; below 0: never."""
    note_until: int = 12 * HOUR
    """It is made and sent no later than this, µs after midnight."""
    attempts: int = 30
    first_retry: int = 5 * SECOND
    longest_retry: int = 15 * MINUTE
    """With the three defaults a delivery is tried for about four hours."""
    poll: int = SECOND
    """How often to look although nobody said that something moved."""
