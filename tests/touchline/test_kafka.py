"""``touchline kafka``: against a real one, and what it says where it cannot."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from tests.kit.kafka import Kafka
from tests.touchline.commands import Shell, until
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


def test_tls_and_a_password_are_asked_for_and_what_does_not_fit_is_named(
    acme: Shell, kafka: Kafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    brokers = kafka.secure()
    password = tmp_path / "password"
    password.write_text(f"{brokers.password}\n", encoding="utf-8")
    right = {
        "": brokers.servers[0], "_TOPICS": brokers.topics, "_TLS": "true", "_CA_FILE": brokers.ca_file,
        "_SASL": brokers.mechanism, "_USER": brokers.user, "_PASSWORD_FILE": str(password),
    }  # fmt: skip
    for name, value in right.items():
        monkeypatch.setenv(f"TOUCHLINE_KAFKA{name}", value)
    assert acme("kafka", "init").code == Exit.DONE
    assert acme("kafka", "check").code == Exit.DONE
    monkeypatch.setattr("producers.topics.WAIT", 300)
    elsewhere = brokers.servers[0].replace("127.0.0.1", "localhost")
    for name, wrong, said in (
        ("_CA_FILE", "", "CERTIFICATE_VERIFY_FAILED"),
        ("", elsewhere, "Hostname mismatch"),
        ("_TLS", "false", "socket disconnected"),
    ):
        monkeypatch.setenv(f"TOUCHLINE_KAFKA{name}", wrong)
        until(partial(refused, acme, said), said)
        monkeypatch.setenv(f"TOUCHLINE_KAFKA{name}", right[name])
    password.write_text("another", encoding="utf-8")
    assert not refused(acme, "another")
    password.write_text(brokers.password, encoding="utf-8")
    monkeypatch.setenv("TOUCHLINE_KAFKA", elsewhere)
    monkeypatch.setenv("TOUCHLINE_KAFKA_TLS_HOSTNAME", "false")
    monkeypatch.setattr("producers.topics.WAIT", 10_000)
    assert acme("kafka", "check").code == Exit.DONE


def refused(acme: Shell, word: str) -> bool:
    """Whether this is told as why."""
    found = acme("kafka", "check")
    assert found.code == Exit.UNAVAILABLE
    assert "look at the settings of TLS and SASL" in found.err
    return word in found.err


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
