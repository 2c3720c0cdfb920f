"""The rows of one batch: which comes due next, and what of them is written."""

from __future__ import annotations

from dataclasses import replace

from ledger.lanes import EngineState
from processors.ports import Effects
from processors.rows import Rows, whole
from processors.rules.promises.promise import Promise, blank
from processors.scopes import Scopes
from processors.whatif import Nothing

RULE = "promises"


def row(row_id: str, due: int = 0) -> Promise:
    return replace(blank("example.one", "O33", "after"), id=row_id, scope="s", due=due)


def written(rows: Rows) -> tuple[list[str], list[str]]:
    """Ids of those that are to be written, and of those that are no more."""
    state = EngineState(
        tenant=1,
        decided=0,
        advanced=0,
        verdict_place=0,
        verdict_recorded=0,
        verdict_hash=b"",
        epoch=1,
        owner="",
        set_name="a",
        fold_version="",
    )
    effects = Effects(expect=state, decided=0, advanced=0)
    rows.collect(effects)
    return [one.row.id for one in effects.rows], [one.id for one in effects.gone]


def test_each_comes_due_once_at_the_instant_that_it_has_last() -> None:
    rows = Rows(Scopes(Nothing()))
    for row_id, upcoming in (("b", 5), ("a", 3), ("a", 9), ("c", 5)):
        rows.put(RULE, row(row_id, due=upcoming), upcoming)
    last = (5, RULE, "b")
    assert [(*found[:2], found[2].id) for found in iter(lambda: rows.next_due(last), None)] == [last]
    rows.drop(RULE, row("c"))
    assert [found[2].id for found in iter(lambda: rows.next_due(whole(9)), None)] == ["a"]


def test_what_is_as_it_was_is_not_written_and_the_rest_in_order() -> None:
    scopes = Scopes(Nothing())
    first = Rows(scopes)
    for row_id in "cab":
        first.put(RULE, row(row_id), 5)
    assert written(first) == (["a", "b", "c"], [])
    second = Rows(scopes)
    for due in (7, 8):
        second.put(RULE, row("b", due=due), 5)
        second.put(RULE, row("a", due=due), 5)
    assert written(second) == (["a", "b"], [])
    second.put(RULE, row("a"), 5)
    second.drop(RULE, row("b", due=8))
    second.put(RULE, row("b", due=8), 5)
    second.drop(RULE, row("c"))
    assert written(second) == (["b"], ["c"])
    third, same = Rows(scopes), scopes.get(RULE, "s").rows["a"][0]
    third.put(RULE, same, 5)
    assert written(third) == ([], [])
    third.put(RULE, same, 6)
    assert written(third) == (["a"], [])
