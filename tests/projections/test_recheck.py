"""Where today's rules would conclude otherwise than was said (invariant 7): listed, and nothing is said anew or taken back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from processors.rules.book import Book
from processors.rules.promises.promise import Promise
from processors.rules.promises.rule import Promises
from processors.rules.protocol import Evidence, Mark, Row
from projections.reading.reading import Reading
from projections.rebuild import Rebuild
from schemas.canonical import canonical
from schemas.instants import DAY, SECOND, format_instant
from tests.kit.world import START, World, event
from tests.projections.test_rebuild import story

GONE, MILDER, LATER = "complaint.register", "complaint.respond_in_standard", "complaint.intake_return_visit"


class Newer(Promises):
    """A version that has one duty less, never calls a second one breached, and a third a second later."""

    version = Promises.version + 1

    def judge(self, scope: str, evidence: Sequence[Evidence], book: Book) -> Iterable[Row]:
        rows = super().judge(scope, evidence, book)
        return [row for row in rows if not (isinstance(row, Promise) and row.obligation == GONE)]

    def marks(self, row: Row, book: Book) -> Iterable[Mark]:
        assert isinstance(row, Promise)
        for mark in super().marks(row, book):
            if mark.kind != "breached" or row.obligation not in (MILDER, LATER):
                yield mark
            elif row.obligation == LATER:
                yield mark._replace(time=mark.time + 1_000_000)


def test_what_todays_rules_would_say_otherwise_is_listed_and_stays(world: World) -> None:
    story(world)
    assert world.reading.engine.recheck(world.tenant) == []
    breached = {v.data["obligation_key"]: v for v in world.verdicts() if v.type == "obligation.breached"}
    warned = [v for v in world.verdicts() if v.data.get("obligation_key") == GONE]
    lane = world.lane()
    rules = tuple(Newer() if isinstance(rule, Promises) else rule for rule in world.rules)
    Rebuild(world.ledger, rules).run()
    found = Reading(world.database, world.ledger, rules, lambda: rules).engine.recheck(world.tenant)

    def line(what: str, key: str, later: int = 0) -> dict[str, str]:
        v = breached[key]
        return {
            "what": what, "rule": "promises", "row": str(v.origin["row"]), "kind": "breached",
            "type": "obligation.breached" if what == "unsaid" else "", "time": format_instant(v.time + later),
        }  # fmt: skip

    expected = [line("said", MILDER), line("said", LATER), line("unsaid", LATER, SECOND)]
    expected += [
        {**line("said", GONE), "kind": str(v.origin["kind"]), "time": format_instant(v.time)} for v in warned
    ]
    assert len(warned) >= 1
    assert sorted(map(canonical, found)) == sorted(map(canonical, expected))
    assert world.lane() == lane
    rules = tuple(rule for rule in rules if not isinstance(rule, Promises))  # and without the rule
    Rebuild(world.ledger, rules).run()
    left = Reading(world.database, world.ledger, rules, lambda: rules).engine.recheck(world.tenant)
    assert {(one["what"], one["rule"]) for one in left} == {("said", "promises")}
    assert len(left) > len(expected)


def test_what_was_taken_back_is_not_listed(world: World) -> None:
    """A complaint that was none: its promises are gone, and what was said of them does not stand."""
    data = {"subject": "engineering", "category": "leak", "description": "渗水"}
    world.keep(event("complaint.received", "a", START, ticket="T", data=data), START)
    world.tick(START + 4 * DAY)
    world.keep(
        event("event.withdrawn", "w", world.clock.now(), correctssourceid="a", data={"reason": "误录"})
    )
    world.tick()
    assert "obligation.retracted" in {v.type for v in world.verdicts()}
    assert world.reading.engine.recheck(world.tenant) == []
