"""Topics on a real Kafka: made, grown, never shrunk, and what is wrong with them is said."""

from __future__ import annotations

from contextlib import closing

import pytest
from kafka.admin import ConfigResource

from ledger.wire import LARGEST
from producers.topics import AHEAD, MESSAGE, WrongCount, topics_of, wanted
from tests.kit.kafka import Kafka
from tests.touchline.commands import until


def test_they_are_made_and_grow_with_the_tenants_and_never_shrink(kafka: Kafka) -> None:
    brokers = kafka.access()
    with topics_of(brokers) as topics:
        assert [one.en for one in topics.check(1)[1]] == ["there is no such topic"] * 2
        made = topics.init(1)
        assert [(topic.name, topic.partitions) for topic in made] == [
            (brokers.facts, AHEAD),
            (brokers.verdicts, AHEAD),
        ]
        assert {key: made[0].settings[key] for key in ("retention.ms", "message.timestamp.type")} == {
            "retention.ms": "-1",
            "message.timestamp.type": "LogAppendTime",
        }
        assert topics.init(AHEAD) == made  # again: nothing changes, the ids neither
        assert topics.check(AHEAD) == (made, [])
        found, wrong = topics.check(AHEAD + 1)
        assert (len(found), len(wrong)) == (2, 2)
        assert "fewer partitions than tenants: 8 / 9" in wrong[0].en
        assert [topic.partitions for topic in topics.init(AHEAD + 1)] == [2 * AHEAD] * 2
        for few in (AHEAD, 2 * AHEAD - 1):
            with pytest.raises(WrongCount, match=f"{few} partitions asked for"):
                topics.init(1, few)
        with pytest.raises(WrongCount, match="20 tenants"):
            topics.init(20, 17)
        assert [topic.partitions for topic in topics.init(1, 17)] == [17, 17]


def test_what_somebody_changed_is_said_and_set_right_but_for_how_long_records_are_kept(kafka: Kafka) -> None:
    brokers = kafka.access()
    with topics_of(brokers) as topics, closing(kafka.admin()) as admin:
        topics.init(1)
        admin.create_partitions({brokers.facts: AHEAD + 1})
        changed = {"cleanup.policy": "compact", "max.message.bytes": "1000", "retention.ms": "604800000"}
        admin.alter_configs([ConfigResource("topic", brokers.facts, changed)], incremental=True)
        larger = ConfigResource("topic", brokers.verdicts, {"max.message.bytes": str(2 * MESSAGE)})
        admin.alter_configs([larger], incremental=True)
        said = [
            (brokers.topics, "partitions differ: 9 / 8"),
            (brokers.facts, "cleanup.policy is compact, should be delete"),
            (brokers.facts, f"max.message.bytes is 1000, should be {MESSAGE}"),
        ]
        until(lambda: sorted((one.topic, one.en) for one in topics.check(1)[1]) == said, "all three are said")
        facts, verdicts = topics.init(1)
        assert (facts.partitions, verdicts.partitions) == (AHEAD + 1, AHEAD + 1)
        assert facts.settings["retention.ms"] == "604800000"
        assert verdicts.settings["max.message.bytes"] == str(2 * MESSAGE)
        assert topics.check(1)[1] == []


def test_a_body_that_is_carried_fits_into_a_message() -> None:
    assert LARGEST + 65_536 < MESSAGE  # headers, key and the frame of a batch


def test_three_copies_need_two_in_step() -> None:
    assert [wanted(copies)["min.insync.replicas"] for copies in (1, 2, 3)] == ["1", "1", "2"]
