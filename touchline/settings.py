"""What an operator may set: environment variables TOUCHLINE_…, or a file ``touchline.env`` in the data folder.

Of the environment alone are TOUCHLINE_DATA, TOUCHLINE_DATABASE, TOUCHLINE_KEYS_DATABASE (the last two also by the name of a
file: ``touchline.secret_files``) and TOUCHLINE_BIND_BEYOND_LOOPBACK (``touchline.door``): they say where the folder is, and
who may reach it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from schemas.instants import HOUR, MINUTE, SECOND, Instant
from touchline.exits import Exit, Refused
from touchline.secret_files import line

if TYPE_CHECKING:
    from alerts.settings import AlertSettings

ENV_FILE = "touchline.env"
LEAST_DAYS = 30
"""A vendor's new format is noticed within a day and mended within a month."""
SECRETS = ("webhook_secret", "robot_url", "robot_endpoint")


def after_midnight(clock: str) -> Instant:
    """``08:30`` -> µs."""
    hours, minutes = clock.split(":")
    return int(hours) * HOUR + int(minutes) * MINUTE


def _named(path: tuple[int | str, ...]) -> str:
    return f"TOUCHLINE_{str(path[0]).upper()}: " if path else ""


def _refused(told: str) -> Refused:
    return Refused(Exit.USAGE, "设置有误（环境变量或 touchline.env）：", f"{told}.")


class Settings(BaseSettings):
    """Durations in seconds. Secrets never show in ``repr``."""

    model_config = SettingsConfigDict(env_prefix="TOUCHLINE_", extra="ignore")

    log_format: str = Field(default="text", pattern="^(text|json)$")
    alert_max_age: int = Field(default=86_400, ge=0)
    """alert.max_age: what was due longer ago is kept and shown, not sent."""
    alert_log: bool = True
    webhook_url: str = ""
    webhook_secret: SecretStr = SecretStr("")
    """``whsec_`` and base64."""
    webhook_secret_file: str = ""
    """This one and the next two: the secret is read from this file, so that it stands in no environment."""
    robot_url: SecretStr = SecretStr("")
    """An apprise URL: wecombot://KEY, dingtalk://SECRET@TOKEN or feishu://TOKEN."""
    robot_url_file: str = ""
    robot_endpoint: SecretStr = SecretStr("")
    """A gateway or private deployment instead of the vendor's address."""
    robot_endpoint_file: str = ""
    robot_per_minute: int = Field(default=20, ge=1)
    daily_note: str = Field(default="08:30", pattern=r"^(off|([01]\d|2[0-3]):[0-5]\d)$")
    """When the morning note (晨会日报) is made, hour and minute in Shanghai; ``off``: never."""
    daily_note_until: str = Field(default="12:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    """After downtime it is made and sent late, but no later than this."""
    titles: dict[str, Annotated[str, Field(min_length=1, max_length=40)]] = Field(default_factory=dict)
    """What tenants are called at the head of pages, of the robot's lists and of the morning note, as JSON:
    ``{"yunqi": "云栖地产"}``; the others by their names, which never change."""
    dead_letters_days: int = Field(default=0)
    """How many days a dead letter (死信) is kept that nobody replays or discards, 30 at least; then what it holds is destroyed,
    for good. 0: until somebody decides."""
    body_limit: int = Field(default=1 << 20, ge=1024)
    batch_limit: int = Field(default=500, ge=1)
    metrics_token_file: str = ""
    """A file with the token that reads /metrics of all tenants at once, and nothing else; "" where each tenant's key reads
    its own figures and nobody all of them."""
    public_url: str = Field(default="", pattern=r"^(https?://[^/\s]+)?$")
    """Where people and browsers find the pages when a proxy stands in front, e.g. https://touchline.example: links in alerts
    lead there, forms are taken from there, and with https the session's cookie is sent by no other way."""
    rate: float = Field(default=2000.0, gt=0)
    burst: int = Field(default=4000, ge=1)

    kafka: str = ""
    """host:port of any broker, several with commas; "" where nothing is published."""
    kafka_topics: str = Field(default="touchline", pattern="^[A-Za-z0-9._-]{1,200}$")
    """First word of both topics: touchline.facts and touchline.verdicts."""
    kafka_tls: bool = False
    kafka_tls_hostname: bool = True
    """``false`` where the brokers' certificate does not name the host by which they are called; who signed it is verified all
    the same, so name a CA of the brokers' own with it."""
    kafka_ca_file: str = ""
    kafka_cert_file: str = ""
    kafka_key_file: str = ""
    kafka_sasl: str = Field(default="", pattern="^(|PLAIN|SCRAM-SHA-256|SCRAM-SHA-512)$")
    kafka_user: str = ""
    kafka_password_file: str = ""
    """The password is read from this file, so that it stands in no environment and no process list."""

    @model_validator(mode="after")
    def _in_order(self) -> Settings:
        if self.dead_letters_days and self.dead_letters_days < LEAST_DAYS:
            raise ValueError(
                f"TOUCHLINE_DEAD_LETTERS_DAYS is 0 (until somebody decides) or {LEAST_DAYS} at least"
            )
        if self.daily_note != "off" and self.daily_note_until <= self.daily_note:
            raise ValueError("TOUCHLINE_DAILY_NOTE_UNTIL must be later than TOUCHLINE_DAILY_NOTE")
        return self

    @classmethod
    def of(cls, folder: Path) -> Settings:
        """The settings for a data folder: the environment first, then the folder's own file; secrets read from their files.
        Raises Refused for a file that cannot be read, and for settings that are none, by their names: what was set is not
        repeated, since secrets are among it."""
        try:
            found = cls(_env_file=folder / ENV_FILE)
        except ValidationError as error:
            flaws = error.errors(include_url=False, include_context=False, include_input=False)
            raise _refused("; ".join(f"{_named(flaw['loc'])}{flaw['msg']}" for flaw in flaws)) from None
        except SettingsError:  # of the one setting that is JSON
            raise _refused('TOUCHLINE_TITLES: Input should be JSON such as {"yunqi": "云栖地产"}') from None
        for name in SECRETS:
            file, beside = getattr(found, f"{name}_file"), getattr(found, name).get_secret_value()
            setattr(found, name, SecretStr(line(file, f"TOUCHLINE_{name.upper()}_FILE", beside)))
        return found

    def alerts(self, base_url: str) -> AlertSettings:
        """In the units of the alerts room. ``base_url``: where the links in messages lead, "" for none."""
        from alerts.settings import AlertSettings

        return AlertSettings(
            max_age=self.alert_max_age * SECOND,
            base_url=base_url,
            titles=self.titles,
            log=self.alert_log,
            webhook_url=self.webhook_url,
            webhook_secret=self.webhook_secret.get_secret_value(),
            robot_url=self.robot_url.get_secret_value(),
            robot_endpoint=self.robot_endpoint.get_secret_value(),
            robot_per_minute=self.robot_per_minute,
            note_at=-1 if self.daily_note == "off" else after_midnight(self.daily_note),
            note_until=after_midnight(self.daily_note_until),
        )
