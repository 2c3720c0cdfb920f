"""The agenda says what the store would, whatever was written, dropped, recalled or forgotten in between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors import agenda
from processors.agenda import Agenda
from processors.ports import DueRow, Effects, Pages, Recall, Written
from processors.rules.linear import AnyRule
from processors.rules.protocol import Row
from schemas.instants import NEVER, Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Here(Row):
    TABLE: ClassVar[str] = "here"


@dataclass(frozen=True, slots=True, kw_only=True)
class There(Row):
    TABLE: ClassVar[str] = "there"


class Owning:
    """Of a rule what the agenda looks at."""

    def __init__(self, name: str, kind: type[Row]) -> None:
        self.name, self.rows = name, (kind,)


KINDS: dict[str, type[Row]] = {"b": Here, "a": There}
RULES = cast(Any, [Owning(name, kind) for name, kind in KINDS.items()])


class Store:
    """Rows by (rule, id) with their next instant; ``asked`` counts the questions."""

    def __init__(self) -> None:
        self.next: dict[tuple[str, str], Instant] = {}
        self.asked = 0

    def due(self, until: Instant, limit: int) -> list[DueRow]:
        self.asked += 1
        found = [(at, rule, own) for (rule, own), at in self.next.items() if at <= until and at != NEVER]
        return [DueRow(at, rule, f"of {own}", own) for at, rule, own in sorted(found)[:limit]]

    def earliest(self) -> Instant:
        return min(self.next.values(), default=NEVER)


def effects(rows: list[tuple[str, str, Instant]], gone: list[tuple[str, str]], recalled: bool) -> Effects:
    made = [Written(KINDS[rule](id=own, scope=f"of {own}"), at) for rule, own, at in rows]
    recalls = [Recall(Here, "scope", "", 3)] if recalled else []
    dropped = [KINDS[rule](id=own, scope=f"of {own}") for rule, own in gone]
    return Effects(expect=cast(Any, None), decided=0, advanced=0, rows=made, gone=dropped, recalls=recalls)


ROWS = st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"))
INSTANTS = st.one_of(st.integers(0, 12), st.just(NEVER))
WRITES = st.tuples(st.just("write"), st.dictionaries(ROWS, INSTANTS, max_size=5), st.booleans())
ASKS = st.tuples(st.just("due"), st.integers(0, 12), st.integers(1, 4))
OTHERS = st.tuples(st.sampled_from(("earliest", "forget")), st.none(), st.none())


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(WRITES, ASKS, ASKS, OTHERS), max_size=25))
def test_it_says_what_the_store_says(steps: list[tuple[str, Any, Any]]) -> None:
    store, mine = Store(), Agenda(cast("list[AnyRule]", RULES))
    pages = cast(Pages, store)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("AHEAD", 3), ("LOOK", 3), ("MOST", 4)):
            patch.setattr(agenda, name, value)
        for step, value, more in steps:
            if step == "write":
                gone = [key for key, at in value.items() if key in store.next and at == 12]
                rows = [(*key, at) for key, at in value.items() if key not in gone]
                for key in gone:
                    del store.next[key]
                store.next.update({(rule, own): at for rule, own, at in rows})
                if more:  # as a publication does: behind the engine's back, and told
                    store.next.update({key: min(at, 3) for key, at in store.next.items()})
                mine.note(effects(rows, gone, more))
            elif step == "due":
                assert mine.due(pages, value, more) == store.due(value, more)
            elif step == "forget":
                mine.forget()
            else:
                known = mine.earliest()
                assert (mine.look_for_earliest(pages) if known is None else known) == store.earliest()


def test_a_batch_before_the_first_of_them_asks_nothing() -> None:
    store, mine = Store(), Agenda(cast("list[AnyRule]", RULES))
    pages = cast(Pages, store)
    store.next = {("a", "x"): 50, ("b", "y"): 90}
    assert mine.due(pages, 10, 64) == []
    mine.note(effects([("a", "x", 60), ("b", "z", 70)], [], False))
    store.next |= {("a", "x"): 60, ("b", "z"): 70}
    asked = store.asked
    assert mine.earliest() == 60
    assert [due.row_id for due in mine.due(pages, 80, 64)] == ["x", "z"]
    assert store.asked == asked
