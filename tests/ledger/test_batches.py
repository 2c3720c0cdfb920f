"""How candidates are cut into batches shows nowhere: every answer and every row is what one by one gives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.candidate import Candidate, Outcome
from schemas.event import Sealed
from tests.ledger.house import House, house, raw, sent

NUMBERS = count()
TOLD = st.fixed_dictionaries(
    {
        "number": st.integers(1, 5),
        "text": st.sampled_from(["漏水", "噪音"]),
        "personal": st.booleans(),
        "customer": st.sampled_from(
            [
                {},
                {"name": "张三"},
                {"phone": "13800000001"},
                {"number": "C1", "phone": "13800000001"},
                {"number": "C1", "phone": "13800000002"},
                {"number": "C2", "phone": "13800000001"},
                {"number": "C1"},
            ]
        ),
        "corrects": st.sampled_from([0, 0, 1, 2, 3]),
        "ref": st.booleans(),
    }
)


def made(told: dict[str, Any], known: str) -> Candidate:
    corrected = f"no-{told['corrects']}" if told["corrects"] else ""
    by_ref = {"customer_ref": known} if told["ref"] else {"customer": told["customer"]}
    return sent(
        told["number"],
        data={"description": told["text"], "deep": [{"comment": "差"}]},
        personal=("description", "deep[0].comment") if told["personal"] else (),
        corrects_source_id=corrected,
        case="none",
        **by_ref,
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("batches")) as opened:
        yield opened
        assert opened.verify().ok


def played(home: House, tolds: list[dict[str, Any]], cuts: list[int]) -> tuple[list[Any], ...]:
    """Answers, facts, and counts of a new tenant, in words that do not depend on what was drawn: whatever is an id is told
    by the order in which it appears."""
    tenant = home.tenant(f"t{next(NUMBERS)}")
    first = home.keep(tenant, sent("first", customer={"phone": "13800000009"}))
    left = [made(told, home.fact(tenant, first.event_id).customer_ref) for told in tolds]
    outcomes: list[Outcome] = []
    for cut in [*cuts, len(left)]:
        outcomes += home.send(tenant, *left[:cut])
        left = left[cut:]
    names: dict[str, int] = {}

    def plain(value: Any) -> Any:
        if isinstance(value, Sealed):
            return "sealed for", plain(value.person), value.retention
        if isinstance(value, dict):
            return {key: plain(inner) for key, inner in value.items()}
        if isinstance(value, str):
            return names.setdefault(value, len(names)) if len(value) == 36 else value
        return [plain(inner) for inner in value] if isinstance(value, list) else value

    def told(row: Any) -> Any:
        return plain({field.name: getattr(row, field.name) for field in fields(row)})

    facts = home.facts(tenant)
    counts = [len(facts)]
    with raw(home.folder / "keys.db") as connection:
        for table in ("persons", "person_keys", "blind_index", "conflicts"):
            query = f"SELECT count(*) FROM {table} WHERE tenant = ?"
            counts.append(connection.execute(query, (tenant.name,)).fetchone()[0])
    opened = [home.ledger.unsealed(tenant, fact) for fact in facts]
    return [told(one) for one in outcomes], [told(fact) for fact in facts], opened, counts


@settings(max_examples=30, deadline=None)
@given(tolds=st.lists(TOLD, min_size=2, max_size=8), cuts=st.lists(st.integers(1, 4), max_size=3))
def test_cuts_show_nowhere(home: House, tolds: list[dict[str, Any]], cuts: list[int]) -> None:
    assert played(home, tolds, cuts) == played(home, tolds, [1] * len(tolds))
