"""The ledger of every release opens, and folds to what it was: a rule that changed has a new version, or this fails."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.clock import SimulatedClock
from ledger.database import Database
from ledger.keys import KeyStore
from ledger.ledger import Ledger
from ledger.writer import Writer
from projections.dump import dump
from projections.rebuild import Rebuild
from schemas.canonical import canonical
from tests.golden.chest import Chest, releases, said, unpack
from tests.kit.world import START
from touchline.rules import rules


@pytest.fixture(params=releases())
def release(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def opened(release: str, tmp_path: Path) -> Iterator[tuple[Chest, Ledger]]:
    chest = unpack(release, tmp_path)
    database = Database.open(tmp_path, create=False)
    keys = KeyStore.open(database)
    clock = SimulatedClock(START)
    writer = Writer(database, keys, clock)
    yield chest, Ledger(database, writer, keys, clock)
    writer.close()
    keys.close()
    database.close()


def of_rules(lines: Iterator[str] | tuple[str, ...], chest: Chest, names: set[str]) -> list[str]:
    """The lines that belong to these rules, or to none; a rule that the release did not have yet is none of these."""
    known = {**said(rules()), **chest.rules}
    owners = {table: name for name, (_, tables) in known.items() for table in tables}
    kept = []
    for line in lines:
        table, _, row = line.partition(" ")
        owner = owners.get(table) or json.loads(row).get("rule")
        if owner is None or owner in names:
            kept.append(line)
    return kept


def numbers(release: str) -> tuple[int, ...]:
    """0.10.0 comes after 0.9.0."""
    return tuple(map(int, release.split(".")))


def test_its_fold_is_what_it_was(opened: tuple[Chest, Ledger]) -> None:
    chest, ledger = opened
    today = said(rules())
    same = {name for name, was in chest.rules.items() if today.get(name) == was}
    rebuilt = Rebuild(ledger, rules())
    report = rebuilt.run()
    assert report.swapped
    (tenant,) = ledger.tenants()
    with ledger.database.read() as conn:
        fresh = of_rules(dump(conn, rebuilt.store.tables, tenant.number), chest, same)
    stored = of_rules(chest.tables, chest, same)
    assert fresh == stored, "a rule judges otherwise: give it a new version"
    assert len(stored) > 100


def test_its_verdicts_are_read_as_they_were_said(opened: tuple[Chest, Ledger]) -> None:
    chest, ledger = opened
    (tenant,) = ledger.tenants()
    with ledger.database.read() as conn:
        lane = [
            canonical([v.after, v.type, v.time, {**v.origin, "cause": v.causation_id, "data": dict(v.data)}])
            for v in ledger.verdicts(conn, tenant, 0, 2**31)
        ]
    assert lane == list(chest.verdicts)
    assert {json.loads(line)[1] for line in lane} > {"obligation.breached", "obligation.retracted"}


def test_every_rule_has_rows_that_would_tell(tmp_path: Path) -> None:
    """A rule of which nothing stands in the newest release's dump could judge otherwise and nobody would see it."""
    chest = unpack(max(releases(), key=numbers), tmp_path)
    told = Counter(line.partition(" ")[0] for line in chest.tables)
    wanted = {table for _, tables in chest.rules.values() for table in tables}
    assert {table for table in wanted if not told[table]} == set()


def test_this_release_has_one() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    version = project["project"]["version"]
    assert version in releases(), f"python -m tests.golden.make {version}"
