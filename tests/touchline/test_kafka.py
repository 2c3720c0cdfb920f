"""``touchline kafka``: against a real one, and what it says where it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kit.kafka import Kafka
from tests.touchline.commands import Shell
from touchline.brokers import brokers_of
from touchline.exits import Exit, Refused
from touchline.settings import Settings


def test_init_and_check(acme: Shell, kafka: Kafka, monkeypatch: pytest.MonkeyPatch) -> None:
    brokers = kafka.access()
    monkeypatch.setenv("TOUCHLINE_KAFKA", ",".join(brokers.servers))
    monkeypatch.setenv("TOUCHLINE_KAFKA_TOPICS", brokers.topics)
    before = acme("kafka", "check", "--json")
    assert before.code == Exit.NOT_SO
    assert [one["topic"] for one in before.json["wrong"]] == [brokers.facts, brokers.verdicts]
    made = acme("kafka", "init", "--json")
    assert (made.code, [topic["partitions"] for topic in made.json["topics"]]) == (0, [8, 8])
    after = acme("kafka", "check")
    assert after.code == 0
    assert brokers.facts in after.out
    few = acme("kafka", "init", "--partitions", "3")
    assert few.code == Exit.USAGE
    assert "3 partitions asked for, 1 tenants and 8 partitions are there" in few.err


def test_without_kafka_it_is_said(acme: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOUCHLINE_KAFKA", raising=False)
    unnamed = acme("kafka", "check")
    assert (unnamed.code, "TOUCHLINE_KAFKA=host:port" in unnamed.err) == (Exit.USAGE, True)
    wrong = acme("kafka", "check", "--kafka", "nowhere")
    assert (wrong.code, "nowhere: write host:port" in wrong.err) == (Exit.USAGE, True)
    monkeypatch.setattr("producers.topics.WAIT", 300)
    away = acme("kafka", "check", "--kafka", "127.0.0.1:1")
    assert (away.code, "Kafka at 127.0.0.1:1" in away.err) == (Exit.UNAVAILABLE, True)


def test_secrets_come_from_files_and_never_show(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("s3cret\n", encoding="utf-8")
    settings = Settings(
        kafka="a:1, b:2", kafka_tls=True, kafka_sasl="SCRAM-SHA-512", kafka_user="u", kafka_password_file=str(secret)
    )  # fmt: skip
    brokers = brokers_of(settings)
    assert (brokers.servers, brokers.password, brokers.protocol) == (("a:1", "b:2"), "s3cret", "SASL_SSL")
    assert "s3cret" not in repr(brokers)
    with pytest.raises(Refused, match="KAFKA_PASSWORD_FILE") as refused:
        brokers_of(settings.model_copy(update={"kafka_password_file": str(tmp_path / "none")}))
    assert refused.value.code is Exit.UNKNOWN
    with pytest.raises(Refused, match="needs TOUCHLINE_KAFKA_USER"):
        brokers_of(settings.model_copy(update={"kafka_user": ""}))
    with pytest.raises(Refused, match="KAFKA_CA_FILE"):
        brokers_of(settings.model_copy(update={"kafka_ca_file": str(tmp_path / "none")}))
