"""kill -9 of a real process: every alert reaches the receiver at least once under one id, and history stays silent."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from alerts.sender import CALLS
from alerts.signing import Receiver
from ledger.clock import SystemClock
from ledger.tenants import Tenant
from tests.alerts.support import (
    SECRET,
    Answer,
    Inbox,
    conclude,
    ringing,
    until,
    verdict,
    verdict_id_of,
)
from tests.kit.places import Where, name_of
from tests.ledger.house import House, house

pytestmark = pytest.mark.crash
ROOT = Path(__file__).parents[2]


@contextmanager
def child(place: Where, url: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "tests.alerts.child", name_of(place), url]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        assert process.stdin is not None
        process.stdin.close()
        process.wait(60)


def _now(home: House) -> int:
    return home.clock.now()


def _prepare(place: Where, history: int, live: int) -> Tenant:
    """A ledger with verdicts from before the first start, and verdicts from after it."""
    with house(place, SystemClock()) as home:
        tenant = home.tenant("example-homes")
        conclude(home, tenant, *(verdict(n, due=_now(home)) for n in range(1, history + 1)))
        with ringing(home) as alerts:
            alerts.step()
        live_ones = range(history + 1, history + live + 1)
        conclude(home, tenant, *(verdict(n, due=_now(home)) for n in live_ones))
    return tenant


def _states(place: Where, tenant: Tenant) -> list[tuple[str, list[dict[str, Any]]]]:
    with (
        house(place, SystemClock()) as home,
        ringing(home, webhook_url="http://127.0.0.1:1", webhook_secret=SECRET) as alerts,
    ):
        return [(a["state"], a["deliveries"]) for a in alerts.query.list(tenant, limit=1000)]


def test_killed_between_delivery_and_noting_it_is_sent_again_under_the_same_id(
    place: Where, box: Inbox
) -> None:
    tenant = _prepare(place, history=3, live=1)
    hold = threading.Event()
    box.answer = lambda call: Answer(hold=hold)
    with child(place, box.url):
        box.wait_for(lambda: len(box.calls) == 1)  # it has arrived, and the sender does not know
    hold.set()
    box.answer = lambda call: Answer()
    with child(place, box.url) as process:
        box.wait_for(lambda: len(box.calls) == 2)
        process.communicate(timeout=60)  # a clean end notes what was sent
    assert {call.headers["webhook-id"] for call in box.calls} == {verdict_id_of(4)}
    receiver = Receiver(SECRET)
    assert [receiver.take(call.headers, call.body)[1] for call in box.calls] == [True, False]
    (state, deliveries), *past = _states(place, tenant)
    assert (state, deliveries[0]["attempts"]) == ("sent", 2)
    assert past == [("silent", [])] * 3


def test_killed_before_anything_was_sent_it_is_sent_later(tmp_path: Path, box: Inbox) -> None:
    folder = tmp_path / "data"
    _prepare(folder, history=0, live=1)
    box.answer = lambda call: Answer(503)
    with child(folder, box.url):
        box.wait_for(lambda: len(box.calls) >= 2)
    box.answer = lambda call: Answer()
    refused = len(box.calls)
    with child(folder, box.url):
        box.wait_for(lambda: len(box.calls) > refused)
    assert {call.headers["webhook-id"] for call in box.calls} == {verdict_id_of(1)}


def test_killed_again_and_again_under_load_nothing_is_lost(tmp_path: Path, box: Inbox) -> None:
    folder = tmp_path / "data"
    live = 120
    tenant = _prepare(folder, history=40, live=live)
    ids = {verdict_id_of(n) for n in range(41, 41 + live)}
    dice = random.Random(20261122)
    kills = 0
    box.answer = lambda call: Answer(503 if len(box.calls) % 17 == 0 else 200)
    while kills < 4:
        aim = len(box.calls) + dice.randint(1, 30)
        with child(folder, box.url):
            box.wait_for(lambda aim=aim: len(box.calls) >= aim)  # type: ignore[misc]
        kills += 1
    with child(folder, box.url) as process:
        box.wait_for(lambda: {call.headers["webhook-id"] for call in box.calls} == ids)
        process.communicate(timeout=60)
    with (
        house(folder, SystemClock()) as home,
        ringing(home, webhook_url=box.url, webhook_secret=SECRET) as alerts,
    ):

        def all_sent() -> bool:  # what was refused or cut off last becomes due within a moment
            alerts.step()
            return not any(a["state"] == "pending" for a in alerts.query.list(tenant, limit=1000))

        until(all_sent)
    counts = Counter(call.headers["webhook-id"] for call in box.calls)
    assert set(counts) == ids  # every one, and nothing of history
    assert len(box.calls) <= live + kills * CALLS + len(box.calls) // 17
    assert len({(call.headers["webhook-id"], call.body) for call in box.calls}) == live
    shown = _states(folder, tenant)
    assert Counter(state for state, _ in shown) == {"sent": live, "silent": 40}
