"""Identities do not change: the values below stand in every ledger ever written."""

from __future__ import annotations

import json
import uuid

from hypothesis import given
from hypothesis import strategies as st

from schemas import identity
from schemas.canonical import canonical_bytes, canonical_texts


def test_fixed_values() -> None:
    event = identity.event_id("云杉", "crm", "T-1")
    assert event == identity.event_id("云杉", "crm", "T-1")
    assert event == "616773dd-77f4-5d0c-9283-5b112c377d2c"
    assert identity.case_id_of_ticket("云杉", "crm", "TS-1") == "d1a40b25-dcf5-54b2-981f-fe72f3ef2fe2"
    assert identity.case_id_of_event(event) == "c929d6f5-011c-506c-b5f7-111fcece444b"
    assert identity.verdict_id("row", "breached", 2) == "35e3565f-1e88-5aa2-8285-6b2f1ad4b0ac"
    assert identity.promise_id("a.b", '{"case":"x"}', event) == "ec1f0a34-ed0a-5a79-8fd2-00e21c24ca1d"


def test_parts_do_not_run_together() -> None:
    assert identity.event_id("a", "b,c", "d") != identity.event_id("a", "b", "c,d")
    assert identity.event_id("a", 'b","c', "d") != identity.event_id("a", "b", 'c","d')
    assert identity.case_id_of_ticket("a", "b", "c") != identity.event_id("a", "b", "c")
    assert identity.verdict_id("row", "step1", 1) != identity.verdict_id("row", "step", 11)
    assert identity.promise_id("a.b", "{}", "r") != identity.promise_id("a.b", "{}", "r", "2026-01")


@given(st.uuids(), st.binary(max_size=80))
def test_named_is_uuid5(space: uuid.UUID, name: bytes) -> None:
    told = identity.named(space, name)
    assert told == str(uuid.UUID(told))
    assert (uuid.UUID(told).version, uuid.UUID(told).variant) == (5, uuid.RFC_4122)
    text = name.hex()
    assert identity.named(space, text.encode()) == str(uuid.uuid5(space, text))


@given(st.lists(st.text(max_size=12), max_size=5))
def test_texts_are_bound_as_canonical_json(texts: list[str]) -> None:
    plain = json.dumps(texts, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    assert canonical_texts(*texts) == canonical_bytes(texts) == plain
