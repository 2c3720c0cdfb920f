"""Instants hit exactly, corrections of corrections, and a version from the future: mutations that no other test noticed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from processors.fold import UnknownType
from schemas.catalogue import CATALOGUE
from schemas.instants import DAY, HOUR, MINUTE, Instant
from tests.kit.world import START, World, event

COMPLAINT = {"subject": "engineering", "category": "leak", "description": "渗水"}
KEY = "complaint.respond_in_standard"


def received(own_id: str, time: Instant, **more: Any) -> dict[str, Any]:
    return event("complaint.received", own_id, time, ticket="T", data=COMPLAINT, **more)


def forwarded(own_id: str, time: Instant, **more: Any) -> dict[str, Any]:
    return event("complaint.forwarded", own_id, time, ticket="T", data={"to_department": "x"}, **more)


def history(world: World, case_id: str, **moment: Instant) -> dict[str, Any]:
    found = world.reading.histories.of(world.tenant, case_id, **moment)
    assert found is not None
    return found


def states(found: dict[str, Any]) -> list[str]:
    return [fact["state"] for fact in found["touchpoints"]]


def test_known_at_the_very_instant_is_known_and_a_microsecond_before_is_not(world: World) -> None:
    case = world.keep(received("a", START), START + HOUR).case_id
    world.fold()
    assert states(history(world, case, known_at=START + HOUR)) == ["stands"]
    assert states(history(world, case, known_at=START + HOUR - 1)) == []
    world.keep(received("b", START, correctssourceid="a"), START + 2 * HOUR)
    world.tick(START + 9 * DAY)
    assert states(history(world, case, known_at=START + 2 * HOUR - 1)) == ["stands"]
    assert sorted(states(history(world, case, known_at=START + 2 * HOUR))) == ["corrected", "stands"]
    said = world.verdicts()[0].recorded
    assert history(world, case, known_at=said - 1)["verdicts"] == []
    assert history(world, case, known_at=said)["verdicts"] != []


def test_as_of_the_very_instant_has_happened(world: World) -> None:
    case = world.keep(received("a", START), START + HOUR).case_id
    world.tick(START + 9 * DAY)
    assert states(history(world, case, as_of=START)) == ["stands"]
    assert states(history(world, case, as_of=START - 1)) == []
    for at, wall in ((START + DAY, "due_soon"), (START + DAY + 1, "breached")):
        promises = history(world, case, as_of=at)["promises"]
        assert [p["wall"] for p in promises if p["obligation"] == KEY] == [wall]


def row(world: World) -> dict[str, Any]:
    (found,) = [p for p in world.reading.promises.find(world.tenant, limit=100) if p["obligation"] == KEY]
    return found


@pytest.mark.parametrize("corrected", ["a", "d", "ad"])
def test_a_correction_of_a_correction_is_the_same_promise_and_no_news(corrected: str, world: World) -> None:
    world.keep(received("a", START), START + MINUTE)
    world.keep(forwarded("d", START + HOUR), START + HOUR)
    world.fold()
    first = row(world)
    for number, at in enumerate((3 * DAY, 5 * DAY)):
        before = "" if number == 0 else str(number)
        for own_id, made in (("a", received(f"a{number + 1}", START, correctssourceid=f"a{before}")),
                             ("d", forwarded(f"d{number + 1}", START + HOUR, correctssourceid=f"d{before}"))):  # fmt: skip
            if own_id not in corrected:
                continue
            world.keep(made, START + at + (MINUTE if own_id == "d" else 0))
        world.tick(START + at + HOUR)
        now = row(world)
        assert (now["id"], now["state"], now["wall"]) == (first["id"], "met", "met")
    assert world.rebuild().differences == {}


def test_a_version_that_the_code_lacks_stops_the_engine(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.keep(received("a", START), START + MINUTE)
    older = {**CATALOGUE, "complaint.received": replace(CATALOGUE["complaint.received"], version=0)}
    monkeypatch.setattr("processors.fold.CATALOGUE", older)
    with pytest.raises(UnknownType, match=r"complaint\.received version 1"):
        world.fold()


@pytest.mark.parametrize("first", ["opens", "closes"])
def test_equal_stamps_are_ordered_by_what_they_are_not_by_arrival(first: str, world: World) -> None:
    opens = received("a", START)
    closes = event("complaint.closed", "b", START, ticket="T", data={"close_reason": "resolved"})
    for raw in (opens, closes) if first == "opens" else (closes, opens):
        case = world.keep(raw, START + HOUR).case_id
    world.tick(START + 9 * DAY)
    found = world.reading.cases.get(world.tenant, case)
    assert found is not None
    assert (found["state"], found["kind"]) == ("closed", "complaint")
    assert [fact["type"] for fact in history(world, case)["touchpoints"]] == [
        "complaint.received",
        "complaint.closed",
    ]
