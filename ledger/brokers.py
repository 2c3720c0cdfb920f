"""Which Kafka carries the ledger to other machines, and how it is reached. Whoever opens a client takes it from here."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Brokers:
    """``servers`` are ``host:port``, any of the cluster's; files are paths to PEM. The password never shows."""

    servers: tuple[str, ...]
    topics: str = "touchline"
    """First word of the names of both topics: two ledgers may share one Kafka under two words."""
    tls: bool = False
    ca_file: str = ""
    """Who signs the brokers' certificates; "" for those that the system trusts."""
    tls_hostname: bool = True
    """Whether the certificate must name the host that was called; managed brokers' often do not."""
    cert_file: str = ""
    key_file: str = ""
    """The client's own certificate, where brokers ask for one."""
    mechanism: str = ""
    """SASL: PLAIN | SCRAM-SHA-256 | SCRAM-SHA-512; "" for none."""
    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def facts(self) -> str:
        """The topic of the fact lanes."""
        return f"{self.topics}.facts"

    @property
    def verdicts(self) -> str:
        """The topic of the verdict lanes."""
        return f"{self.topics}.verdicts"

    @property
    def protocol(self) -> str:
        """As Kafka names it: PLAINTEXT | SSL | SASL_PLAINTEXT | SASL_SSL."""
        encrypted = "SSL" if self.tls else "PLAINTEXT"
        return f"SASL_{encrypted}" if self.mechanism else encrypted


def partition_of(tenant: int) -> int:
    """Tenants count from 1 and partitions from 0: tenant n is partition n - 1 of both topics, for ever."""
    return tenant - 1


def tenant_of(partition: int) -> int:
    """The number of the tenant whose lane this partition carries."""
    return partition + 1
