"""The demo: seven days of 云栖花园 seeded through the clock port in seconds, silently; then wall-clock time.

What it will do is written down first (``demo.json``: base instant, seed), so that a demo killed while seeding goes on with
the same events, the same ids and the same times when it is started again.
"""

from __future__ import annotations

import json
import os
import socket
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ledger import access
from ledger.candidate import Appended
from ledger.clock import SimulatedClock, SystemClock
from ledger.errors import UnknownTenant
from ledger.folder import RECORD_FILE, private_file
from ledger.lanes import engine_state
from ledger.tenants import Tenant
from producers.candidates import candidate
from producers.simulator.touch import Touch
from producers.simulator.week import DAYS, week
from schemas.identity import event_id
from schemas.instants import DAY, MINUTE, SECOND, Instant
from schemas.policy_files import load_profile
from touchline import logs
from touchline.bar import bar
from touchline.defaults import SOURCE, publication_of
from touchline.demo_live import Live
from touchline.demo_words import ENTERED_AT_LAST, welcome
from touchline.exits import OTHER_FOLD, Exit, Refused
from touchline.house import House
from touchline.options import say
from touchline.serving import run as serve
from touchline.settings import Settings

TENANT = "yunqi"
TITLE = "云栖花园"
SEED = 8
"""An estate in whose first live minutes every kind of end is seen."""
KEY_SOURCE = "demo-desk"
PLAN_FILE = "demo.json"
TOGETHER = 20 * MINUTE
"""While seeding, events this close are appended in one go: no promise of theirs warns or falls due so soon."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What this demo is. Instants in µs; ``live`` 0 until the seven days are in; ``key`` is worth nothing outside."""

    base: Instant
    seed: int
    live: Instant = 0
    key: str = ""

    def kept(self, folder: Path) -> Plan:
        """Written down, whole or not at all."""
        fresh = folder / (PLAN_FILE + ".new")
        fresh.unlink(missing_ok=True)
        private_file(fresh)
        with fresh.open("w", encoding="utf-8") as file:
            json.dump(asdict(self), file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, folder / PLAN_FILE)
        return self


def plan_of(folder: Path, now: Instant) -> Plan:
    """The plan that stands in the folder, or a new one. Raises Refused for a folder that holds something else."""
    path = folder / PLAN_FILE
    if path.exists():
        return Plan(**json.loads(path.read_text(encoding="utf-8")))
    if (folder / RECORD_FILE).exists():
        raise Refused(
            Exit.USAGE,
            f"{folder} 里已有正式台账，演示不会写进去；请用 --data 另选目录。",
            f"{folder} holds a real record, which the demo leaves alone; choose another folder with --data.",
        )
    folder.mkdir(parents=True, exist_ok=True)
    minute = now // MINUTE * MINUTE
    return Plan(base=minute - DAYS * DAY, seed=SEED).kept(folder)


def run(folder: Path, door: socket.socket) -> None:
    """``touchline demo``: seed what is missing, serve, go on."""
    settings = Settings.of(folder)
    logs.configure(settings.log_format)
    settings = settings.model_copy(update={"alert_log": False, "titles": {TENANT: TITLE, **settings.titles}})
    plan = plan_of(folder, SystemClock().now())
    touches = week(tenant=TENANT, seed=plan.seed, base=plan.base)
    if not plan.live:
        seed(folder, settings, plan, touches)
        plan = replace(plan, live=SystemClock().now() // SECOND * SECOND).kept(folder)
    with House.open(folder, settings) as house:
        tenant = house.ledger.tenant(TENANT)
        plan = with_key(house, tenant, plan).kept(folder)
        go_live(house, tenant, plan)
        live = Live(house, tenant, plan.base + DAYS * DAY, plan.live, plan.seed, touches)

        entered = entered_at_last(house, tenant)

        def ready(url: str) -> None:
            link = f"{url}/sign-in/once/{house.admin.sign_in_link(tenant, KEY_SOURCE)}"
            print(welcome(url, link, plan.key, folder, TENANT, plan.base, entered=entered), flush=True)
            live.start()

        try:
            serve(house, door, ready, demo=True)
        finally:
            live.stop()


def seed(folder: Path, settings: Settings, plan: Plan, touches: Iterable[Touch]) -> None:
    """Seven days, with a clock that is set to each event's own instant and an engine that keeps pace. What is there already
    is answered as a duplicate, so it can be cut anywhere and done again."""
    end = plan.base + DAYS * DAY
    due = [touch for touch in touches if touch.sent <= end]
    clock = SimulatedClock(plan.base)
    with House.open(folder, settings, clock) as house, bar(f"{TITLE} {DAYS} 天", len(due)) as step:
        try:
            tenant = house.ledger.tenant(TENANT)
        except UnknownTenant:
            house.admin.perform("tenant.add", {"name": TENANT})
            tenant = house.ledger.tenant(TENANT)
        with house.database.read() as conn:
            recorded = max(
                house.ledger.head(conn, tenant).recorded, engine_state(conn, tenant).verdict_recorded
            )
        clock.set(max(recorded, plan.base))
        house.run_to_head()
        left = deque(due)
        while left:
            group = [left.popleft()]
            upcoming = earliest(house, tenant)
            if upcoming < group[0].sent:
                left.appendleft(group[0])
                come(house, clock, upcoming)
                continue
            while left and left[0].sent < min(upcoming, group[0].sent + TOGETHER):
                group.append(left.popleft())
            keep(house, tenant, clock, group)
            house.run_to_head()
            step(len(group))
        while (upcoming := earliest(house, tenant)) < end:
            come(house, clock, upcoming)
        clock.set(max(clock.now(), end))
        house.run_to_head()


def earliest(house: House, tenant: Tenant) -> Instant:
    """When the next row has something to say."""
    if house.runner is None:
        raise Refused(Exit.UNAVAILABLE, *OTHER_FOLD)
    with house.database.read() as conn:
        return house.runner.store.pages(conn, tenant.number).earliest()


def come(house: House, clock: SimulatedClock, at: Instant) -> None:
    """Let the clock come just past ``at``, and the engine look at it."""
    clock.set(max(clock.now(), at) + SECOND)
    house.run_to_head()


def keep(house: House, tenant: Tenant, clock: SimulatedClock, group: Sequence[Touch]) -> None:
    """Append touchpoints, each at its own instant, in as few commits as the writer likes: it sets the clock itself, in the
    same queue. The estate's events are valid: a refusal is a defect, and stops the demo."""

    def at(instant: Instant) -> Callable[[object], None]:
        return lambda _: clock.set(max(clock.now(), instant))

    answers = []
    for touch in group:
        house.writer.submit(at(touch.sent))
        offered = candidate(touch.cloudevent(), touch.source, touch.sent)
        answers.append((touch, house.ledger.append(tenant, [offered])))
    for touch, answer in answers:
        (outcome,) = answer.result()
        if not isinstance(outcome, Appended):
            raise RuntimeError(f"{touch.source_id} {touch.type}: {outcome.field}: {outcome.reason}")


def with_key(house: House, tenant: Tenant, plan: Plan) -> Plan:
    """The plan with a demo key that is good."""
    with house.database.read() as conn:
        known = plan.key and access.find(conn, plan.key) is not None
    if known:
        return plan
    return replace(plan, key=house.writer.call(lambda conn: access.create(conn, tenant, KEY_SOURCE)))


def entered_at_last(house: House, tenant: Tenant) -> bool:
    """Whether somebody has entered the forgotten visit, in this run or an earlier one."""
    name = event_id(tenant.name, KEY_SOURCE, ENTERED_AT_LAST)
    with house.database.read() as conn:
        return house.ledger.fact(conn, tenant, name) is not None


def go_live(house: House, tenant: Tenant, plan: Plan) -> None:
    """Publish the limits of 1, 2 and 4 minutes, in force from the instant at which the demo first went live."""
    profile = load_profile(Path(__file__).with_name("demo.yaml")).model_copy(
        update={"effective_from": plan.live}
    )
    (outcome,) = house.ledger.append(tenant, [publication_of(profile, plan.live)]).result()
    if not isinstance(outcome, Appended):
        raise RuntimeError(f"{SOURCE}: {outcome.field}: {outcome.reason}")
    if outcome.duplicate:
        say("沿用原有数据继续。", "It goes on with the data that is there.")
    else:
        say("时限已按演示值发布。", "The demo's own limits are published.")
