"""One run: a site, callers, faults, and at the end the judge."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from schemas.instants import Instant
from tests.chaos.faults import Done, Hand, schedule
from tests.chaos.judge import Verdict, judge
from tests.chaos.load import Load
from tests.chaos.site import RUNNERS, TENANTS, Site, until
from tests.kit.world import World

SETTLED = 90.0
"""Seconds after the last fault within which callers must have their last answers, and engines must be at the head."""
RUNG = 120.0
"""Seconds within which every alert must have come."""
Tell = Callable[[str], None]


@dataclass
class Run:
    """``settled``: seconds from the last fault until every engine stood at the head and every breach was said."""

    seed: int
    seconds: float
    took: float = 0.0
    done: list[Done] = field(default_factory=list)
    acknowledged: int = 0
    twice: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    settled: float = 0.0
    rang: float = 0.0
    alerts: int = 0
    calls: int = 0
    restarts: Counter[str] = field(default_factory=Counter)
    codes: dict[str, int] = field(default_factory=dict)
    verdict: Verdict = field(default_factory=Verdict)
    trouble: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return self.verdict.ok and not self.trouble

    @property
    def kinds(self) -> Counter[str]:
        return Counter(done.fault.kind for done in self.done if not done.failed)

    def __str__(self) -> str:
        return "\n".join([*self.trouble, str(self.verdict)])


def run(
    seconds: float,
    seed: int,
    count: int,
    pace: float,
    tell: Tell = lambda _: None,
    keep: Path | None = None,
) -> Run:
    """``count`` faults in ``seconds``, ``pace`` events a second. ``keep``: a folder for what the processes said, which is kept
    anyhow where something is not as it must be. Raises only where the site itself cannot be made."""
    made = Run(seed, seconds)
    began = time.monotonic()
    faults = schedule(seed, seconds, count)
    runner = RUNNERS[seed % 2]
    with closing(Site(runner)) as site, tempfile.TemporaryDirectory(prefix="tl-judge-") as folder:
        site.ready(120)
        tell(f"{time.monotonic() - began:.0f} s: the site stands ({', '.join(site.members)})")
        hand, load = Hand(site, faults, runner), Load(site.keys, list(site.doors.values()), pace, seed)
        with closing(load), closing(hand):
            load.start()
            hand.start()
            _watch(seconds, site, load, hand, tell)
            if not hand.join(120):
                made.trouble.append("not every fault was over two minutes after the time")
            calm = time.monotonic()
            if not load.end(SETTLED):
                made.trouble.append(f"callers without an answer {SETTLED:.0f} s after the last fault")
            made.trouble += _settle(site, load, made, calm)
            made.done = hand.done
            made.trouble += [f"fault not made: {d.fault}: {d.failed}" for d in hand.done if d.failed]
        _note(made, site, load)
        tell(f"at rest {made.settled:.1f} s after the last fault; the judge looks")
        made.codes = site.end()
        made.trouble += [f"{name} ended with {code}" for name, code in made.codes.items() if code]
        made.verdict = judge(site, load, Path(folder))
        if keep is None and not made.ok:
            keep = Path(tempfile.mkdtemp(prefix="tl-chaos-said-"))
            made.trouble.append(f"what the processes said is kept in {keep}")
        if keep is not None:
            _keep(keep, site, made)
    made.took = time.monotonic() - began
    return made


def _watch(seconds: float, site: Site, load: Load, hand: Hand, tell: Tell) -> None:
    """Until the time is over, with a line now and then."""
    end, said = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        said += 1
        until(partial(_past, min(end, end - seconds + said * 10)), 11)
        behind = site.behind()
        tell(
            f"{min(said * 10.0, seconds):4.0f}/{seconds:.0f} s: {load.acknowledged():,} acknowledged, {len(hand.done)} faults, "
            + (f"{behind:,} facts undecided" if behind < 1 << 40 else "the database is away")
            + f", {sum(site.receiver.calls.values()):,} alerts received"
        )


def _keep(folder: Path, site: Site, made: Run) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for member in site.members.values():
        (folder / f"{member.name}.log").write_bytes(member.log.read_bytes())
    lines = [f"{d.began:7.2f} to {d.began + d.took:7.2f}  {d.fault} {d.failed}\n" for d in made.done]
    (folder / "faults.log").write_text("".join(lines), encoding="utf-8")


def _past(moment: float) -> bool:
    return time.monotonic() >= moment


def _settle(site: Site, load: Load, made: Run, calm: float) -> list[str]:
    """Until all is decided, concluded and told; what did not come to that."""
    found = []
    due = max((case.due for caller in load.callers for case in caller.story.urgent), default=0)
    world = World(site.place, tenant=TENANTS[0], take_over=False)
    try:
        until(lambda: not site.behind() and _concluded(world, site, due), SETTLED, site.told)
        made.settled = time.monotonic() - calm
        until(lambda: site.ask(UNTOLD) == [(0,)], RUNG, site.told)
        made.rang = time.monotonic() - calm
    except TimeoutError as error:
        what = "alerts did not come" if made.settled else "the engines did not come to the head"
        found.append(f"{what} (undecided {site.behind()}, untold {site.ask(UNTOLD)}): {error}")
    finally:
        world.close()
    return found


UNTOLD = (
    "SELECT (SELECT count(*) FROM alert_deliveries WHERE state = 'pending')"
    " + (SELECT count(*) FROM engines e LEFT JOIN alert_cursors a USING (tenant)"
    "    WHERE coalesce(a.verdict_place, 0) < e.verdict_place)"
)
"""Deliveries that wait, and lanes that were not read to their ends."""


def _concluded(world: World, site: Site, due: Instant) -> bool:
    """Nothing that was due by then is still to be said; a breach is, a microsecond after it was due."""
    with world.database.read() as conn:
        return all(world.store.pages(conn, n).earliest() > due + 1 for n in site.numbers.values())


def _note(made: Run, site: Site, load: Load) -> None:
    made.acknowledged = load.acknowledged()
    for caller in load.callers:
        made.twice += caller.twice
        made.answers += caller.answers
        made.slowest = max(made.slowest, caller.slowest)
        made.trouble += [f"{caller.story.name} was told {odd}" for odd in caller.odd[:5]]
    made.alerts, made.calls = len(site.receiver.bodies), sum(site.receiver.calls.values())
    made.restarts = site.restarts
