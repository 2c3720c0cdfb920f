"""From verdicts to people, step by step, on a real ledger with a clock that stands until it is set: cursors and deliveries on
either database."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import select

from alerts import acknowledge
from alerts.service import Alerts
from alerts.settings import AlertSettings
from alerts.tables import cursors
from ledger.clock import SimulatedClock
from ledger.tenants import Tenant
from schemas.instants import DAY, HOUR, MINUTE, SECOND, Instant
from tests.alerts.support import (
    NOON,
    SECRET,
    Answer,
    Inbox,
    conclude,
    inbox,
    ringing,
    until,
    verdict,
    verdict_id_of,
)
from tests.kit.places import ON_SQLITE, Where
from tests.ledger.house import House, house, sent

OK = Answer(body=b'{"errcode":0}')


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(NOON)


@pytest.fixture
def home(place: Where, clock: SimulatedClock) -> Iterator[House]:
    with house(place, clock) as opened:
        yield opened


@pytest.fixture
def tenant(home: House) -> Tenant:
    return home.tenant("example-homes")


def _webhook(box: Inbox, **more: Any) -> dict[str, Any]:
    return {"webhook_url": box.url, "webhook_secret": SECRET, **more}


def _robot(box: Inbox, **more: Any) -> dict[str, Any]:
    return {"robot_url": "wecombot://KEY", "robot_endpoint": box.url + "/{key}", **more}


def _ids(box: Inbox) -> list[str]:
    return [call.headers["webhook-id"] for call in box.calls]


def _shown(alerts: Alerts, tenant: Tenant) -> dict[int, dict[str, Any]]:
    return {alert["place"]: alert for alert in alerts.query.list(tenant)}


def test_a_breach_rings_once_signed_under_its_verdict_s_id(home: House, tenant: Tenant, box: Inbox) -> None:
    with ringing(home, **_webhook(box)) as alerts:
        alerts.step()
        conclude(home, tenant, verdict(1, due=NOON + SECOND))
        alerts.step()
        alerts.step()
        assert _ids(box) == [verdict_id_of(1)]
        (shown,) = alerts.query.list(tenant)
    assert shown["state"] == "sent"
    assert shown["zh"] == "维修关闭后24小时内回访"
    assert shown["deliveries"][0] | {"next_attempt": 0} == {
        "channel": "webhook",
        "state": "delivered",
        "attempts": 1,
        "next_attempt": 0,
        "delivered_at": NOON,
        "last_error": "",
    }


def test_history_is_listed_and_never_rings(home: House, tenant: Tenant, box: Inbox) -> None:
    conclude(home, tenant, *(verdict(n) for n in range(1, 80)))
    with ringing(home, **_webhook(box, history=50)) as alerts:
        alerts.step()
        # An engine that was behind says more about what was so before.
        conclude(home, tenant, verdict(80, time=NOON - HOUR), verdict(81, "retracted", of=79))
        alerts.step()
        assert box.calls == []
        shown = _shown(alerts, tenant)
        assert set(shown) == set(range(30, 82))
        assert {shown[n]["silent"] for n in range(30, 80)} == {"history"}
        assert shown[80]["silent"] == "history"
        assert shown[79]["state"] == "retracted"
        assert shown[78]["state"] == "silent"
        assert alerts.query.lateness(tenant) == {"max_ms": 0, "p99_ms": 0, "count": 0}
        conclude(home, tenant, verdict(82, due=NOON + 1))
        alerts.step()
    assert _ids(box) == [verdict_id_of(82)]


def test_history_stays_silent_after_a_restart(home: House, tenant: Tenant, box: Inbox) -> None:
    conclude(home, tenant, verdict(1))
    for _ in range(2):
        with ringing(home, **_webhook(box)) as alerts:
            alerts.step()
    conclude(home, tenant, verdict(2, due=NOON + 1))
    with ringing(home, **_webhook(box)) as alerts:
        alerts.step()
    assert _ids(box) == [verdict_id_of(2)]


def test_a_tenant_that_comes_while_running_rings_from_its_first_verdict(home: House, box: Inbox) -> None:
    with ringing(home, **_webhook(box)) as alerts:
        alerts.step()
        new = home.tenant("new-homes")
        conclude(home, new, verdict(1))
        alerts.step()
        assert _ids(box) == [verdict_id_of(1)]


def test_what_is_older_than_a_day_is_kept_and_shown_not_sent(
    home: House, tenant: Tenant, box: Inbox, clock: SimulatedClock
) -> None:
    with ringing(home, **_webhook(box)) as alerts:
        alerts.step()
        clock.set(NOON + 3 * DAY)
        conclude(
            home,
            tenant,
            verdict(1, due=NOON + 2 * DAY - 1),
            verdict(2, due=NOON + 2 * DAY),
            verdict(3, "due_soon", due=NOON + 9 * DAY, time=NOON + DAY),
        )
        alerts.step()
        shown = _shown(alerts, tenant)
    assert _ids(box) == [verdict_id_of(2)]
    assert [shown[n]["silent"] for n in (1, 2, 3)] == ["age", "", "age"]
    assert [shown[n]["state"] for n in (1, 2, 3)] == ["silent", "sent", "silent"]


def test_what_waited_too_long_for_a_channel_is_dropped_and_says_so(
    home: House, tenant: Tenant, box: Inbox, clock: SimulatedClock
) -> None:
    box.answer = lambda call: Answer(503)
    with ringing(home, **_webhook(box)) as alerts:
        alerts.step()
        conclude(home, tenant, verdict(1, due=NOON + 1))
        alerts.step()
    box.answer = lambda call: Answer()
    clock.set(NOON + 2 * DAY)
    with ringing(home, **_webhook(box)) as alerts:
        alerts.step()
        (shown,) = alerts.query.list(tenant)
    assert len(box.calls) == 1
    assert (shown["deliveries"][0]["state"], shown["deliveries"][0]["last_error"]) == (
        "dropped",
        "too old to be sent",
    )


def test_retries_back_off_keep_the_id_and_end(
    home: House, tenant: Tenant, box: Inbox, clock: SimulatedClock
) -> None:
    box.answer = lambda call: Answer(500)
    with ringing(home, **_webhook(box, attempts=4, first_retry=4 * SECOND)) as alerts:
        alerts.step()
        conclude(home, tenant, verdict(1, due=NOON + 1))
        at = []
        for second in range(120):
            clock.set(NOON + second * SECOND)
            seen = len(box.calls)
            alerts.step()
            at += [second] * (len(box.calls) - seen)
        (shown,) = alerts.query.list(tenant)
    assert _ids(box) == [verdict_id_of(1)] * 4
    gaps = [b - a for a, b in pairwise(at)]
    assert gaps == sorted(gaps)
    assert 2 <= gaps[0] <= 5
    assert shown["state"] == "failed"
    assert shown["deliveries"][0]["last_error"] == "answered HTTP 500"
    bodies = {call.body for call in box.calls}
    assert len(bodies) == 1
    with ringing(home) as alerts:
        assert alerts.query.counts(tenant) == {
            "webhook": {"pending": 0, "delivered": 0, "failed": 1, "dropped": 0}
        }


@ON_SQLITE  # it is about channels, and takes its time
def test_a_channel_in_trouble_is_left_alone_and_costs_the_others_nothing(
    home: House, tenant: Tenant, clock: SimulatedClock
) -> None:
    with inbox() as hook, inbox() as robot:
        hook.answer = lambda call: Answer(503)
        robot.answer = lambda call: OK
        with ringing(home, **_webhook(hook), **_robot(robot)) as alerts:
            alerts.step()
            conclude(home, tenant, *(verdict(n, due=NOON + 1) for n in range(1, 31)))
            for second in range(0, 60, 5):
                clock.set(NOON + second * SECOND)
                alerts.step()
            assert 2 <= len(hook.calls) <= 20
            assert 1 <= len(robot.calls) <= 10
            attempts = {
                d["channel"] + str(d["attempts"]) for a in alerts.query.list(tenant) for d in a["deliveries"]
            }
            assert "webhook0" in attempts  # those whose turn never came have lost no attempt
            hook.answer = lambda call: Answer()
            clock.set(NOON + HOUR)
            alerts.step()
            assert set(_ids(hook)) == {verdict_id_of(n) for n in range(1, 31)}
            assert {a["state"] for a in alerts.query.list(tenant)} == {"sent"}


@ON_SQLITE  # it is about channels, and takes its time
def test_a_storm_is_joined_and_the_robot_is_called_twenty_times_a_minute_at_most(
    home: House, tenant: Tenant, box: Inbox, clock: SimulatedClock
) -> None:
    box.answer = lambda call: OK
    called: list[int] = []
    with ringing(home, **_robot(box)) as alerts:
        alerts.step()
        conclude(home, tenant, *(verdict(n, due=NOON + 1) for n in range(1, 401)))
        for tick in range(60):
            clock.set(NOON + tick * 5 * SECOND)
            seen = len(box.calls)
            alerts.step()
            called += [tick * 5] * (len(box.calls) - seen)
            if tick == 3:  # as after a restart: the rate is remembered
                alerts.stop()
                with ringing(home, **_robot(box)) as again:
                    again.step()
                    assert len(box.calls) == len(called)
        assert {a["state"] for a in alerts.query.list(tenant, limit=500)} == {"sent"}
    for start in range(0, 300, 5):
        assert sum(start <= at < start + 60 for at in called) <= 20
    assert len(called) < 100
    texts = [call.json["text"]["content"] for call in box.calls]
    assert all(len(text.encode()) <= 2048 for text in texts)
    assert texts[0].startswith("Touchline 提醒 ")
    cases = "".join(texts)
    assert all(str(verdict(n)["case_id"]) in cases for n in range(1, 401))


def test_a_robot_that_refuses_under_http_200_gets_it_again(
    home: House, tenant: Tenant, box: Inbox, clock: SimulatedClock
) -> None:
    box.answer = lambda call: Answer(body=b'{"errcode":45009,"errmsg":"api freq out of limit"}')
    with ringing(home, **_robot(box)) as alerts:
        alerts.step()
        conclude(home, tenant, verdict(1, due=NOON + 1), verdict(2, due=NOON + 1))
        alerts.step()
        assert {a["state"] for a in alerts.query.list(tenant)} == {"pending"}
        box.answer = lambda call: OK
        clock.set(NOON + MINUTE)
        alerts.step()
        assert {a["state"] for a in alerts.query.list(tenant)} == {"sent"}
    assert len(box.calls) == 2


def test_retractions(home: House, tenant: Tenant, box: Inbox, clock: SimulatedClock) -> None:
    with ringing(home, **_webhook(box)) as alerts:
        alerts.step()
        conclude(
            home,
            tenant,
            verdict(1, due=NOON + 1),
            verdict(2, "due_soon", due=NOON + HOUR, time=NOON + 1),
            verdict(3, "step1", time=NOON + 1, promise=1),
        )
        alerts.step()
        assert len(box.calls) == 3
        # Said and taken back between two looks: nobody hears of it.
        conclude(home, tenant, verdict(4, due=NOON + 1), verdict(5, "retracted", of=4))
        alerts.step()
        assert len(box.calls) == 3
        clock.set(NOON + MINUTE)
        conclude(home, tenant, *(verdict(5 + n, "retracted", of=n, time=NOON + MINUTE) for n in (1, 2, 3)))
        alerts.step()
        shown = _shown(alerts, tenant)
    assert _ids(box)[3:] == [
        verdict_id_of(6)
    ]  # one follow-up: of the breach, not of the warning, not of the step
    content = box.calls[3].json
    assert content["type"] == "obligation.retracted"
    assert content["data"]["retracts"] == verdict_id_of(1)
    assert content["data"]["text"]["zh"].startswith("【已撤回】维修关闭后24小时内回访")
    assert content["data"]["promise_id"] == verdict(1)["data"]["promise_id"]
    assert [shown[n]["state"] for n in (1, 2, 3, 4)] == ["retracted"] * 4
    assert [shown[n]["state"] for n in (5, 6, 7, 8)] == ["silent", "sent", "silent", "silent"]
    assert shown[4]["deliveries"][0]["state"] == "dropped"
    assert shown[1]["retracted_by"] == verdict_id_of(6)


def test_a_matter_moved_up_rings_its_new_level_and_is_taken_back(
    home: House, tenant: Tenant, box: Inbox, clock: SimulatedClock
) -> None:
    def moved(number: int, type: str, time: Instant, to: str) -> dict[str, Any]:
        said = verdict(number, time=time, owes=[to], to=[to], kind=f"{type}:{number}")
        for name in ("due", "opened", "promise_id", "keys", "born_late"):
            del said["data"][name]
        return {**said, "type": type}

    with ringing(home, **_webhook(box)) as alerts:
        alerts.step()
        conclude(
            home,
            tenant,
            moved(1, "escalation.raised", NOON + 1, "developer_dept"),
            moved(2, "escalation.flagged", NOON + 1, "company_gm"),
        )
        alerts.step()
        assert [call.json["data"]["to"] for call in box.calls] == [["developer_dept"], ["company_gm"]]
        assert box.calls[0].json["data"]["text"]["zh"].startswith("【事项上移】")
        clock.set(NOON + MINUTE)
        conclude(home, tenant, *(verdict(2 + n, "retracted", of=n, time=NOON + MINUTE) for n in (1, 2)))
        alerts.step()
    assert _ids(box)[2:] == [verdict_id_of(3)]  # of the level, not of the request to look
    assert "此前的上移不再成立" in box.calls[2].json["data"]["text"]["zh"]


def test_an_unsent_alert_is_dropped_on_each_channel_by_itself(home: House, tenant: Tenant) -> None:
    with inbox() as hook, inbox() as robot:
        hook.answer = lambda call: Answer(400)
        robot.answer = lambda call: OK
        with ringing(home, **_webhook(hook), **_robot(robot)) as alerts:
            alerts.step()
            conclude(home, tenant, verdict(1, due=NOON + 1))
            alerts.step()
            conclude(home, tenant, verdict(2, "retracted", of=1))
            alerts.step()
            shown = _shown(alerts, tenant)
        assert len(hook.calls) == 1
        assert [call.json["text"]["content"][:4] for call in robot.calls] == ["【已超时", "【已撤回"]
    states = {d["channel"]: d["state"] for d in shown[1]["deliveries"]}
    assert states == {"webhook": "dropped", "robot": "delivered"}
    assert [d["channel"] for d in shown[2]["deliveries"]] == ["robot"]


def test_what_may_have_arrived_is_taken_back_too(home: House, tenant: Tenant, box: Inbox) -> None:
    hold = threading.Event()
    box.answer = lambda call: Answer(hold=hold)
    with ringing(home, **_webhook(box, webhook_timeout=SECOND // 20)) as alerts:
        alerts.step()
        conclude(home, tenant, verdict(1, due=NOON + 1))
        alerts.step()
        hold.set()
        box.answer = lambda call: Answer()
        conclude(home, tenant, verdict(2, "retracted", of=1))
    with ringing(home, **_webhook(box)) as alerts:
        alerts.step()
    assert _ids(box) == [verdict_id_of(1), verdict_id_of(2)]


def test_acknowledging_is_a_fact_that_marks_and_stops_nothing(
    home: House, tenant: Tenant, box: Inbox, clock: SimulatedClock
) -> None:
    box.answer = lambda call: Answer(500)
    with ringing(home, **_webhook(box)) as alerts:
        alerts.step()
        conclude(home, tenant, verdict(1, due=NOON + 1))
        alerts.step()
        noted = {"verdict_id": verdict_id_of(1), "by": "kf-001"}
        home.keep(tenant, sent(1, type="alert.acknowledged", data=noted, case="none", time=NOON))
        home.keep(
            tenant, sent(2, type="alert.acknowledged", data=noted | {"by": "kf-002"}, case="none", time=NOON)
        )
        alerts.step()
        (shown,) = alerts.query.list(tenant)
        assert (shown["state"], shown["acknowledged_by"], shown["acknowledged_at"]) == (
            "acknowledged",
            "kf-001",
            NOON,
        )
        box.answer = lambda call: Answer()
        clock.set(NOON + MINUTE)
        alerts.step()
        assert len(box.calls) == 2


def test_facts_that_say_nothing_of_alerts_cost_no_write(
    home: House, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How far they were searched is written down now and then; who starts again searches some of them twice."""
    monkeypatch.setattr(acknowledge, "PAGE", 5)
    commits: list[int] = []

    def cursor() -> int:
        with home.database.read() as conn:
            return int(conn.execute(select(cursors.c.fact_place)).scalar_one())

    def noted(number: int, by: str) -> None:
        data = {"verdict_id": verdict_id_of(1), "by": by}
        home.keep(tenant, sent(number, type="alert.acknowledged", data=data, case="none", time=NOON))

    with ringing(home, log=True) as alerts:
        alerts.step()
        conclude(home, tenant, verdict(1, due=NOON + 1))
        alerts.step()
        begun, unlisten = cursor(), home.writer.listen(lambda: commits.append(1))
        for number in range(1, 5):
            home.keep(tenant, sent(number, time=NOON))
            commits.clear()
            alerts.step()
            assert (commits, cursor()) == ([], begun)
        home.keep(tenant, sent(5, time=NOON))
        alerts.step()
        assert cursor() == begun + 5
        home.keep(tenant, sent(6, time=NOON))
        alerts.step()
        noted(7, "kf-001")
        alerts.step()
        assert cursor() == begun + 7
        for number in range(8, 21):
            home.keep(tenant, sent(number, time=NOON))
        alerts.step()
        assert cursor() == begun + 17
        unlisten()
    noted(21, "kf-002")
    with ringing(home, log=True) as alerts:
        alerts.step()
        (shown,) = alerts.query.list(tenant)
        assert (shown["acknowledged_by"], cursor()) == ("kf-001", begun + 21)


def test_lateness_is_ours_alone(home: House, tenant: Tenant, clock: SimulatedClock) -> None:
    with ringing(home, log=True) as alerts:
        alerts.step()
        clock.set(NOON + 100)
        conclude(
            home, tenant, verdict(1, due=NOON + 50), verdict(2, "due_soon", due=NOON + DAY, time=NOON + 1)
        )
        clock.set(NOON + HOUR)
        home.keep(tenant, sent(1))  # what is learned late makes a breach late, not us
        clock.set(NOON + HOUR + 2000)
        conclude(home, tenant, verdict(3, due=NOON), verdict(4, due=NOON - HOUR, born_late=True))
        alerts.step()
        assert alerts.query.lateness(tenant) == {"max_ms": 2, "p99_ms": 2, "count": 3}
        assert alerts.query.lateness(tenant, n=1) == {"max_ms": 2, "p99_ms": 2, "count": 1}


def test_pages_go_on_with_older_ones(home: House, tenant: Tenant) -> None:
    conclude(home, tenant, *(verdict(n) for n in range(1, 8)))
    with ringing(home) as alerts:
        alerts.step()
        first = alerts.query.list(tenant, limit=3)
        rest = alerts.query.list(tenant, limit=10, after=first[-1]["place"])
    assert [a["place"] for a in first + rest] == [7, 6, 5, 4, 3, 2, 1]


def test_other_verdicts_and_odd_ones_stop_nothing(home: House, tenant: Tenant, box: Inbox) -> None:
    odd = verdict(2, due=NOON + 1)
    odd["data"] = {"owes": "nobody", "to": [1], "due": "soon", "zh": None}
    dated = verdict(1, "dated")
    with ringing(home, **_webhook(box)) as alerts:
        alerts.step()
        conclude(home, tenant, dated, odd, verdict(3, due=NOON + 1), verdict(4, "retracted", of=99))
        alerts.step()
    assert _ids(box) == [verdict_id_of(2), verdict_id_of(3)]


def test_a_channel_taken_out_of_the_settings_is_said(home: House, tenant: Tenant, box: Inbox) -> None:
    box.answer = lambda call: Answer(400)
    with ringing(home, **_webhook(box)) as alerts:
        alerts.step()
        conclude(home, tenant, verdict(1, due=NOON + 1))
        alerts.step()
    with ringing(home) as alerts:
        alerts.step()
        (shown,) = alerts.query.list(tenant)
    assert shown["deliveries"][0]["last_error"] == "channel switched off"


def test_a_clock_set_back_does_not_silence(
    home: House, tenant: Tenant, box: Inbox, clock: SimulatedClock
) -> None:
    box.answer = lambda call: OK
    with ringing(home, **_robot(box, robot_per_minute=1)) as alerts:
        alerts.step()
        conclude(home, tenant, verdict(1, due=NOON + 1))
        alerts.step()
        clock.step(-6 * HOUR)
        conclude(home, tenant, verdict(2, due=NOON + 1))
        alerts.step()
        assert len(box.calls) == 2


def test_threads_ring_when_told_and_stop(home: House, tenant: Tenant, box: Inbox) -> None:
    told: list[Any] = []

    def listen(callback: Any) -> Any:
        told.append(callback)
        return lambda: told.remove(callback)

    alerts = Alerts(
        home.database,
        home.writer,
        home.ledger,
        home.clock,
        AlertSettings(webhook_url=box.url, webhook_secret=SECRET, poll=HOUR),
        listen=listen,
    )
    alerts.start()
    conclude(home, tenant, verdict(1, due=NOON + 1))
    told[0](tenant.number)
    box.wait_for(lambda: len(box.calls) == 1)
    until(lambda: alerts.query.list(tenant)[0]["state"] == "sent")
    assert alerts.problem == ""
    alerts.stop()
    assert told == []
    assert _ids(box) == [verdict_id_of(1)]
