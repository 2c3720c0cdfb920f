"""Invariant 5 as a property: whatever is sent, in whatever batches, how often, with erasures between,
the ledger holds the first content of each id once, and every answer is the first one or 409."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.candidate import Appended, Candidate, Problem
from tests.kit.memory import memory
from tests.ledger.house import house, sent

SENDING = st.fixed_dictionaries(
    {
        "number": st.integers(1, 4),
        "source": st.sampled_from(["crm", "pms"]),
        "text": st.sampled_from(["漏水", "噪音"]),
        "phone": st.sampled_from(["", "13800000001", "+86 138 0000 0001", "13800000002"]),
        "personal": st.booleans(),
    }
)
ACTS = st.lists(
    st.one_of(
        st.lists(SENDING, min_size=1, max_size=6),
        st.sampled_from(["13800000001", "13800000002"]),
    ),
    min_size=1,
    max_size=8,
)


def made(sending: dict[str, Any]) -> Candidate:
    return sent(
        sending["number"],
        source=sending["source"],
        data={"description": sending["text"]},
        personal=("description",) if sending["personal"] else (),
        customer={"phone": sending["phone"]} if sending["phone"] else {},
    )


@settings(max_examples=60, deadline=None)
@given(ACTS)
def test_sent_twice_is_kept_once(acts: list[Any]) -> None:
    with tempfile.TemporaryDirectory(dir=memory()) as folder, house(Path(folder)) as home:
        tenant = home.tenant()
        first: dict[tuple[str, str], tuple[Appended, bytes, str]] = {}
        gone: set[str] = set()
        for act in acts:
            if isinstance(act, str):
                person = home.ledger.customer(tenant, phone=act)
                if person is not None:
                    assert home.ledger.erase(tenant, person).result(60)
                    gone.add(person)
                continue
            candidates = [made(sending) for sending in act]
            persons = home.count("persons", keys=True)
            before = len(first)
            for candidate, outcome in zip(candidates, home.send(tenant, *candidates), strict=True):
                key = (candidate.source, candidate.source_id)
                if key not in first:
                    assert isinstance(outcome, Appended)
                    assert not outcome.duplicate
                    assert outcome.place == len(first) + 1
                    first[key] = (outcome, candidate.content, "")
                    continue
                kept, content, _ = first[key]
                sealed_for = home.fact(tenant, kept.event_id).customer_ref
                if candidate.content == content or sealed_for in gone:
                    assert isinstance(outcome, Appended)
                    assert outcome.duplicate
                    assert (outcome.event_id, outcome.case_id, outcome.place) == (
                        kept.event_id, kept.case_id, kept.place,
                    )  # fmt: skip
                else:
                    assert isinstance(outcome, Problem)
                    assert (outcome.status, outcome.extra["event_id"]) == (409, kept.event_id)
            if len(first) == before:
                assert home.count("persons", keys=True) == persons  # a retry creates no person
        assert [(fact.source, fact.source_id) for fact in home.facts(tenant)] == list(first)
        assert home.count("fact_ids") == len(first)
        assert home.verify().ok
