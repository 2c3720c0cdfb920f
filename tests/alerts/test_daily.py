"""晨会日报: once a day and tenant, whoever makes it, however often it is looked at, and never at the wrong hour."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from alerts.daily import Compose, note_id
from alerts.note import ROOM_EN, ROOM_ZH, worded
from alerts.service import Alerts
from alerts.settings import AlertSettings
from alerts.tables import alerts, deliveries
from ledger.clock import SimulatedClock
from ledger.tenants import Tenant
from schemas.instants import DAY, HOUR, MINUTE, Instant, day_of, format_instant, parse_instant
from tests.alerts.support import Answer, Inbox, conclude, verdict
from tests.kit.places import Where
from tests.kit.postgres import Place
from tests.ledger.house import House

HALF_PAST_EIGHT = 8 * HOUR + 30 * MINUTE
MIDNIGHT = parse_instant("2026-11-23T00:00:00+08:00")
OK = Answer(body=b'{"errcode":0}')


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(MIDNIGHT + 8 * HOUR)


@pytest.fixture
def box(box: Inbox) -> Inbox:
    """It answers as a robot does."""
    box.answer = lambda call: OK
    return box


def told(tenant: Tenant, at: Instant) -> tuple[str, str] | None:
    return f"【晨会日报】{tenant.name} {format_instant(at)}", "Morning note"


def gateway(home: House, box: Inbox, compose: Compose = told, **more: Any) -> Alerts:
    """A process's alerts, driven by ``step``."""
    given = {"log": False, "note_at": HALF_PAST_EIGHT, "robot_url": "wecombot://KEY", "base_url": "http://t"}
    made = AlertSettings(**{**given, "robot_endpoint": f"{box.url}/?key={{key}}", **more})
    return Alerts(home.database, home.writer, home.ledger, home.clock, made, compose=compose)


def texts(box: Inbox) -> list[str]:
    return [call.json["text"]["content"] for call in box.calls]


def test_once_a_day_and_tenant_across_restarts_and_gateways(
    home: House, clock: SimulatedClock, box: Inbox
) -> None:
    home.tenant("a")
    first, second = gateway(home, box), gateway(home, box)
    first.step()
    assert box.calls == [], "it is eight o'clock"
    clock.set(MIDNIGHT + HALF_PAST_EIGHT)
    for _ in range(2):
        for one in (first, second, gateway(home, box)):
            one.step()
    assert texts(box) == [
        "【晨会日报】a 2026-11-23T08:30:00+08:00\nMorning note\nhttp://t/today/note?day=2026-11-23"
    ]
    clock.set(MIDNIGHT + DAY + HALF_PAST_EIGHT + MINUTE)
    home.tenant("b")
    second.step()
    first.step()
    assert sorted(text.split()[0] for text in texts(box)) == [
        "【晨会日报】a",
        "【晨会日报】a",
        "【晨会日报】b",
    ]
    assert len({call.body for call in box.calls}) == 3
    with home.database.read() as conn:
        ids = conn.scalars(select(deliveries.c.verdict_id)).all()
    assert note_id("a", day_of(MIDNIGHT)) in ids
    assert len(ids) == 3


def test_two_gateways_at_the_same_moment_make_one(place: Where, box: Inbox) -> None:
    """Both have found none and composed theirs before either is kept; on PostgreSQL each writes by itself."""
    both = threading.Barrier(2)

    def together(tenant: Tenant, at: Instant) -> tuple[str, str]:
        both.wait(60)
        return f"by {threading.current_thread().name}", "note"

    with ExitStack() as rooms:
        homes = [
            House.open(place, SimulatedClock(MIDNIGHT + HALF_PAST_EIGHT))
            for _ in range(1 + isinstance(place, Place))
        ]
        for home in homes:
            rooms.callback(home.close)
        homes[0].tenant("a")
        made = [gateway(home, box, together) for home in (homes[0], homes[-1])]
        with ThreadPoolExecutor(2) as threads:
            for done in [threads.submit(one.step) for one in made]:
                done.result(60)
        made[0].step()
        with homes[0].database.read() as conn:
            assert len(conn.execute(select(alerts)).all()) == 1
            (sent,) = conn.execute(select(deliveries)).mappings().all()
        assert sent["state"] == "delivered"
        assert len(box.calls) == 1


@pytest.mark.parametrize(
    ("hour", "calls"), [(8 * HOUR + 29 * MINUTE, 0), (11 * HOUR + 59 * MINUTE, 1), (12 * HOUR, 0), (0, 0)]
)
def test_after_downtime_only_todays_and_only_until_noon(
    home: House, clock: SimulatedClock, box: Inbox, hour: int, calls: int
) -> None:
    home.tenant("a")
    clock.set(MIDNIGHT + 5 * DAY + hour)
    gateway(home, box).step()
    assert len(box.calls) == calls


def test_it_waits_for_tables_and_for_the_robot_but_not_past_noon(
    home: House, clock: SimulatedClock, box: Inbox
) -> None:
    tenant = home.tenant("a")
    ready: list[tuple[str, str]] = []
    clock.set(MIDNIGHT + HALF_PAST_EIGHT)
    one = gateway(home, box, lambda tenant, at: ready[0] if ready else None)
    one.step()
    assert one.query.note(tenant, day_of(MIDNIGHT)) is None
    ready.append(("晨会日报", "note"))
    box.answer = lambda call: Answer(status=500)
    one.step()
    assert len(box.calls) == 1
    clock.set(MIDNIGHT + 12 * HOUR)
    box.answer = lambda call: OK
    one.step()
    assert len(box.calls) == 1, "noon is past"
    kept = one.query.note(tenant, day_of(MIDNIGHT))
    assert kept is not None
    assert [sent["state"] for sent in kept["deliveries"]] == ["dropped"]


def test_it_stands_apart_from_what_rings(home: House, clock: SimulatedClock, box: Inbox) -> None:
    """A message of its own, and no alert among those that are listed; without a robot the page alone has it."""
    tenant = home.tenant("a")
    one = gateway(home, box)
    one.step()
    clock.set(MIDNIGHT + HALF_PAST_EIGHT)
    conclude(home, tenant, *(verdict(n, due=clock.now() - MINUTE) for n in range(1, 4)))
    one.step()
    assert sorted(text.count("Morning note") for text in texts(box)) == [0, 1]
    listed = one.query.list(tenant)
    assert {alert["type"] for alert in listed} == {"obligation.breached"}
    clock.set(MIDNIGHT + DAY + HALF_PAST_EIGHT)
    gateway(home, box, robot_url="", robot_endpoint="").step()
    kept = one.query.note(tenant, day_of(MIDNIGHT) + 1)
    assert kept is not None
    assert kept["deliveries"] == []
    off = gateway(home, box, note_at=-1)
    clock.set(MIDNIGHT + 2 * DAY + HALF_PAST_EIGHT)
    off.step()
    assert off.query.note(tenant, day_of(MIDNIGHT) + 2) is None


_WHO = st.text("甲a·\n-", max_size=60)
_OWED = st.fixed_dictionaries(
    {"person": _WHO, "roles": st.just(["cs_front_desk"]), "count": st.integers(1, 10**6)}
)
_ONE = st.fixed_dictionaries(
    {
        "zh": _WHO, "project_id": _WHO, "house_id": _WHO, "person": _WHO, "has_case": _WHO, "roles": st.just(["crc"]),
        "due": st.sampled_from([None, format_instant(MIDNIGHT)]),
    }
)  # fmt: skip
_DUE = st.builds(
    lambda owed, first: {"total": sum(one["count"] for one in owed), "owed": owed, "first": first},
    st.lists(_OWED, max_size=20),
    st.lists(_ONE, max_size=8),
)


_MOST = {
    "total": 20,
    "owed": [{"person": "甲" * 60, "roles": [], "count": 1}] * 20,
    "first": [
        {
            "zh": "甲" * 60,
            "project_id": "甲" * 60,
            "house_id": "甲" * 60,
            "person": "乙" * 60,
            "has_case": "甲" * 60,
            "roles": [],
            "due": None,
        }
    ]
    * 8,
}


@settings(max_examples=40, deadline=None)
@example(_MOST, _MOST, _MOST)
@given(_DUE, _DUE, _DUE)
def test_it_fits_one_message_and_nothing_is_uncounted(
    overdue: dict[str, Any], today: dict[str, Any], tomorrow: dict[str, Any]
) -> None:
    at = format_instant(MIDNIGHT + HALF_PAST_EIGHT)
    figures = {"day": "2026-11-23", "at": at, "new": {"complaint": 3, "": 1}, "closed": {}}
    zh, en = worded({**figures, "overdue": overdue, "today": today, "tomorrow": tomorrow}, "云栖集团")
    assert len(zh.encode()) <= ROOM_ZH
    assert len(en.encode()) <= ROOM_EN
    lines = zh.split("\n")
    assert lines[0] == "【晨会日报】2026-11-23 周一（截至 08:30）· 云栖集团"
    assert lines[1] == "昨日新增 4（投诉 3、其他 1）；办结 0"
    for head, due in (("超时", overdue), ("今日到期", today), ("明日到期", tomorrow)):
        assert sum(line.startswith(f"{head} {due['total']}") for line in lines) == 1
    assert all(line.startswith(("· ", "超时 ", "今日到期 ", "明日到期 ")) for line in lines[2:])


def test_each_head_says_which_and_how_many_more() -> None:
    def due(total: int, house: str) -> dict[str, Any]:
        one = {
            "zh": "接单后24小时回访",
            "project_id": "",
            "person": "kf-02",
            "has_case": "",
            "roles": [],
            "due": format_instant(MIDNIGHT),
        }
        first = [{**one, "house_id": f"{house}-{n}"} for n in range(min(total, 8))]
        return {"total": total, "owed": [{"person": "kf-02", "roles": [], "count": total}], "first": first}

    figures = {"day": "2026-11-23", "at": format_instant(MIDNIGHT), "new": {}, "closed": {}}
    zh, _ = worded(
        {**figures, "overdue": due(30, "A"), "today": due(9, "B"), "tomorrow": due(1, "C")}, "云栖"
    )
    lines = zh.split("\n")
    today = lines.index("今日到期 9：kf-02 9")
    late, soon = lines[3:today], lines[today + 1 : lines.index("明日到期 1：kf-02 1")]
    assert [line[:3] for line in (late[0], soon[0])] == ["· 接"] * 2
    assert "B-0 应于 11-23 00:00 kf-02" in soon[0]
    assert (late[-1], soon[-1]) == (f"· 另有 {30 - len(late) + 1} 条", f"· 另有 {9 - len(soon) + 1} 条")
    assert len(late) - len(soon) <= 1, "what is overdue leaves room for what falls due today"
    assert lines[-1].startswith("· 接单后24小时回访 C-0")
