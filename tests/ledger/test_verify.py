"""Verify against an attacker with the database file in his hands: whatever he changes is named by lane and place."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError

from ledger.candidate import Appended
from ledger.chain import Chain
from ledger.clock import SimulatedClock
from ledger.database import Database
from ledger.errors import LedgerError
from ledger.lanes import VerdictDraft, decide, engine_state
from ledger.postgres import PostgresDatabase
from ledger.tables import RECORD
from ledger.tenants import Tenant
from ledger.verify import BadPlace, LaneHead, Places, Report, verify
from ledger.verifying.hands import FolderReader, ManyHands
from schemas.identity import verdict_id
from tests.kit.places import ON_POSTGRESQL, ON_SQLITE
from tests.kit.postgres import Place as Shared
from tests.ledger.house import House, house, raw, sent

TABLES = {table.name: table for table in RECORD}
COLUMNS = [(table.name, column.name) for table in RECORD for column in table.columns]
KEYS = {
    "tenants": ("number",),
    "facts": ("tenant", "place"),
    "verdicts": ("tenant", "place"),
    "fact_ids": ("tenant", "event_id"),
    "corrections": ("tenant", "target"),
}
NAMES = {1: "甲", 2: "乙"}
Place = tuple[str, str, int]


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two tenants with a dozen facts each, corrections and verdicts, closed."""
    folder = tmp_path_factory.mktemp("pristine")
    with house(folder) as home:
        fill(home)
        assert home.verify() == Report(heads=home.verify().heads, checked=2 * (12 + 5))
    return folder


def fill(home: House) -> None:
    assert isinstance(home.clock, SimulatedClock)
    for name in NAMES.values():
        tenant = home.tenant(name)
        for number in range(12):
            home.clock.step(1_000_000)
            corrects = f"no-{number - 2}" if number in (5, 9) else ""
            home.keep(
                tenant, sent(number, corrects_source_id=corrects, customer={"phone": f"1380000{number}"})
            )
        home.writer.call(partial(_decide, home, tenant))


def _decide(home: House, tenant: Tenant, connection: Connection) -> None:
    drafts = []
    for number in range(5):
        named = verdict_id(f"row{number}", "breached", 1)
        body = {
            "event_id": named, "type": "obligation.breached", "v": 1, "time": number, "data": {},
            "row": f"row{number}", "kind": "breached", "generation": 1,
        }  # fmt: skip
        drafts.append(VerdictDraft(event_id=named, after=2 * number, body=body))
    decide(connection, home.clock, engine_state(connection, tenant), decided=12, advanced=0, verdicts=drafts)


@pytest.fixture
def copy(pristine: Path, tmp_path: Path) -> Path:
    shutil.copytree(pristine, tmp_path / "copy")
    return tmp_path / "copy"


def disarm(connection: sqlite3.Connection) -> None:
    for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")


def checked(folder: Path, expect: list[LaneHead] | None = None) -> Report:
    database = Database.open(folder, create=False)
    try:
        return verify(database, expect=expect or [])
    finally:
        database.close()


def places(report: Report) -> set[Place]:
    return {(bad.tenant, bad.lane, bad.place) for bad in report.problems}


def flips(value: Any, dice: random.Random) -> Iterator[Any]:
    """The value with one bit turned over, for a few bits."""
    if isinstance(value, int):
        yield from (value ^ (1 << bit) for bit in (0, dice.randrange(1, 8), dice.randrange(8, 63)))
        yield value ^ -(2**63)
    else:
        stored = value.encode() if isinstance(value, str) else value
        for _ in range(3):
            at, bit = dice.randrange(len(stored)), dice.randrange(8)
            yield stored[:at] + bytes([stored[at] ^ (1 << bit)]) + stored[at + 1 :]


def where(table: str, row: dict[str, Any]) -> Place:
    """What verify must name when this row is changed."""
    if table == "tenants":
        return (row["name"], "tenants", row["number"])
    return (NAMES[row["tenant"]], table, row["place"])


@pytest.mark.parametrize(("table", "column"), COLUMNS, ids=lambda value: str(value))
def test_any_flipped_bit_in_any_stored_column_is_named(copy: Path, table: str, column: str) -> None:
    dice = random.Random(f"{table}.{column}")
    tried = 0
    database = Database.open(copy)
    with raw(copy / "touchline.db") as connection:
        disarm(connection)
        connection.row_factory = sqlite3.Row
        rows = [dict(row) for row in connection.execute(f"SELECT * FROM {table}")]
        rows = [rows[0], *dice.sample(rows[1:-1], min(4, len(rows) - 2)), rows[-1]]
        text = TABLES[table].columns[column].type.python_type is str
        put = "CAST(? AS TEXT)" if text else "?"
        match = " AND ".join(f"{key} = ?" for key in KEYS[table])
        assert rows
        for row in rows:
            key = [row[name] for name in KEYS[table]]
            for value in flips(row[column], dice):
                connection.execute("SAVEPOINT attack")
                try:
                    connection.execute(f"UPDATE {table} SET {column} = {put} WHERE {match}", (value, *key))
                except sqlite3.IntegrityError:  # another row has that key
                    connection.execute("ROLLBACK TO attack")
                    continue
                finally:
                    connection.execute("RELEASE attack")
                report = verify(database)
                tenant, lane, place = where(table, row)
                named = {bad[1:] for bad in places(report)} if table == "tenants" else places(report)
                assert ((lane, place) if table == "tenants" else (tenant, lane, place)) in named, (
                    value,
                    report,
                )
                assert column in {bad.column for bad in report.problems}, (value, report)
                if table in ("facts", "verdicts") and column not in KEYS[table]:
                    assert {bad.column for bad in report.problems if bad.lane == table} == {column}
                    # A body that names another event to correct leaves the correction's row alone, too.
                    assert {(bad[0], bad[2]) for bad in places(report)} == {(tenant, place)}, report
                tried += 1
                # Put it back as it was.
                now = [value if name == column else row[name] for name in KEYS[table]]
                connection.execute(f"UPDATE {table} SET {column} = ? WHERE {match}", (row[column], *now))
    assert tried >= len(rows)
    assert verify(database).ok
    database.close()


@ON_POSTGRESQL
def test_the_same_on_postgresql(home: House, place: Shared) -> None:
    """One bit of each column of a row, in whatever part of its table that stands; by one process and by two."""
    fill(home)
    dice = random.Random(20261123)
    whole = home.verify()
    assert whole == Report(heads=whole.heads, checked=2 * (12 + 5))
    opening = partial(PostgresDatabase.at, place.url, writing=False)
    with home.raw() as admin, ManyHands.opened(opening, 2) as hands:
        assert verify(home.database, hands=hands, stretch=5) == whole
        query = (
            "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal AND tgparentid = 0"
        )
        for table, trigger in admin.execute(query).fetchall():
            admin.execute(f"DROP TRIGGER {trigger} ON {table}")
        for table, columns in ((name, list(TABLES[name].columns.keys())) for name in TABLES):
            order = ", ".join(KEYS[table])
            rows = admin.execute(f"SELECT * FROM {table} ORDER BY {order} DESC").fetchall()[::2]
            old = [dict(zip(columns, row, strict=True)) for row in rows]
            match = " AND ".join(f"{key} = %s" for key in KEYS[table])
            for start in range(0, len(columns), len(old)):  # as many at once as there are rows
                changed = []
                for row, column in zip(old, columns[start:], strict=False):
                    # of a number the highest bit
                    value = "丙" if column == "name" else list(flips(row[column], dice))[-1]
                    changed.append((column, row, {**row, column: value}))
                for column, was, now in changed:
                    change = f"UPDATE {table} SET {column} = %s WHERE {match}"
                    admin.execute(change, (now[column], *(was[key] for key in KEYS[table])))
                report = home.verify()
                for column, was, _ in changed:
                    assert where(table, was)[1:] in {bad[1:] for bad in places(report)}, (table, column)
                    assert column in {bad.column for bad in report.problems}, (table, column)
                if table == "facts":
                    assert places(verify(home.database, hands=hands, stretch=3)) == places(report)
                for column, was, now in changed:
                    change = f"UPDATE {table} SET {column} = %s WHERE {match}"
                    admin.execute(change, (was[column], *(now[key] for key in KEYS[table])))
    assert home.verify() == whole


@pytest.mark.parametrize("column", ["recorded", "body", "after"])
def test_more_than_a_bit_of_a_column(copy: Path, column: str) -> None:
    """What cannot be turned back bit by bit is still one place; its column is named where the content tells."""
    lane = "verdicts" if column == "after" else "facts"
    wrong = {"recorded": 77, "body": b"nonsense", "after": 7}[column]
    with raw(copy / "touchline.db") as connection:
        disarm(connection)
        connection.execute(f"UPDATE {lane} SET {column} = ? WHERE tenant = 1 AND place = 3", (wrong,))
    report = checked(copy)
    assert places(report) - {("甲", "fact_ids", 3)} == {("甲", lane, 3)}
    assert report.problems[0].column in (column, "")


@pytest.mark.parametrize("column", ["place", "recorded", "hash"])
def test_the_counters_and_engine_rows_agree_with_the_lanes(copy: Path, column: str) -> None:
    for table, prefix, lane in (("counters", "", "facts"), ("engines", "verdict_", "verdicts")):
        with raw(copy / "touchline.db") as connection:
            (value,) = connection.execute(f"SELECT {prefix}{column} FROM {table} WHERE tenant = 2").fetchone()
            wrong = bytes(32) if column == "hash" else value - 1
            connection.execute(f"UPDATE {table} SET {prefix}{column} = ? WHERE tenant = 2", (wrong,))
            last = 12 if lane == "facts" else 5
            assert places(checked(copy)) == {("乙", lane, last)}
            connection.execute(f"UPDATE {table} SET {prefix}{column} = ? WHERE tenant = 2", (value,))
    with raw(copy / "touchline.db") as connection:
        connection.execute("UPDATE engines SET decided = 13 WHERE tenant = 1")
        assert places(checked(copy)) == {("甲", "engines", 13)}
        for change, named in (
            ("engines SET decided = 7", ("engines", "decided")),
            ("engines SET advanced = 1 << 60", ("engines", "advanced")),
            ("engines SET advanced = -1", ("engines", "advanced")),
            ("engines SET epoch = -1", ("engines", "epoch")),
            ("counters SET floor = -1", ("counters", "floor")),
        ):
            connection.execute(f"UPDATE {change} WHERE tenant = 2")
            assert named in {(bad.lane, bad.column) for bad in checked(copy).problems if bad.tenant == "乙"}
            connection.execute("UPDATE engines SET decided = 12, advanced = 0, epoch = 0 WHERE tenant = 2")
            connection.execute("UPDATE counters SET floor = 0 WHERE tenant = 2")
        connection.execute("DELETE FROM counters WHERE tenant = 1")
        assert ("甲", "facts", 12) in places(checked(copy))


@pytest.mark.parametrize("table", sorted(TABLES))
def test_a_missing_row(copy: Path, table: str) -> None:
    with raw(copy / "touchline.db") as connection:
        disarm(connection)
        connection.row_factory = sqlite3.Row
        for row in [dict(row) for row in connection.execute(f"SELECT * FROM {table}")]:
            match = " AND ".join(f"{key} = ?" for key in KEYS[table])
            connection.execute(f"DELETE FROM {table} WHERE {match}", [row[key] for key in KEYS[table]])
            report = checked(copy)
            if table == "tenants":
                assert not report.ok
                assert "registered" in report.problems[-1].what or report.problems[0].lane == "tenants"
            else:
                assert where(table, row) in places(report)
            marks = ", ".join("?" * len(row))
            connection.execute(f"INSERT INTO {table} VALUES ({marks})", list(row.values()))
    assert checked(copy).ok


def test_an_extra_row(copy: Path) -> None:
    with raw(copy / "touchline.db") as connection:
        for statement, place in (
            ("INSERT INTO facts SELECT tenant, 13, recorded, body, hash FROM facts WHERE place = 12", ("facts", 13)),
            ("INSERT INTO verdicts SELECT tenant, 6, recorded, after, body, hash FROM verdicts WHERE place = 5",
             ("verdicts", 6)),
            ("INSERT INTO fact_ids VALUES (1, randomblob(16), 4)", ("fact_ids", 4)),
            ("INSERT INTO corrections VALUES (1, randomblob(16), 4, randomblob(16))", ("corrections", 4)),
        ):  # fmt: skip
            connection.execute("BEGIN")
            connection.execute(statement)
            connection.execute("COMMIT")
            assert ("甲", *place) in places(checked(copy))


@pytest.mark.parametrize("lane", ["facts", "verdicts"])
def test_a_row_behind_a_missing_one_is_named_as_what_cannot_be_checked(copy: Path, lane: str) -> None:
    heads = dict(_all_heads(copy, lane))
    with raw(copy / "touchline.db") as connection:
        disarm(connection)
        connection.execute(f"DELETE FROM {lane} WHERE tenant = 1 AND place = 2")
        report = checked(copy)
        behind = [bad for bad in report.problems if (bad.lane, bad.place) == (lane, 3)]
        assert ("甲", lane, 2) in places(report)
        assert "could not be checked" in behind[0].what
        assert "its stored hash is the one that the next is chained to" in behind[0].what
        # With the hash of the missing row from elsewhere it can be.
        told = checked(copy, [heads[2]])
        assert not [bad for bad in told.problems if (bad.lane, bad.place) == (lane, 3)]
        connection.execute(f"UPDATE {lane} SET recorded = recorded + 1 WHERE tenant = 1 AND place = 3")
        assert ("甲", lane, 3) in places(checked(copy, [heads[2]]))
        connection.execute(f"UPDATE {lane} SET hash = zeroblob(32) WHERE tenant = 1 AND place = 3")
        (bad,) = [bad for bad in checked(copy).problems if (bad.lane, bad.place) == (lane, 3)]
        assert "the next is not chained to its stored hash" in bad.what


def _all_heads(folder: Path, lane: str) -> Iterator[tuple[int, LaneHead]]:
    with raw(folder / "touchline.db") as connection:
        for place, hashed in connection.execute(f"SELECT place, hash FROM {lane} WHERE tenant = 1"):
            yield place, LaneHead("甲", lane, place, hashed.hex())


@pytest.mark.parametrize("table", ["facts", "verdicts", "fact_ids", "corrections"])
def test_a_row_in_another_tenants_partition_is_told_its_home(copy: Path, table: str) -> None:
    with raw(copy / "touchline.db") as connection:
        disarm(connection)
        last = {"facts": 12, "verdicts": 5, "fact_ids": 12, "corrections": 10}[table]
        if table in ("facts", "verdicts"):  # his place must be free
            connection.execute(f"DELETE FROM {table} WHERE tenant = 2 AND place = {last}")
        connection.execute(f"UPDATE {table} SET tenant = 2 WHERE tenant = 1 AND place = {last}")
    found = [
        bad for bad in checked(copy).problems if (bad.tenant, bad.lane, bad.place) == ("乙", table, last)
    ]
    assert "belongs to tenant 甲" in found[0].what
    assert found[0].column == "tenant"


@pytest.mark.parametrize("lane", ["facts", "verdicts"])
def test_a_row_at_a_wrong_place_is_told_its_home(copy: Path, lane: str) -> None:
    last = 12 if lane == "facts" else 5
    elsewhere = last ^ 1 << 40
    with raw(copy / "touchline.db") as connection:
        disarm(connection)
        connection.execute(f"UPDATE {lane} SET place = ? WHERE tenant = 1 AND place = ?", (elsewhere, last))
    (bad,) = [bad for bad in checked(copy).problems if (bad.lane, bad.place) == (lane, elsewhere)]
    assert f"belongs at place {last}" in bad.what
    assert ("甲", lane, last) in places(checked(copy))


def test_in_stretches_side_by_side(copy: Path) -> None:
    """Cut anywhere and given to other processes, a run finds the same, damage at the seams included."""
    database = Database.open(copy)
    whole = verify(database)
    assert whole.ok
    with ManyHands.opened(partial(FolderReader, copy), 2) as hands:
        assert verify(database, hands=hands, stretch=5) == whole
        with raw(copy / "touchline.db") as connection:
            disarm(connection)
            connection.execute("UPDATE facts SET hash = zeroblob(32) WHERE tenant = 1 AND place IN (5, 10)")
            connection.execute("UPDATE facts SET recorded = 1 WHERE tenant = 2 AND place IN (3, 4)")
            connection.execute("DELETE FROM verdicts WHERE tenant = 2 AND place = 3")
            connection.execute("UPDATE fact_ids SET place = 4 WHERE tenant = 2 AND place = 9")
        cut = verify(database)
        assert {("甲", "facts", 5), ("甲", "facts", 10), ("乙", "facts", 3), ("乙", "facts", 4)} <= places(
            cut
        )
        assert {("乙", "verdicts", 3), ("乙", "verdicts", 4), ("乙", "fact_ids", 9)} <= places(cut)
        for size in range(1, 7):
            assert places(verify(database, stretch=size)) == places(cut), size
        assert places(verify(database, hands=hands, stretch=3)) == places(cut)
    database.close()


def test_a_range_and_a_checkpoint(copy: Path) -> None:
    database = Database.open(copy)
    part = verify(database, places=Places(4, 8))
    assert part.ok
    assert part.checked == 2 * (5 + 3)  # facts 4 to 8, and the verdicts that follow facts 4, 6 and 8
    assert [(head.lane, head.place) for head in part.heads] == [("facts", 8), ("verdicts", 5)] * 2
    later = verify(database, expect=part.heads, resume=True)
    assert later.ok
    assert later.checked == 2 * 4
    assert later.heads == verify(database).heads
    with raw(copy / "touchline.db") as connection:
        disarm(connection)
        connection.execute("UPDATE facts SET recorded = recorded + 1 WHERE tenant = 1 AND place = 3")
        assert verify(database, places=Places(4, 8)).ok
        assert verify(database, expect=part.heads, resume=True).ok
        connection.execute("UPDATE facts SET recorded = recorded + 1 WHERE tenant = 1 AND place = 9")
        connection.execute("DELETE FROM fact_ids WHERE tenant = 2 AND place = 10")
        assert verify(database, places=Places(1, 2)).ok
        assert places(verify(database, expect=part.heads, resume=True)) == {
            ("甲", "facts", 9), ("乙", "fact_ids", 10),
        }  # fmt: skip
        connection.execute("UPDATE facts SET hash = zeroblob(32) WHERE tenant = 2 AND place = 8")
        assert ("乙", "facts", 8) in places(verify(database, expect=part.heads, resume=True))
    database.close()


def test_deep(copy: Path) -> None:
    """A lane chained anew over a body that says the same in other bytes: only a deep run minds."""
    with raw(copy / "touchline.db") as connection:
        disarm(connection)
        connection.execute(
            "UPDATE facts SET body = CAST(replace(body, '\"data\":{', '\"data\":{ ') AS BLOB) WHERE tenant = 1 AND place = 4"
        )
        rechain(connection, "facts")
    database = Database.open(copy)
    assert verify(database).ok
    assert places(verify(database, deep=True)) == {("甲", "facts", 4)}
    database.close()


def test_a_row_of_nobody(copy: Path) -> None:
    with raw(copy / "touchline.db") as connection:
        for table in ("facts", "verdicts", "fact_ids", "corrections"):
            columns = ["7" if name == "tenant" else name for name in TABLES[table].columns.keys()]  # noqa: SIM118
            connection.execute(f"INSERT INTO {table} SELECT {', '.join(columns)} FROM {table} LIMIT 1")
            assert ("#7", table) in {bad[:2] for bad in places(checked(copy))}


@pytest.mark.parametrize("lane", ["facts", "verdicts"])
def test_a_cut_tail(copy: Path, lane: str) -> None:
    heads = checked(copy).heads
    keep = 3
    with raw(copy / "touchline.db") as connection:
        disarm(connection)
        connection.execute(f"DELETE FROM {lane} WHERE tenant = 1 AND place > {keep}")
        assert ("甲", lane, keep + 1) in places(checked(copy))
        # Now he covers his tracks; only a head kept elsewhere tells.
        if lane == "facts":
            for table in ("fact_ids", "corrections", "verdicts"):
                connection.execute(f"DELETE FROM {table} WHERE tenant = 1 AND place > {keep}")
            connection.execute("DELETE FROM verdicts WHERE tenant = 1")
            connection.execute(
                "UPDATE engines SET decided = 0, verdict_place = 0, verdict_recorded = 0, verdict_hash = zeroblob(32)"
                " WHERE tenant = 1"
            )
            connection.execute(
                "UPDATE counters SET (place, recorded, hash) = (SELECT place, recorded, hash FROM facts"
                " WHERE tenant = 1 AND place = 3) WHERE tenant = 1"
            )
        else:
            connection.execute(
                "UPDATE engines SET (verdict_place, verdict_recorded, verdict_hash) = (SELECT place, recorded, hash"
                " FROM verdicts WHERE tenant = 1 AND place = 3) WHERE tenant = 1"
            )
    assert checked(copy).ok
    assert ("甲", lane, keep + 1) in places(checked(copy, heads))
    assert not [bad for bad in places(checked(copy, heads)) if bad[0] == "乙"]


def test_expected_heads(copy: Path) -> None:
    heads = checked(copy).heads
    assert [(head.tenant, head.lane, head.place) for head in heads] == [
        ("甲", "facts", 12), ("甲", "verdicts", 5), ("乙", "facts", 12), ("乙", "verdicts", 5),
    ]  # fmt: skip
    assert checked(copy, heads).ok
    assert [LaneHead.parse(str(head)) for head in heads] == heads
    other = LaneHead("甲", "facts", 7, "00" * 32)
    assert places(checked(copy, [other])) == {("甲", "facts", 7)}
    assert places(checked(copy, [LaneHead("丙", "facts", 1, "00" * 32)])) == {("丙", "tenants", 0)}
    for bad in ("", "甲/facts@1", "甲/rows@1:" + "00" * 32, "甲/facts@x:" + "00" * 32, "甲/facts@1:00"):
        with pytest.raises(ValueError, match="not a head"):
            LaneHead.parse(bad)


def test_swapped_rows(copy: Path) -> None:
    with raw(copy / "touchline.db") as connection:
        disarm(connection)
        connection.execute("UPDATE facts SET place = -1 WHERE tenant = 1 AND place = 4")
        connection.execute("UPDATE facts SET place = 4 WHERE tenant = 1 AND place = 6")
        connection.execute("UPDATE facts SET place = 6 WHERE tenant = 1 AND place = -1")
    assert {("甲", "facts", 4), ("甲", "facts", 6)} <= places(checked(copy))


def rechain(connection: sqlite3.Connection, lane: str) -> None:
    """The attacker computes the whole lane of tenant 1 anew, counter and engine row included."""
    chain, before = Chain(lane, 1, "甲".encode()), bytes(32)
    after = "after" if lane == "verdicts" else "NULL"
    rows = connection.execute(
        f"SELECT place, recorded, {after}, body FROM {lane} WHERE tenant = 1 ORDER BY place"
    )
    for place, recorded, follows, body in rows.fetchall():
        before = chain.link(before, place, recorded, body, follows)
        connection.execute(f"UPDATE {lane} SET hash = ? WHERE tenant = 1 AND place = ?", (before, place))
    if lane == "facts":
        connection.execute("UPDATE counters SET hash = ?, recorded = ? WHERE tenant = 1", (before, recorded))
    else:
        connection.execute("UPDATE engines SET verdict_hash = ? WHERE tenant = 1", (before,))


@pytest.mark.parametrize(
    ("lane", "change", "bad"),
    [
        ("facts", "recorded = recorded - 9000000", ("facts", 6)),
        ("facts", "body = x'00ff'", ("facts", 6)),
        ("facts", "body = '[]'", ("facts", 6)),
        ("facts", "body = replace(body, 'no-5', 'no-7')", ("facts", 6)),
        ("facts", "body = replace(body, '\"corrects\":\"', '\"corrects\":\"0')", ("facts", 6)),
        ("facts", "body = (SELECT body FROM facts WHERE tenant = 1 AND place = 7)", ("fact_ids", 6)),
        ("verdicts", "after = 1", ("verdicts", 4)),
        ("verdicts", "after = 99", ("verdicts", 4)),
        ("verdicts", "body = '{}'", ("verdicts", 4)),
        ("verdicts", "body = 'nonsense'", ("verdicts", 4)),
        ("verdicts", "body = replace(body, '\"generation\":1', '\"generation\":2')", ("verdicts", 4)),
        ("verdicts", "body = replace(body, 'row3', 'row2')", ("verdicts", 4)),
    ],
)  # fmt: skip
def test_a_lane_chained_anew_must_still_make_sense(
    copy: Path, lane: str, change: str, bad: tuple[str, int]
) -> None:
    with raw(copy / "touchline.db") as connection:
        disarm(connection)
        column, value = change.split(" = ", 1)
        value = f"CAST({value} AS BLOB)" if column == "body" else value
        connection.execute(f"UPDATE {lane} SET {column} = {value} WHERE tenant = 1 AND place = {bad[1]}")
        rechain(connection, lane)
    assert ("甲", *bad) in places(checked(copy))


def test_a_damaged_file_is_reported_not_raised(pristine: Path, tmp_path: Path) -> None:
    """Bytes turned over anywhere that something is written. Where SQLite can still open it, verify comes to an end."""
    whole = (pristine / "touchline.db").read_bytes()
    written = [place for place in range(8192, len(whole)) if whole[place]]
    dice = random.Random(20261122)
    found = opened = 0
    for nth in range(60):
        folder = tmp_path / str(nth)
        folder.mkdir()
        at = dice.choice(written)
        (folder / "touchline.db").write_bytes(whole[:at] + bytes([whole[at] ^ 0x41]) + whole[at + 1 :])
        try:
            database = Database.open(folder, create=False)
        except (LedgerError, DatabaseError):
            continue
        try:
            opened += 1
            found += not verify(database).ok
        finally:
            database.close()
    assert opened > 30
    assert found > 30


def test_while_a_server_writes(home: House, tenant: Tenant) -> None:
    seen: list[tuple[str, str, int, int]] = []

    def progress(*said: Any) -> None:
        seen.append(said)
        home.send(tenant, *(sent(f"more-{len(seen)}-{number}") for number in range(20)))

    home.send(tenant, *(sent(number) for number in range(1100)))
    report = verify(home.database, progress=progress, stretch=500)
    assert report.ok
    assert report.checked == 1100  # to the heads that stood when it began
    assert seen == [("云栖", "facts", done, 1100) for done in (500, 1000, 1100)] + [
        ("云栖", "verdicts", 0, 0)
    ]
    assert verify(home.database, stretch=500).checked == 1180


def test_one_tenant(copy: Path) -> None:
    with raw(copy / "touchline.db") as connection:
        disarm(connection)
        connection.execute("UPDATE facts SET recorded = 0 WHERE tenant = 1 AND place = 5")
    database = Database.open(copy)
    assert verify(database, "乙").ok
    assert verify(database, "甲").problems == [
        BadPlace("甲", "facts", 5, "the row does not hash to what is stored", "recorded")
    ]
    assert verify(database, "丙").problems == [BadPlace("丙", "tenants", 0, "not registered")]
    database.close()


@ON_SQLITE
def test_a_flood_of_problems_is_counted(home: House, tenant: Tenant) -> None:
    outcomes = home.send(tenant, *(sent(number) for number in range(1200)))
    assert all(isinstance(one, Appended) for one in outcomes)
    with home.raw() as connection:
        disarm(connection)
        connection.execute("UPDATE facts SET recorded = recorded + 1")
    report = home.verify()
    assert (len(report.problems), report.more) == (1000, 200)
