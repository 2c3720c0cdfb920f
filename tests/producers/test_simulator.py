"""The invented estate: the same events for ever, each of them valid, none before it happened."""

from __future__ import annotations

import itertools
import json

import pytest

from producers.simulator.dice import Dice
from producers.simulator.endings import LONGEST
from producers.simulator.estate import SOURCES, houses
from producers.simulator.live import Timetable
from producers.simulator.touch import Touch
from producers.simulator.week import DAYS, FORGOTTEN_TICKET, forgotten_start, week
from schemas.canonical import canonical
from schemas.catalogue import CATALOGUE
from schemas.identity import case_id_of_ticket
from schemas.instants import DAY, MINUTE, SECOND, parse_instant

BASE = parse_instant("2026-11-15T10:07:00+08:00")
SEEDS = (1, 7, 20261115)


@pytest.fixture(params=SEEDS, scope="module")
def touches(request: pytest.FixtureRequest) -> list[Touch]:
    return week(tenant="yunqi", seed=request.param, base=BASE)


def check(touch: Touch) -> None:
    CATALOGUE[touch.type].model.model_validate_json(json.dumps(touch.data))
    assert touch.source in SOURCES
    assert touch.sent >= touch.time


def test_every_touchpoint_of_the_week_is_valid(touches: list[Touch]) -> None:
    for touch in touches:
        check(touch)
        assert touch.time >= BASE


def test_source_ids_are_unique_and_order_is_that_of_sending(touches: list[Touch]) -> None:
    assert len({(t.source, t.source_id) for t in touches}) == len(touches)
    assert [t.sent for t in touches] == sorted(t.sent for t in touches)


def test_a_week_is_of_the_promised_size(touches: list[Touch]) -> None:
    assert 250 <= sum(t.sent <= BASE + DAYS * DAY for t in touches) <= 700


def test_estate_and_houses_are_called_as_people_call_them(touches: list[Touch]) -> None:
    assert len({house.house_id for house in houses(7)}) == 96
    for touch in touches:
        assert touch.attributes["projectid"] == "云栖花园"
        home = touch.attributes["houseid"].split("-")
        assert touch.attributes["phaseid"] in {"云栖花园一期", "云栖花园二期"}
        customer = touch.data.get("customer")
        if isinstance(customer, dict):
            assert customer["address"] == "{}{}幢{}单元{}室".format(touch.attributes["phaseid"], *home)


def test_a_case_is_opened_before_anything_else_is_said_of_it(touches: list[Touch]) -> None:
    opened: set[str] = set()
    for touch in touches:
        ticket = touch.attributes.get("ticket")
        case = case_id_of_ticket("yunqi", touch.source, ticket) if ticket else touch.attributes["caseid"]
        if CATALOGUE[touch.type].case == "opens":
            opened.add(case)
        if CATALOGUE[touch.type].case == "needs":
            assert case in opened


def test_the_forgotten_return_visit_is_nowhere(touches: list[Touch]) -> None:
    story = [t for t in touches if t.attributes.get("ticket") == FORGOTTEN_TICKET]
    assert [t.type for t in story[:2]] == ["complaint.received", "complaint.registered"]
    assert all(not t.type.startswith("followup.") for t in story)
    assert (
        story[0].time == forgotten_start(BASE) < BASE + (DAYS - 1) * DAY
    )  # its day is over when the week is


def test_same_seed_and_base_same_bytes() -> None:
    one, two = ([t.cloudevent() for t in week(tenant="yunqi", seed=7, base=BASE)] for _ in range(2))
    assert canonical(one) == canonical(two)


def test_dice_are_the_same_on_every_python() -> None:
    dice = Dice(7, "case", 12)
    assert [dice.between(0, 999) for _ in range(6)] == [63, 530, 8, 261, 703, 81]


def test_live_is_the_same_however_it_is_cut() -> None:
    def ids(*cuts: int) -> list[str]:
        timetable = Timetable(tenant="yunqi", seed=7, first=BASE)
        found: list[str] = []
        for after, until in itertools.pairwise(cuts):
            found += [t.source_id for t in timetable.between(BASE + after, BASE + until)]
        return found

    whole = ids(-SECOND, 30 * MINUTE)
    assert whole == ids(-SECOND, 7 * MINUTE, 7 * MINUTE + 1, 20 * MINUTE, 30 * MINUTE)
    assert len(whole) == len(set(whole))


def test_live_touchpoints_are_valid_and_short() -> None:
    timetable = Timetable(tenant="yunqi", seed=7, first=BASE)
    starts = []
    for number in range(200):
        told = timetable.slot(number)
        starts.append(told[0].time)
        for touch in told:
            check(touch)
            assert touch.sent - told[0].time < LONGEST
    gaps = [b - a for a, b in itertools.pairwise(starts)]
    assert all(10 * SECOND <= gap <= 20 * SECOND for gap in gaps)
