"""Make the golden ledger of a release: ``python -m tests.golden.make 0.1.0``. Once for each release, never again."""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ledger.candidate import Appended
from producers.simulator.week import week
from schemas.canonical import canonical
from schemas.instants import DAY, HOUR, MINUTE, Instant, format_instant
from schemas.policy_files import load_profile
from tests.golden.chest import ENDING, HERE, pack
from tests.kit.hostile import TICKETS, Told, by_recorded, wire
from tests.kit.policies import publication
from tests.kit.world import START, World, event

SEED = 20260302
FACTS = 240


def hostile() -> list[Told]:
    """Facts of a few cases in no good order, some corrected, some withdrawn, some sent twice."""
    dice = random.Random(SEED)
    made: list[Told] = []
    changed: set[int] = set()
    for index in range(FACTS):
        ticket = dice.choice(sorted(TICKETS))
        changes = dice.randrange(index) if index and dice.random() < 0.2 else -1
        if changes >= 0 and (changes in changed or made[changes].withdraws):
            changes = -1
        changed.add(changes)
        made.append(
            Told(
                ticket=ticket,
                kind=0 if index < 2 else dice.randrange(len(TICKETS[ticket])),
                time=START + HOUR + dice.randrange(9 * 24) * HOUR,
                delay=dice.choice((0, 0, MINUTE, 7 * MINUTE, 26 * HOUR)),
                again=dice.random() < 0.1,
                changes=changes,
                withdraws=changes >= 0 and dice.random() < 0.5,
            )
        )
    return made


def penalties(world: World) -> Iterator[tuple[Instant, dict[str, Any]]]:
    """What a week of an estate does not bring: a company that has switched penalties on (累计处罚制) and two houses whose
    problems are reported again and again, some penalties confirmed before they double, some after, one waived, the others
    left as they were proposed; and marks that customers gave, on two scales."""
    whole: dict[str, Any] = load_profile().dump()
    terms = {**whole["penalties"], "enabled": True}
    begin = START + 20 * DAY
    whole |= {"version": "golden.1", "effective_from": format_instant(begin), "penalties": terms}
    yield begin, event("policy.published", "golden-policy", begin, data=publication(whole))
    leak = {"description": "渗水", "category": "leak"}
    pipe = {
        "description": "爆管",
        "component": "pipe",
        "location": "bath",
        "dissatisfied_with_previous": True,
    }
    decided: set[str] = set()
    for number in range(5):
        for house in ("3-1-1201", "3-1-1202"):
            where = {"houseid": house, "projectid": "yunqi", "channel": "hotline"}
            at = begin + (2 * number + 1) * DAY
            for kind, letters, data in (("complaint.received", "GT", leak), ("repair.reported", "GR", pipe)):
                own = f"{letters}-{house}-{number}"
                yield at, event(kind, own, at, ticket=own, data=data, **where)
        found = [one for one in world.reading.penalties.find(world.tenant) if one["id"] not in decided]
        done = {1: "confirmed", 3: "confirmed", 4: "waived"}.get(number)
        for proposed in found[:1] if done else ():
            decided.add(proposed["id"])
            said = {"penalty_id": proposed["id"], "problem": proposed["problem"], "by": "gm-1"}
            said |= {"amount_fen": 30000} if done == "confirmed" else {}
            yield at + HOUR, event(f"penalty.{done}", f"golden-{proposed['id']}", at + HOUR, data=said)
    for number, out_of in enumerate((5, 100, 5)):
        at = begin + (12 + number) * DAY
        marks = [{"component": "speed", "points": number + 1, "out_of": out_of}]
        own, ticket = f"golden-mark-{number}", f"GT-3-1-1201-{number}"
        yield at, event("followup.complaint_close_completed", own, at, ticket=ticket, data={"scores": marks})


def sendings() -> Iterator[tuple[Instant, dict[str, object]]]:
    """(recorded, event) in order: a week of an estate, and the hostile ones among them."""
    told = hostile()
    found = [(at, wire(told, index)) for at, index in by_recorded(told)]
    found += [(at, wire(told, index)) for at, index in by_recorded(told) if told[index].again]
    found += [(touch.sent, touch.cloudevent()) for touch in week(tenant="golden", seed=SEED, base=START)]
    yield from sorted(found, key=lambda one: one[0])


def main(release: str) -> None:
    """Refuses to make one that is there."""
    if (HERE / (release + ENDING)).exists():
        sys.exit(f"{release} is there already; a release's golden ledger is never made anew")
    with tempfile.TemporaryDirectory() as name:
        world = World(Path(name) / "golden", batch=17)
        for number, (at, event) in enumerate(sendings()):
            world.append(event, at=at)
            if number % 5 == 0:
                world.tick(at)
        for at, told in penalties(world):
            done = world.append(told, at=max(at, world.clock.now()), admin=True, approver=True)
            assert isinstance(done[0], Appended), done
            world.tick()
        world.tick(world.clock.now() + 30 * DAY)
        tables, verdicts = world.tables(), [canonical(list(line)) for line in world.lane()]
        rules = world.rules
        world.close()
        print(
            pack(release, world.folder, tables, verdicts, rules),
            f"{len(tables)} rows, {len(verdicts)} verdicts",
        )


if __name__ == "__main__":
    main(sys.argv[1])
