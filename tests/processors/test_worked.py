"""The worked examples of the policy grammar (tests/worked/*.yaml): events in, states out. The documents show these files.

Of each example the rule is also told the facts in other orders of arrival, and says the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest

from processors.rules.promises.promise import Promise
from producers.calendar_maker import lunar_months
from schemas.canonical import canonical
from schemas.instants import NEVER, Instant, civil_date, format_instant, iso_day, parse_day, show
from schemas.policy_files import load_profile
from schemas.policy_yaml import read_yaml
from tests.processors.desk import Desk, at, china

WORKED = Path(__file__).parents[1] / "worked"
GRAMMAR = WORKED.parent / "schemas" / "whole_grammar.yaml"
"""Every duty of the domain: ``grammar`` in an example stands for the one of that name."""
FLAGS = ("born_late", "late_entry", "early", "undated", "paused")
PLAIN = (
    "obligation",
    "state",
    "trigger",
    "policy_version",
    "calendar_version",
    "entered_by",
    "period",
    "person",
)
KNOWN = {*PLAIN, "opened", "due", "settled", "flags", "marks", "at", "keys", "owes", "waited"}
BEFORE_ALL = "2025-12-01 09:00"


@cache
def files() -> dict[str, dict[str, Any]]:
    return {
        path.stem: read_yaml(path.read_text("utf-8"), path.name).value
        for path in sorted(WORKED.glob("*.yaml"))
    }


def examples() -> list[Any]:
    return [
        pytest.param(name, number, id=f"{name}-{number + 1}")
        for name, file in files().items()
        for number in range(len(file["examples"]))
    ]


@cache
def grammar() -> dict[str, Any]:
    return load_profile(GRAMMAR).dump()


def profile(file: Mapping[str, Any]) -> dict[str, Any]:
    """The shipped profile, or one with the policies, facts and dates that the file writes."""
    whole = load_profile().dump()
    words = {"shipped": whole["policies"], "grammar": grammar()["policies"]}
    if (written := file.get("policies")) is not None:
        whole["policies"] = {
            key: words[policy][key] if isinstance(policy, str) else policy for key, policy in written.items()
        }
        whole["facts"] = file.get("facts", {})
        whole["dates"] = {name: grammar()["dates"][name] for name in file.get("dates", ())}
    return {**whole}


def changed(change: Mapping[str, Any]) -> dict[str, Any]:
    """A later version of the shipped profile, in which some policies say something else."""
    whole = load_profile().dump()
    whole["policies"] = {
        key: {**policy, **change["policies"].get(key, {})} for key, policy in whole["policies"].items()
    }
    effective = format_instant(at(change["effective_from"]))
    return {**whole, "version": change["version"], "effective_from": effective}


def calendar_of(words: Mapping[str, Any]) -> dict[str, Any]:
    """A calendar as an example words it: how it differs from the statutory one, or a plain year with its days off."""
    if "year" not in words:
        shifts = tuple((a, b) for a, b in words.get("shifts", [["00:00", "24:00"]]))
        return china(
            words.get("version", "cn-2026"),
            closed=tuple(words.get("closed", ())),
            close=words.get("close"),
            shifts=shifts,
        )
    first = parse_day(f"{words['year']}-01-01")
    days = range(first, parse_day(f"{words['year'] + 1}-01-01"))
    letters = "".join(
        "H" if civil_date(day).weekday() >= 5 or iso_day(day) in words["rest"] else "W" for day in days
    )
    start = format_instant(at(f"{words['year']}-01-01 00:00"))
    return {
        "name": "office",
        "version": words["version"],
        "effective_from": start,
        "years": {str(words["year"]): letters},
        **({"lunar": {str(words["year"]): lunar_months(words["year"])}} if words.get("lunar") else {}),
    }


def play(file: Mapping[str, Any], events: Sequence[tuple[str, Mapping[str, Any]]], calendar: Any) -> Desk:
    """Publish, then place the events in this order."""
    desk = Desk()
    desk.publish(profile(file), BEFORE_ALL)
    desk.publish_calendar(calendar_of(calendar), BEFORE_ALL)
    for event_id, words in events:
        fields = {k: v for k, v in words.items() if k not in ("type", "time", "recorded", "id")}
        time = at(words["time"])
        if "publish" in fields:
            desk.publish(changed(fields["publish"]), words["time"], event_id)
        elif "calendar" in fields:
            desk.publish_calendar(calendar_of(fields["calendar"]), words["time"])
        else:
            recorded = at(words["recorded"]) if "recorded" in words else time
            desk.place(words["type"], time, event_id, recorded=recorded, **fields)
    return desk


def told(value: Instant) -> str:
    return "none" if value == NEVER else show(value) + f".{value % 1_000_000:06}"


def instant(text: str) -> str:
    return told(NEVER if text == "none" else at(text))


def found(desk: Desk, row: Promise, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What came of it, in the words of the expectation."""
    made: dict[str, Any] = {name: getattr(row, name) for name in PLAIN if name in wanted}
    made |= {"due": told(row.due), "settled": told(row.settled)}
    made["flags"] = sorted(flag for flag in FLAGS if getattr(row, flag)) if "flags" in wanted else None
    made["keys"] = json.loads(row.keys) if "keys" in wanted else None
    made["owes"] = json.loads(row.owes) if "owes" in wanted else None
    made["opened"] = told(row.opened) if "opened" in wanted else None
    made["waited"] = json.loads(row.waited) if "waited" in wanted else None
    if "marks" in wanted:
        until = at(wanted["at"]) if "at" in wanted else NEVER
        marks = [mark for mark in desk.marks(row) if mark.at <= until]
        late = {k for k, v in wanted["marks"].items() if isinstance(v, dict)}
        made["marks"] = {m.kind: (told(m.time), told(m.at) if m.kind in late else "") for m in marks}
    return made


def expected(wanted: Mapping[str, Any]) -> dict[str, Any]:
    assert set(wanted) <= KNOWN, set(wanted) - KNOWN
    made: dict[str, Any] = {name: wanted[name] for name in PLAIN if name in wanted}
    made |= {"due": instant(wanted["due"]), "settled": instant(wanted.get("settled", "none"))}
    made["flags"] = sorted(wanted["flags"]) if "flags" in wanted else None
    made |= {"keys": wanted.get("keys"), "owes": wanted.get("owes")}
    made["opened"] = instant(wanted["opened"]) if "opened" in wanted else None
    made["waited"] = wanted.get("waited")
    if "marks" in wanted:
        made["marks"] = {
            kind: (instant(said["time"]), instant(said["from"]))
            if isinstance(said, dict)
            else (instant(said), "")
            for kind, said in wanted["marks"].items()
        }
    return made


def check(
    desk: Desk, promises: Sequence[Mapping[str, Any]], shown: Sequence[str] | None, until: Instant
) -> None:
    """``until``: what opens later has not begun."""
    rows = [
        row for row in desk.promises() if (shown is None or row.obligation in shown) and row.opened <= until
    ]
    rows.sort(key=lambda row: (row.opened, row.obligation, row.keys))
    assert [row.obligation for row in rows] == [wanted["obligation"] for wanted in promises]
    for row, wanted in zip(rows, promises, strict=True):
        assert found(desk, row, wanted) == expected(wanted)


@pytest.mark.parametrize(("name", "number"), examples())
def test_worked_example(name: str, number: int) -> None:
    file = files()[name]
    example = file["examples"][number]
    shown = example.get("show", file.get("show"))
    calendar = example.get("calendar", file.get("calendar", {}))
    events = [(words.get("id", f"e{index}"), words) for index, words in enumerate(example["events"], 1)]
    until = at(example.get("until", file.get("until", "2099-12-31")))
    for view in example.get("views", [example]):
        known_at = at(view["known_at"]) if "known_at" in view else NEVER
        told_by_then = [one for one in events if at(one[1].get("recorded", one[1]["time"])) <= known_at]
        check(play(file, told_by_then, calendar), view["promises"], shown, until)
        if file.get("arrival") == "matters":
            continue
        for seed in range(6):
            check(play(file, arrival(told_by_then, seed), calendar), view["promises"], shown, until)


def arrival(
    events: Sequence[tuple[str, Mapping[str, Any]]], seed: int
) -> list[tuple[str, Mapping[str, Any]]]:
    """Another order of arrival, in which what corrects still comes after what it corrects."""
    order = list(events)
    Random(canonical([seed, [event_id for event_id, _ in events]])).shuffle(order)
    return sorted(order, key=lambda one: "corrects" in one[1])


def test_every_example_says_where_it_comes_from() -> None:
    for name, file in files().items():
        assert file["title"].startswith(f"S{int(name[1:3])} "), name
        assert "policy.md" in file["source"], name
        assert all(example["title"] for example in file["examples"]), name


def test_the_documentation_lists_every_file() -> None:
    page = (WORKED.parents[1] / "docs" / "worked.md").read_text("utf-8")
    for name, content in files().items():
        row = f"| [{name}.yaml](../tests/worked/{name}.yaml) | {content['title']} | {len(content['examples'])} |"
        assert row in page
