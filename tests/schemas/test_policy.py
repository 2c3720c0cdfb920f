"""The grammar: what is understood, what it is called, what is refused, and that a policy survives its own ledger."""

from __future__ import annotations

import json
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.canonical import canonical
from schemas.policy import After, Dur, Match, Policy, PolicyFile, Problems, duration, leaves
from schemas.policy_files import load_profile

WHOLE = Path(__file__).parent / "whole_grammar.yaml"


def policy(**fields: Any) -> dict[str, Any]:
    """A small good policy, with these fields in place of its own."""
    good = {
        "row": "O30", "zh": "投诉关闭后回访", "on": "complaint.closed", "per": ["case"], "due": {"after": "3wd"},
        "by": "followup.complaint_close_completed", "owes": "cs_front_desk",
    }  # fmt: skip
    return {name: value for name, value in {**good, **fields}.items() if value != "absent"}


def policy_file(policies: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    return {
        "profile": "test", "version": "1", "effective_from": "2026-01-01T00:00:00+08:00",
        "ladders": {"default": {"steps": []}}, "keys": {"case": "case_id", "project": "project_id"},
        "policies": {"complaint.close_return_visit": policy()} if policies is None else policies, **fields,
    }  # fmt: skip


def read(**fields: Any) -> Policy:
    whole = PolicyFile.model_validate(policy_file({"a.b": policy(**fields)}))
    return whole.policies["a.b"]


def test_every_duty_of_the_domain_can_be_said() -> None:
    whole = load_profile(WHOLE)
    assert len(whole.policies) == 154
    assert len({policy.row for policy in whole.policies.values()}) == 146
    assert Counter(policy.kind for policy in whole.policies.values()) == {
        "open": 50, "every": 32, "gate": 31, "after": 21, "before": 6, "given": 4, "standing": 3, "coverage": 3,
        "window": 2, "on_threshold": 2,
    }  # fmt: skip


def test_a_whole_profile_survives_canonical_json() -> None:
    whole = load_profile(WHOLE)
    text = canonical(whole.dump())  # refuses floats; sorts the keys
    again = PolicyFile.model_validate(json.loads(text))
    assert again == whole
    assert canonical(again.dump()) == text
    assert whole.published()["effective_from"] == "2026-01-01T00:00:00+08:00"
    assert whole.published()["policy"] == whole.dump()


def test_which_clocks_run() -> None:
    whole = load_profile(WHOLE)
    assert whole.policies["complaint.close_return_visit"].needs() == "after"
    assert whole.policies["supervision_group.establish"].kind == "on_threshold"
    assert whole.policies["supervision_group.establish"].needs() == "after"
    assert whole.policies["contact_sheet.rectify"].needs() == "given"
    assert whole.policies["contact.inquiry_reply"].needs() == "open"
    assert whole.policies["contact.hotline_24h"].needs() == "standing"
    assert whole.policies["care.festivals"].kind == "every"
    assert Counter(policy.kind for policy in whole.policies.values())["gate"] == 31


def test_kinds_are_computed() -> None:
    assert read().kind == "after"
    assert read(due={"given": "due_at"}).kind == "given"
    assert read(due="absent").kind == "open"
    assert read(due="absent", by="absent").kind == "standing"
    assert read(due={"after": None, "min": "3mo", "early": "breach"}).kind == "window"
    assert read(due={"gate": "complaint.closed"}).kind == "gate"
    assert read(on={"all": ["complaint.closed", "complaint.resolved"]}).kind == "on_threshold"


def test_what_a_policy_listens_to() -> None:
    made = read(
        on={"any": [{"event": "a.a", "plus": "1d", "reset": ["a.b"]}, {"all": ["a.c", "a.d"]}]},
        by={"any": [{"all": ["b.a", "b.b"]}, {"event": ["b.c", "b.d"], "late": False}]},
        unreached={"event": "c.a", "times": 3, "distinct": "day"},
        cancel=["d.a"],
        pause=[{"start": "e.a", "stop": "e.b"}],
        person={"of": "actor_ref", "moved": "f.a", "to": "to_ref"},
    )
    heard = [(role, *match.types) for role, match in made.matches()]
    assert heard == [
        ("on", "a.a"), ("reset", "a.b"), ("on", "a.c"), ("on", "a.d"), ("by", "b.a"), ("by", "b.b"),
        ("by", "b.c", "b.d"), ("unreached", "c.a"), ("cancel", "d.a"), ("start", "e.a"), ("stop", "e.b"),
        ("moved", "f.a"),
    ]  # fmt: skip
    assert [match.types for match in leaves(made.by)] == [["b.a"], ["b.b"], ["b.c", "b.d"]]


def test_short_forms() -> None:
    made = read(on="complaint.closed", owes="cs_staff", per=["case"])
    assert isinstance(made.on, Match)
    assert made.per == {"case": None}
    assert [(ower.role, ower.where) for ower in made.owes] == [("cs_staff", {})]
    where = read(on={"event": "a.b", "where": {"x": "y", "n": 3, "b": False, "l": ["p", "q"]}}).on
    assert isinstance(where, Match)
    assert where.where["x"].eq == "y"
    assert where.where["n"].eq == 3
    assert where.where["b"].eq is False
    assert where.where["l"].in_ == ["p", "q"]


def test_thresholds_are_exact() -> None:
    made = read(on={"event": "a.b", "where": {"sold/total": {"gt": "0.30"}}}).on
    assert isinstance(made, Match)
    limit = made.where["sold/total"].gt
    assert limit is not None
    assert Fraction(limit) == Fraction(3, 10)
    tiny = read(on={"event": "a.b", "where": {"x": {"gt": "0.0000001"}}})
    assert tiny.model_dump(mode="json", exclude_unset=True)["on"]["where"]["x"] == {"gt": "0.0000001"}


@pytest.mark.parametrize(
    ("text", "length"),
    [("30min", Dur(30, "min")), ("24h", Dur(24, "h")), ("8sh", Dur(8, "sh")), ("0wd", Dur(0, "wd")),
     ("7d", Dur(7, "d")), ("2mo", Dur(2, "mo")), ("1y", Dur(1, "y"))],
)  # fmt: skip
def test_lengths(text: str, length: Dur) -> None:
    assert duration(text) == length
    assert str(length) == text


@pytest.mark.parametrize("text", ["30", 30, "1w", "-1d", "1.5h", "24 h", "٣d", "101y", "", None, "36501d"])
def test_what_is_no_length(text: Any) -> None:
    with pytest.raises(ValueError, match=r"write 30min|longer than"):
        duration(text)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"due": {"after": 30}}, "30 is no length of time"),
        ({"due": {"after": "30min", "before": "x"}}, "Extra inputs"),
        ({"due": {"every": "month", "rolling": "3wd"}}, "here stand every, rolling"),
        ({"due": {"grace": "3wd"}}, "here stand none"),
        ({"due": "24h"}, "a due date is a mapping"),
        ({"due": {"after": None}}, "says no limit at all"),
        ({"due": {"after": "24h"}, "by": "absent"}, "needs by"),
        ({"owes": []}, "at least 1 item"),
        ({"on": {"event": "a.b", "where": {"x": {"gt": 0.25}}}}, "write the figure as a text"),
        ({"on": {"event": "a.b", "where": {"x": {"gt": 3}}}}, "write the figure as a text"),
        ({"on": {"event": "a.b", "where": {"x": {"gt": "NaN"}}}}, "write the figure as a text"),
        ({"on": {"event": "a.b", "where": {"x": 0.25}}}, "valid dictionary"),
        ({"on": {"event": "a.b", "where": {"x": [0.25]}}}, "cannot be compared with"),
        ({"on": {"event": "a.b", "where": {"x": {}}}}, "an empty test"),
        ({"on": {"event": "a.b", "where": {"x": {"eq": None}}}}, "null tests nothing"),
        ({"on": {"event": "a.b", "where": {"x": {"set": "yes"}}}}, "neither true nor false"),
        ({"on": {"event": "a.b", "where": {"a.b.c": 1}}}, "pattern"),
        ({"on": {"event": 7}}, "is no event type"),
        ({"on": {"event": []}}, "at least 1 item"),
        ({"on": 7}, "valid dictionary|no event type"),
        ({"on": {"any": []}}, "at least 1 item"),
        ({"on": {"any": ["a.b"], "event": "a.b"}}, "Extra inputs"),
        ({"enabled": 1}, "neither true nor false"),
        ({"row": "30"}, "pattern"),
        ({"zh": ""}, "at least 1 character"),
        ({"zh": "absent"}, "Field required"),
        ({"per": []}, "at least 1 item"),
        ({"per": ["unknown"]}, "has no path"),
        ({"again": "sometimes"}, "Input should be"),
        ({"warn": [{}]}, "either"),
        ({"warn": [{"pct": 75, "before": "2h"}]}, "either"),
        ({"warn": [{"pct": 100}]}, "less than 100"),
        ({"warn": [{"before": "3wd"}]}, "cannot be counted back"),
        ({"until": "a.b"}, "until and member go only with"),
        ({"due": {"gate": "a.b"}, "pause": [{"start": "a.b", "stop": "a.c"}]}, "pause goes only with"),
        ({"by": {"event": "a.b", "plus": "1d"}}, "plus and reset go only with triggers"),
        ({"on": {"event": "a.b", "times": 2}}, "times and distinct go only with"),
        ({"on": {"event": "a.b", "late": False}}, "late goes only with by"),
        ({"ladder": "steep"}, "no ladder is called 'steep'"),
        ({"calendar": "lunar"}, "no calendar is called 'lunar'"),
        ({"due": {"before": "move_in"}}, "no date is called 'move_in'"),
        ({"on": {"event": "a.b", "where": {"case.in_warranty": True}}}, "no fact is called"),
        ({"colour": "red"}, "Extra inputs"),
    ],
)  # fmt: skip
def test_what_is_refused(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        read(**fields)


def test_a_fact_is_read_only_in_its_own_scope() -> None:
    facts = {"case.penalty": {"value": {"penalty.proposed": "proposed"}}}
    on = {"event": "a.b", "where": {"case.penalty": "proposed"}}
    PolicyFile.model_validate(policy_file({"a.b": policy(on=on)}, facts=facts))
    with pytest.raises(ValidationError, match="only by a promise that is per case"):
        PolicyFile.model_validate(policy_file({"a.b": policy(on=on, per=["project"])}, facts=facts))
    with pytest.raises(ValidationError, match=r"name it scope\.fact"):
        PolicyFile.model_validate(policy_file(facts={"penalty": facts["case.penalty"]}))
    with pytest.raises(ValidationError, match="promises rule itself"):
        PolicyFile.model_validate(policy_file(facts={"case.late": {"value": {"obligation.breached": "yes"}}}))


def heard(*keys: str) -> dict[str, Any]:
    test: Any = list(keys) if len(keys) > 1 else keys[0]
    return policy(on={"event": "obligation.breached", "where": {"obligation_key": test}})


def refused(policies: dict[str, Any]) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        PolicyFile.model_validate(policy_file(policies))
    problems = caught.value.errors()[0]["ctx"]["error"]
    assert isinstance(problems, Problems)
    return [f"{loc[1]}: {text.en}" for loc, text in problems.found]


def test_a_verdict_names_its_obligation() -> None:
    made = PolicyFile.model_validate(policy_file({"a.a": policy(), "a.b": heard("a.a")}))
    assert made.policies["a.b"].kind == "after"
    [text] = refused({"a.a": policy(on="obligation.breached")})
    assert "is a verdict: name its obligation" in text
    [text] = refused({"a.a": policy(cancel=["obligation.retracted"])})
    assert "is a verdict: name its obligation" in text
    [text] = refused(
        {"a.a": policy(on={"event": "obligation.dated", "where": {"obligation_key": {"ne": "a.b"}}})}
    )
    assert "is a verdict: name its obligation" in text
    [text] = refused({"a.a": heard("a.z")})
    assert "no policy is called 'a.z'" in text
    mixed = {"event": ["obligation.breached", "a.b"], "where": {"obligation_key": "a.b"}}
    assert any("verdicts and facts" in text for text in refused({"a.a": policy(on=mixed), "a.b": policy()}))


def test_circles_of_verdicts_are_refused() -> None:
    assert refused({"a.a": heard("a.a")}) == [
        "a.a: its trigger leads back to itself: a.a ← a.a; take one of these triggers out"
    ]
    circle = refused({"a.a": heard("a.b"), "a.b": heard("a.c"), "a.c": heard("a.a"), "a.d": heard("a.a")})
    assert len(circle) == 1
    assert "a.a ← a.b ← a.c ← a.a" in circle[0]
    by = {
        "a.a": heard("a.b"),
        "a.b": policy(by={"event": "obligation.breached", "where": {"obligation_key": "a.a"}}),
    }
    assert len(refused(by)) == 1
    # a diamond is no circle, however often its ways meet
    fine = {f"a.n{n}": heard(f"a.n{n + 1}", f"a.n{n + 2}") for n in range(40)}
    PolicyFile.model_validate(policy_file({**fine, "a.n40": policy(), "a.n41": policy()}))


@given(st.dictionaries(st.integers(0, 7), st.sets(st.integers(0, 7), max_size=3), min_size=1))
def test_circles_found_exactly(arrows: dict[int, set[int]]) -> None:
    nodes = {*arrows} | {n for to in arrows.values() for n in to}
    policies = {
        f"a.n{n}": heard(*(f"a.n{m}" for m in sorted(arrows[n]))) if arrows.get(n) else policy()
        for n in nodes
    }
    reach = {n: set(arrows.get(n, ())) for n in nodes}
    for _ in nodes:
        reach = {n: to | {k for m in to for k in reach[m]} for n, to in reach.items()}
    if any(n in reach[n] for n in nodes):
        assert refused(policies)
    else:
        PolicyFile.model_validate(policy_file(policies))


# ------------------------------------------------------------------------------------------------ any policy

WORDS = st.sampled_from(["alpha", "beta", "gamma_1"])
TYPES = st.sampled_from(["a.b", "complaint.closed", "repair.visited", "case.wait_started"])
BACK = st.tuples(st.integers(0, 60), st.sampled_from(["d", "mo", "y"])).map(lambda n: f"{n[0]}{n[1]}")
LENGTHS = st.tuples(st.integers(0, 60), st.sampled_from(["min", "h", "sh", "d", "wd", "mo", "y"])).map(
    lambda pair: f"{pair[0]}{pair[1]}"
)
FIGURES = st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-99, max_value=99).map(
    lambda figure: format(figure, "f")
)
SCALARS = st.one_of(st.booleans(), st.integers(-(2**40), 2**40), st.text(max_size=5))
PATHS = st.sampled_from(["field", "items[]", "items#", "sold/total", "event_id"])
TESTS = st.one_of(
    SCALARS,
    st.lists(SCALARS, min_size=1, max_size=3),
    st.fixed_dictionaries({"ne": SCALARS}),
    st.fixed_dictionaries({"set": st.booleans()}, optional={"gt": FIGURES, "le": FIGURES}),
    st.fixed_dictionaries({"has": st.lists(SCALARS, min_size=1, max_size=2)}),
)


def matches(**more: Any) -> st.SearchStrategy[Any]:
    return st.one_of(
        TYPES,
        st.fixed_dictionaries(
            {"event": st.one_of(TYPES, st.lists(TYPES, min_size=1, max_size=2))},
            optional={
                "where": st.dictionaries(PATHS, TESTS, max_size=2),
                "match": st.one_of(st.just(["case"]), st.just({"case": "other_case"})),
                "at": st.just("happened_on"),
                **more,
            },
        ),
    )


def exprs(leaf: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=3)}),
            st.fixed_dictionaries({"all": st.lists(inner, min_size=1, max_size=3)}),
        ),
        max_leaves=5,
    )


POLICIES = st.fixed_dictionaries(
    {
        "row": st.just("O1"),
        "zh": st.just("有诺必践"),
        "on": exprs(matches(plus=LENGTHS, reset=st.lists(matches(), max_size=2))),
        "per": st.one_of(st.just(["case"]), st.just({"item": "item_id", "case": None})),
        "by": exprs(matches(times=st.integers(1, 4), distinct=st.just("day"), late=st.booleans())),
        "owes": st.one_of(
            WORDS, st.lists(st.fixed_dictionaries({"role": WORDS}, optional={"where": st.dictionaries(PATHS, TESTS)}),
                            min_size=1, max_size=2)
        ),
    },
    optional={
        "due": st.one_of(
            st.fixed_dictionaries({"after": LENGTHS}, optional={"since": st.one_of(LENGTHS, st.just("ever"))}),
            st.fixed_dictionaries({"after": st.none(), "min": LENGTHS, "early": st.just("breach")}),
            st.fixed_dictionaries({"given": WORDS}),
            st.fixed_dictionaries({"before": st.just("expiry")}, optional={"lead": st.just("any"), "minus": BACK}),
            st.fixed_dictionaries({"gate": matches()}, optional={"each": st.booleans(), "settle": LENGTHS}),
            st.fixed_dictionaries({"every": st.just("month")}, optional={"grace": LENGTHS, "label": WORDS}),
            st.fixed_dictionaries({"seasons": st.just({"winter": [12, 2]})}),
            st.fixed_dictionaries({"spans": st.just({"x": ["2026-04-01", "2026-05-31"]})}),
            st.fixed_dictionaries({"coverage": st.just("month"), "member": st.just(["project"]), "ripe": LENGTHS,
                                   "share": TESTS}),
        ),
        "again": st.sampled_from(["settled", "never", "restart", "each"]),
        "warn": st.lists(st.one_of(st.fixed_dictionaries({"pct": st.integers(1, 99)}),
                                   st.fixed_dictionaries({"before": st.just("2h")})), max_size=2),
        "also": st.lists(WORDS, max_size=2),
        "en": st.text(max_size=5),
        "enabled": st.booleans(),
    },
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["a.b", "a.c", "a.d/part"]), POLICIES, min_size=1))
def test_any_policy_survives_its_own_ledger(policies: dict[str, Any]) -> None:
    dates = {"expiry": {"event": "a.b", "date": "expires_on", "match": ["case"]}}
    made = PolicyFile.model_validate(policy_file(policies, dates=dates))
    text = canonical(made.dump())
    again = PolicyFile.model_validate(json.loads(text))
    assert again == made
    assert canonical(again.dump()) == text
    assert {key: p.kind for key, p in again.policies.items()} == {
        key: p.kind for key, p in made.policies.items()
    }
    for one in made.policies.values():
        if isinstance(one.due, After):
            assert one.due.after is None or duration(str(one.due.after)) == one.due.after
