"""A record of Kafka: what the documented headers are, and that nothing foreign is taken for one."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from ledger.brokers import Brokers, partition_of, tenant_of
from ledger.wire import LARGEST, NotARecord, Record, fact_of, read, written

BODY = {
    "data": {"text": {"class": "case", "person": "p", "sealed": "x"}},
    "event_id": "0e6f…",
    "id": "own id that may not leave",
    "source": "来电 中心",
    "time": 1_772_409_600_000_001,
    "type": "complaint.received",
    "v": 1,
}
FACT = Record(
    tenant=3, place=7, recorded=1_772_409_600_500_000, after=None, hash=bytes(range(32)),
    ledger_id="L", timeline="T", body=json.dumps(BODY).encode(),
)  # fmt: skip


def test_a_fact_as_documented() -> None:
    value, headers = written(FACT)
    assert value == FACT.body
    assert dict(headers) == {
        "ce_specversion": b"1.0",
        "content-type": b"application/json",
        "ce_id": "0e6f…".encode(),
        "ce_source": b"%E6%9D%A5%E7%94%B5%20%E4%B8%AD%E5%BF%83",
        "ce_type": b"complaint.received",
        "ce_time": b"2026-03-02T08:00:00.000001+08:00",
        "ce_place": b"7",
        "ce_recorded": b"1772409600500000",
        "ce_chainhash": bytes(range(32)).hex().encode(),
        "ce_ledgerid": b"L",
        "ce_timeline": b"T",
    }
    assert read(3, value, headers) == FACT


def test_a_verdict_says_what_it_follows_and_which_rule_said_it() -> None:
    verdict = replace(FACT, after=7, body=json.dumps(BODY | {"rule": "promises"}).encode())
    value, headers = written(verdict)
    assert dict(headers)["ce_source"] == b"promises"
    assert read(3, value, headers) == verdict


def test_a_body_too_large_is_left_out_and_says_so() -> None:
    large = replace(FACT, body=json.dumps(BODY | {"data": "x" * LARGEST}).encode())
    value, headers = written(large)
    assert value == b""
    assert dict(headers)["ce_leftout"] == b"%d" % len(large.body)
    assert read(3, value, headers) == replace(large, body=b"", left_out=True)


@pytest.mark.parametrize("name", ["ce_place", "ce_recorded", "ce_chainhash", "ce_ledgerid", "ce_timeline"])
@pytest.mark.parametrize("found", [None, b"-1", b"1.5", "１".encode(), b"\xff", b"9" * 19, b""])
def test_what_is_no_record_is_refused_without_a_word_of_it(name: str, found: bytes | None) -> None:
    _, headers = written(FACT)
    odd = [(key, found if key == name else value) for key, value in headers]
    given = [(key, value) for key, value in odd if value is not None]
    if name in ("ce_ledgerid", "ce_timeline") and found not in (None, b"\xff", "１".encode()):
        assert read(3, b"", given)  # any text may be a ledger's id; whose it is the reader compares
        return
    with pytest.raises(NotARecord, match=r"^partition of tenant 3$"):
        read(3, b"x", given)
    if name in ("ce_place", "ce_recorded", "ce_ledgerid"):  # a worker looks at nothing else
        assert fact_of(b"L", given) is None


def test_what_a_worker_takes_for_a_fact_of_its_ledger() -> None:
    _, headers = written(FACT)
    assert fact_of(b"L", headers) == (7, 1_772_409_600_500_000)
    assert fact_of(b"M", headers) is None
    verdict = replace(FACT, after=7, body=json.dumps(BODY | {"rule": "promises"}).encode())
    assert fact_of(b"L", written(verdict)[1]) is None
    large = replace(FACT, body=json.dumps(BODY | {"data": "x" * LARGEST}).encode())
    assert fact_of(b"L", written(large)[1]) is None


def test_tenants_and_partitions() -> None:
    assert [partition_of(tenant) for tenant in (1, 2, 400)] == [0, 1, 399]
    assert [tenant_of(partition) for partition in (0, 1, 399)] == [1, 2, 400]
    brokers = Brokers(servers=("k:9092",), mechanism="PLAIN", user="u", password="s3cret")
    assert (brokers.facts, brokers.verdicts) == ("touchline.facts", "touchline.verdicts")
    assert brokers.protocol == "SASL_PLAINTEXT"
    assert replace(brokers, tls=True).protocol == "SASL_SSL"
    assert replace(brokers, mechanism="", tls=True).protocol == "SSL"
    assert "s3cret" not in repr(brokers)
