"""What an operator may set: environment variables TOUCHLINE_…, or a file ``touchline.env`` in the data folder."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

ENV_FILE = "touchline.env"


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
    robot_url: SecretStr = SecretStr("")
    """An apprise URL: wecombot://KEY, dingtalk://SECRET@TOKEN or feishu://TOKEN."""
    robot_endpoint: SecretStr = SecretStr("")
    """A gateway or private deployment instead of the vendor's address."""
    robot_per_minute: int = Field(default=20, ge=1)
    body_limit: int = Field(default=1 << 20, ge=1024)
    batch_limit: int = Field(default=500, ge=1)
    metrics_token_file: str = ""
    """A file with the token that reads /metrics of all tenants at once, and nothing else; "" where each tenant's key reads
    its own figures and nobody all of them."""
    rate: float = Field(default=2000.0, gt=0)
    burst: int = Field(default=4000, ge=1)

    kafka: str = ""
    """host:port of any broker, several with commas; "" where nothing is published."""
    kafka_topics: str = Field(default="touchline", pattern="^[A-Za-z0-9._-]{1,200}$")
    """First word of both topics: touchline.facts and touchline.verdicts."""
    kafka_tls: bool = False
    kafka_ca_file: str = ""
    kafka_cert_file: str = ""
    kafka_key_file: str = ""
    kafka_sasl: str = Field(default="", pattern="^(|PLAIN|SCRAM-SHA-256|SCRAM-SHA-512)$")
    kafka_user: str = ""
    kafka_password_file: str = ""
    """The password is read from this file, so that it stands in no environment and no process list."""

    @classmethod
    def of(cls, folder: Path) -> Settings:
        """The settings for a data folder: the environment first, then the folder's own file."""
        return cls(_env_file=folder / ENV_FILE)
