"""The demo: the same seven days however often its seeding was cut, silent, and alive afterwards."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from ledger.clock import SimulatedClock
from producers.simulator.week import DAYS, FORGOTTEN_TICKET, week
from schemas.instants import DAY, HOUR, MINUTE, SECOND, parse_instant
from tests.touchline.commands import ROOT, Shell, serving, until
from touchline import demo
from touchline.demo import PLAN_FILE, Plan, plan_of
from touchline.demo_live import Live
from touchline.demo_words import forgotten, welcome
from touchline.exits import Exit, Refused
from touchline.house import House
from touchline.settings import Settings

BASE = parse_instant("2026-11-13T15:00:00+08:00")
PLAN = Plan(base=BASE, seed=demo.SEED)


def seeded(folder: Path) -> None:
    demo.seed(folder, Settings(), PLAN, week(tenant=demo.TENANT, seed=PLAN.seed, base=BASE))


def heads(folder: Path) -> list[tuple[int, str]]:
    with House.open(folder, clock=SimulatedClock(BASE + DAYS * DAY)) as house, house.database.read() as conn:
        tenant = house.ledger.tenant(demo.TENANT)
        facts = house.ledger.facts(conn, tenant, 0, 10_000)
        verdicts = house.ledger.verdicts(conn, tenant, 0, 10_000)
        return [(event.place, event.event_id) for event in (*facts, *verdicts)]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    seeded(folder)
    return folder


@pytest.mark.crash
def test_seeding_that_was_cut_anywhere_goes_on_to_the_same_days(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cut"
    script = (
        "import os, sys; from pathlib import Path; from touchline import demo;"
        "from touchline.demo import Plan; from tests.touchline.test_demo import seeded\n"
        "left = [int(sys.argv[2])]\n"
        "kept = demo.keep\n"
        "def keep(*all):\n"
        "    kept(*all)\n"
        "    left[0] -= 1\n"
        "    left[0] or os.kill(os.getpid(), 9)\n"
        "demo.keep = keep\n"
        "seeded(Path(sys.argv[1]))\n"
    )
    for cut in (1, 40, 90):
        done = subprocess.run([sys.executable, "-c", script, str(folder), str(cut)], cwd=ROOT, check=False)
        assert done.returncode == -signal.SIGKILL
    seeded(folder)
    assert heads(folder) == heads(whole)


def test_the_end_of_the_week_shows_every_kind_of_end(whole: Path) -> None:
    with House.open(whole, clock=SimulatedClock(BASE + DAYS * DAY)) as house:
        tenant = house.ledger.tenant(demo.TENANT)
        counts = Counter(house.reading.promises.counts(tenant))
        for wall in ("pending", "breached", "met", "met_late", "late_entry", "retracted"):
            assert counts[wall], wall
        stream = [
            p for p in house.reading.promises.find(tenant, wall="breached", limit=500)
            if p["obligation"] == "complaint.intake_return_visit"
        ]  # fmt: skip
        tickets = {(house.reading.cases.get(tenant, p["case_id"]) or {})["ticket"] for p in stream}
    assert FORGOTTEN_TICKET in tickets


def test_the_defects_of_the_week_have_their_causes(whole: Path) -> None:
    with House.open(whole, clock=SimulatedClock(BASE + DAYS * DAY)) as house:
        figures = house.reading.figures.defects(house.ledger.tenant(demo.TENANT), {})["figures"]
    causes = {one["cause"] for one in figures}
    assert causes == {"construction_quality", "non_construction_quality", ""}, (
        "and some are not determined yet"
    )


def test_verdicts_are_recorded_when_they_fell_due_not_when_the_demo_ran(whole: Path) -> None:
    with House.open(whole, clock=SimulatedClock(BASE + DAYS * DAY)) as house, house.database.read() as conn:
        tenant = house.ledger.tenant(demo.TENANT)
        breaches = [
            v for v in house.ledger.verdicts(conn, tenant, 0, 10_000)
            if v.type == "obligation.breached" and not v.data["born_late"]
        ]  # fmt: skip
        assert len(breaches) > 5
        for verdict in breaches:
            known = house.ledger.facts_at(conn, tenant, [verdict.after])[verdict.after].recorded
            assert verdict.recorded - max(verdict.time, known) <= 30 * MINUTE


def test_the_plan_is_written_before_anything_else_and_kept(tmp_path: Path) -> None:
    now = BASE + 3 * HOUR + 17 * SECOND
    first = plan_of(tmp_path / "d", now)
    assert (tmp_path / "d" / PLAN_FILE).exists()
    assert first.base % MINUTE == 0
    assert plan_of(tmp_path / "d", now + DAY) == first


def test_a_folder_with_a_real_record_is_left_alone(acme: Shell) -> None:
    with pytest.raises(Refused) as refused:
        plan_of(acme.folder, BASE)
    assert refused.value.code == Exit.USAGE


def test_live_touchpoints_warn_at_30_s_and_breach_at_60(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "live"
    shutil.copytree(whole, folder)
    start = BASE + DAYS * DAY + HOUR
    clock = SimulatedClock(start)
    touches = week(tenant=demo.TENANT, seed=PLAN.seed, base=BASE)
    with House.open(folder, clock=clock) as house:
        tenant = house.ledger.tenant(demo.TENANT)
        plan = Plan(base=BASE, seed=PLAN.seed, live=start)
        demo.go_live(house, tenant, plan)
        house.run_to_head()
        live = Live(house, tenant, BASE + DAYS * DAY, start, plan.seed, touches)
        sent = 0
        for second in range(0, 10 * 60, 5):
            clock.set(start + second * SECOND)
            sent += live.step(clock.now())
            house.run_to_head()
        assert sent > 60
        promises = [
            p for p in house.reading.promises.find(tenant, limit=500) if p["obligation"] == "complaint.respond_in_standard"
        ]  # fmt: skip
        mine = [p for p in promises if p["policy_version"] == "demo-live"]
        assert {"met", "met_late", "retracted"} <= {p["wall"] for p in mine}
        for promise in mine:
            opened, due = parse_instant(promise["opened"]), parse_instant(promise["due"])
            assert due - opened == MINUTE
            assert parse_instant(promise["warn"]) - opened == 30 * SECOND
        assert any("breached" in p["flags"] for p in mine)
        assert not any(
            p["policy_version"] == "demo-live" and parse_instant(p["opened"]) < start for p in promises
        )
        before = heads_of(house)
        restarted = Live(house, tenant, BASE + DAYS * DAY, start, plan.seed, touches)
        assert restarted.step(clock.now()) >= sent  # a source that was cut off sends again what it had
        assert heads_of(house) == before


def heads_of(house: House) -> list[str]:
    with house.database.read() as conn:
        return [e.event_id for e in house.ledger.facts(conn, house.ledger.tenant(demo.TENANT), 0, 10_000)]


def test_the_page_of_words_names_what_can_be_tried() -> None:
    text = welcome("http://127.0.0.1:8311", "http://link", "tl_x", Path("data"), demo.TENANT, BASE)
    for word in ("kill -9", "verify", "补录", "curl", "/wall/cases/", "30", "60"):
        assert word in text
    bodies = re.findall(r"-d '(\{.*\})'", text)
    assert len(bodies) == 3
    for body in bodies:
        plain = re.sub(r"'\"\$\(date[^)]*\)\"'", "2026-11-20T00:00:00Z", body).replace("'\"$T\"'", "1")
        assert json.loads(plain)["specversion"] == "1.0"


def test_the_page_of_words_starts_this_demo_again_and_not_another() -> None:
    def page(url: str, folder: str) -> str:
        return welcome(url, "http://link", "tl_x", Path(folder), demo.TENANT, BASE)

    assert "再执行 make run：" in page("http://127.0.0.1:8311", "data")
    assert '再执行 make run ARGS="--port 8400"：' in page("http://127.0.0.1:8400", "data")
    assert 'make run ARGS="--port 8400 --data other"' in page("http://127.0.0.1:8400", "other")
    assert page("http://127.0.0.1:8311", "data").count("-w '\\n'") == 3


def test_the_forgotten_visit_is_not_offered_again_once_it_is_entered(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "entered"
    shutil.copytree(whole, folder)
    _, _, command = forgotten("http://x", "tl_x", demo.TENANT, BASE)
    (body,) = re.findall(r"-d '(\{.*\})'", command)
    with House.open(folder, clock=SimulatedClock(BASE + DAYS * DAY + HOUR)) as house:
        tenant = house.ledger.tenant(demo.TENANT)
        assert not demo.entered_at_last(house, tenant)
        house.intake.submit_many(tenant, demo.KEY_SOURCE, [json.loads(body)]).result()
        assert demo.entered_at_last(house, tenant)
    text = welcome("http://x:8311", "", "tl_x", Path("data"), demo.TENANT, BASE, entered=True)
    assert "已经补录过" in text
    assert command not in text


def test_a_retraction_says_what_it_takes_back(whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shell = Shell(whole, capsys)
    promise = shell("promises", "--wall", "late_entry", "--json").json[0]
    shown = shell("case", "show", promise["case_id"]).out
    assert "判定撤回：超时 breach" in shown
    assert "补录达标 Late entry" in shown
    assert "超时已撤回 breach retracted" in shown
    assert promise["zh"] in shown


@pytest.mark.crash
def test_make_run_is_killed_and_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with serving(folder, "demo") as first:
        until(lambda: live_cases(first.info.url, folder) > 0, "the first live touchpoint")
        plan = json.loads((folder / PLAN_FILE).read_text(encoding="utf-8"))
        first.end(signal.SIGKILL)
    with serving(folder, "demo") as second:
        assert json.loads((folder / PLAN_FILE).read_text(encoding="utf-8")) == plan
        code, out, _ = second.end(signal.SIGINT)
        assert code == 0
        assert plan["key"] in out
    with closing(sqlite3.connect(folder / "touchline.db")) as record:
        rang = "SELECT silent, count(*) FROM alerts WHERE place > 0 AND recorded < ? GROUP BY silent"
        of_the_week = dict(record.execute(rang, (plan["live"],)).fetchall())
    assert of_the_week.keys() == {"history"}, "the seven days are listed, and none of them rings"
    assert of_the_week["history"] > 50


def live_cases(url: str, folder: Path) -> int:
    """Cases of the timetable, asked for as a stranger would with the demo key."""
    plan = json.loads((folder / PLAN_FILE).read_text(encoding="utf-8"))
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
    connection.request("GET", "/cases", headers={"Authorization": f"Bearer {plan['key']}"})
    found = json.loads(connection.getresponse().read())
    connection.close()
    return sum("-LIVE-" in case["ticket"] for case in found)
