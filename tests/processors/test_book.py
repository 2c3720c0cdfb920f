"""The book: which version binds, what a publication adds to listen to, what was known when."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from processors.rules.book import Book
from processors.rules.published import newest
from producers.calendar_maker import lunar_months
from schemas.event import Event
from schemas.instants import format_instant
from schemas.policy_files import load_profile
from tests.kit.policies import publication
from tests.processors.desk import at, china

KEY = "complaint.respond_in_standard"


def published(place: int, version: str, effective: str, **changes: Any) -> Event:
    """A version of the shipped profile at that place; ``changes`` replaces fields of one policy, None takes it out."""
    whole = load_profile().dump()
    whole |= {"version": version, "effective_from": format_instant(at(effective))}
    if changes.get("gone"):
        del whole["policies"][KEY]
    else:
        whole["policies"][KEY] = {**whole["policies"][KEY], **changes}
    return fact(place, "policy.published", publication(whole))


def fact(place: int, kind: str, data: dict[str, Any]) -> Event:
    time = at("2026-01-01 00:00") + place
    return Event(
        type=kind, version=1, event_id=f"p{place}", time=time, recorded=time, place=place, after=place, data=data
    )  # fmt: skip


def bound(book: Book, time: str, place: int) -> str:
    found = book.policies.bind(KEY, at(time), place)
    return found.version.version if found else ""


def test_the_newest_in_force_of_those_published_before_binds() -> None:
    book = (
        Book.empty().add(published(1, "v1", "2026-01-01 00:00")).add(published(50, "v2", "2026-07-01 00:00"))
    )
    assert bound(book, "2026-06-30 23:59:59", 60) == "v1"
    assert bound(book, "2026-07-01 00:00", 60) == "v2"
    assert bound(book, "2026-07-02 00:00", 40) == "v1"
    assert bound(book, "2020-01-01 00:00", 60) == "v1"  # before the earliest: the earliest
    assert bound(Book.empty(), "2026-07-02 00:00", 40) == ""


def test_of_two_in_force_from_the_same_instant_the_later_one_binds() -> None:
    book = (
        Book.empty().add(published(1, "v1", "2026-01-01 00:00")).add(published(2, "v1b", "2026-01-01 00:00"))
    )
    assert bound(book, "2026-03-01 00:00", 9) == "v1b"
    assert bound(book, "2025-03-01 00:00", 9) == "v1b"


def test_a_version_without_the_policy_binds_too_and_promises_nothing() -> None:
    book = Book.empty().add(published(1, "v1", "2026-01-01 00:00"))
    book = book.add(published(2, "v2", "2026-07-01 00:00", gone=True))
    assert bound(book, "2026-06-30 00:00", 9) == "v1"
    assert bound(book, "2026-07-01 00:00", 9) == ""


def test_another_profile_does_not_take_a_policy_away() -> None:
    book = Book.empty().add(published(1, "v1", "2026-01-01 00:00"))
    other = published(2, "d1", "2026-02-01 00:00", gone=True)
    other.data["policy"]["profile"] = "demo"
    book = book.add(fact(2, "policy.published", {**other.data, "profile": "demo"}))
    assert bound(book, "2026-03-01 00:00", 9) == "v1"


def test_versions_that_listen_alike_add_no_listeners() -> None:
    first = Book.empty().add(published(1, "v1", "2026-01-01 00:00"))
    same = first.add(
        published(2, "v2", "2026-07-01 00:00", due={"after": "8h"}, owes="cs_dept", zh="另一个名字")
    )
    assert same.policies.listeners_new_since(first.policies) == ()
    wider = first.add(published(2, "v2", "2026-07-01 00:00", by="complaint.analysed"))
    assert {(x.policy, x.type) for x in wider.policies.listeners_new_since(first.policies)} == {
        (KEY, "complaint.analysed")
    }
    assert first.policies.listeners_new_since(Book.empty().policies)


def test_known_at_is_the_book_of_that_day() -> None:
    v1, v2 = published(1, "v1", "2026-01-01 00:00"), published(50, "v2", "2026-01-01 00:00")
    book = Book.empty().add(v1).add(v2)
    assert bound(book.known_at(v1.recorded), "2026-07-01 00:00", 60) == "v1"
    assert bound(book.known_at(v2.recorded), "2026-07-01 00:00", 60) == "v2"


def test_a_book_does_not_depend_on_the_order_in_which_it_was_read() -> None:
    v1, v2 = (
        published(1, "v1", "2026-01-01 00:00"),
        published(50, "v2", "2026-07-01 00:00", by="complaint.analysed"),
    )
    forth, back = Book.empty().add(v1).add(v2), Book.empty().add(v2).add(v1)
    assert [p.place for p in back.published] == [p.place for p in forth.published]
    assert bound(back, "2026-07-02 00:00", 60) == bound(forth, "2026-07-02 00:00", 60) == "v2"
    assert (
        back.policies.listeners_new_since(forth.policies)
        == forth.policies.listeners_new_since(back.policies)
        == ()
    )


def test_any_other_event_changes_nothing() -> None:
    book = Book.empty()
    assert book.add(fact(1, "complaint.received", {})) is book


def test_a_calendar_keeps_the_years_it_does_not_name() -> None:
    book = Book.empty().add(fact(1, "calendar.published", china()))
    days = {"2027": "W" * 365}
    later = {
        "name": "office",
        "version": "cn-2027",
        "effective_from": "2027-01-01T00:00:00+08:00",
        "years": days,
    }
    book = book.add(fact(2, "calendar.published", later))
    newer = book.almanac.binding("office", at("2027-03-01 00:00"), 9)
    assert newer is not None
    assert newer.version == "cn-2027"
    assert sorted(newer.data.years) == ["2025", "2026", "2027"]
    assert newer.data.names["2026-02-17"] == "春节"
    older = book.almanac.binding("office", at("2026-12-29 00:00"), 9)
    assert older is not None
    assert [c.version for c in book.almanac.others("office", older)] == ["cn-2027"]
    assert book.almanac.binding("plant", 0, 9) is None


def test_the_first_lunar_months_told_of_a_year_stand() -> None:
    """A calendar published again may bring a year's moon, and moves no festival that another had told."""
    told = {year: lunar_months(year) for year in (2025, 2026)}
    moved = {
        year: {day: f"{int(no[:2]) % 12 + 1:02}{no[2:]}" for day, no in months.items()}
        for year, months in told.items()
    }
    first = {**china(), "lunar": {"2025": told[2025]}}
    again = {**china(), "version": "cn-again", "lunar": {"2025": moved[2025], "2026": told[2026]}}
    third = {**china(), "version": "cn-third", "lunar": {"2026": moved[2026]}}
    book = Book.empty()
    for place, data in enumerate((first, again, third), start=1):
        book = book.add(fact(place, "calendar.published", data))
    assert book.almanac.moons("office") == told
    assert book.almanac.moons("plant") == {}


def test_the_newest_table_of_roles_names_the_superior() -> None:
    book = Book.empty()
    assert book.superior("cs_front_desk") == ""
    rows = [
        {"role": "cs_front_desk", "zh": "客服前台", "superior": "cs_supervisor"},
        {"role": "cs_supervisor", "zh": "主管"},
    ]
    book = book.add(fact(1, "roles.published", {"roles": rows}))
    assert book.superior("cs_front_desk") == "cs_supervisor"
    assert book.superior("cs_supervisor") == ""
    assert book.roles is not None
    assert book.roles.zh["cs_front_desk"] == "客服前台"


def test_nothing_binds_before_the_first_publication() -> None:
    assert newest((), 0, 9) is None
    book = Book.empty().add(published(5, "v1", "2026-01-01 00:00"))
    assert bound(book, "2026-03-01 00:00", 4) == ""
    found = book.policies.at(5, KEY)
    assert found is not None
    assert found.version.published_by == ""
    assert book.policies.at(4, KEY) is None
    assert book.almanac.at(5) is None


def test_a_policy_that_hears_any_fact_hears_no_verdict() -> None:
    book = Book.empty().add(published(1, "v1", "2026-01-01 00:00", by="*"))
    seen = fact(2, "care.greeting_sent", {})
    said = replace(seen, type="obligation.due_soon", verdict=True)
    assert [one.policy for one in book.policies.listening(seen) if one.type == "*"] == [KEY]
    assert [one.policy for one in book.policies.listening(said) if one.type == "*"] == []


def test_a_version_without_a_ladder_of_repetition_binds_too_and_counts_nothing() -> None:
    first = published(1, "v1", "2026-01-01 00:00")
    second = published(2, "v2", "2026-07-01 00:00")
    del second.data["policy"]["repetition"]
    sections = Book.empty().add(first).add(second).sections
    assert sections.repetition(at("2026-06-30 00:00"), 9) is not None
    assert sections.repetition(at("2026-07-01 00:00"), 9) is None


WHOLE = {
    "row": "O33", "zh": "例", "per": ["case"], "owes": "cs_staff", "due": {"after": "24h"}, "on": "complaint.received",
    "by": "complaint.resolved",
}  # fmt: skip


def listening(place: int, fields: dict[str, Any]) -> Event:
    """A version of a profile with one policy: ``WHOLE`` with these fields."""
    whole = load_profile().dump()
    whole |= {"version": f"v{place}", "policies": {"example.one": WHOLE | fields}}
    return fact(place, "policy.published", publication(whole))


def on(**more: Any) -> dict[str, Any]:
    return {"on": {"event": "complaint.received", **more}}


def by(**more: Any) -> dict[str, Any]:
    return {"by": {"event": "complaint.resolved", **more}}


def duty(**more: Any) -> dict[str, Any]:
    return {"per": ["project"], "due": {"every": "month", **more}, "until": "complaint.closed"}


def owed(where: dict[str, Any]) -> dict[str, Any]:
    return {"owes": [{"role": "crc", "where": where}]}


def pause(party: str) -> dict[str, Any]:
    return {"pause": [{"start": "case.wait_started", "stop": "case.wait_ended", "party": party}]}


@pytest.mark.parametrize(
    ("roles", "before", "after"),
    [
        ("T", on(where={"severity": "key"}), on(where={"severity": "difficult"})),
        ("T", on(at="told_at"), on()),
        ("T", on(at="told_at"), on(at="heard_at")),
        ("T", {"per": ["house"]}, {"per": ["project"]}),
        ("T", {"due": {"given": "promised_at"}}, {"due": {"given": "agreed_at"}}),
        ("T", {"person": {"of": "actor_ref"}}, {"person": {"of": "handler"}}),
        ("T", owed({"urgency": "high"}), owed({"urgency": "low"})),
        ("T", duty(), duty() | {"member": ["case"]}),
        ("T", duty() | {"member": ["house"]}, duty() | {"member": ["case"]}),
        ("TD", by(), by(match={"house": None})),
        ("D", by(where={"close_reason": "resolved"}), by(where={"close_reason": "withdrawn"})),
        ("D", by(times=2, distinct="visitor"), by(times=2, distinct="channel")),
        ("D", by(at="told_at"), by()),
        ("D", duty(label="period"), duty(label="quarter")),
        ("PR", pause("party"), pause("whose")),
        ("O", {"person": {"moved": "case.handed_over"}}, {"person": {"moved": "case.handed_over", "to": "to_ref"}}),
    ],
)  # fmt: skip
def test_what_changes_the_evidence_is_listened_to_anew(
    roles: str, before: dict[str, Any], after: dict[str, Any]
) -> None:
    """Else a version would judge by what another one filed."""
    first = Book.empty().add(listening(1, before))
    for told, book in ((after, first), (before, Book.empty().add(listening(1, after)))):
        new = book.add(listening(2, told)).policies.listeners_new_since(book.policies)
        assert {one.slot[0] for one in new} >= {*roles}
    again = first.add(listening(2, before | {"zh": "另一个名字"}))
    assert again.policies.listeners_new_since(first.policies) == ()
