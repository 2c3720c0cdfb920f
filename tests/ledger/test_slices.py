"""Appends that share a transaction with other jobs: what one leaves to be written with the COMMIT stands for the next one, is
kept when that fails, and is gone with the job that left it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Connection

from ledger import feeds
from ledger.append import Appending
from ledger.candidate import Outcome
from ledger.errors import NotKept
from ledger.ports import Locks
from ledger.tenants import Tenant
from tests.kit.places import ON_POSTGRESQL
from tests.ledger.house import House, sent

Job = Callable[[Connection], object]


def keep(home: House, tenant: Tenant, number: int) -> Callable[[Connection], Outcome]:
    def job(connection: Connection) -> Outcome:
        appending = Appending(connection, home.keys, home.clock, tenant)
        outcome = appending.one(sent(number))
        appending.finish()
        return outcome

    return job


def failing(job: Job) -> Job:
    def failed(connection: Connection) -> None:
        job(connection)
        raise ValueError("a job of a test")

    return failed


@pytest.mark.parametrize("first_fails", [False, True])
def test_what_is_left_for_the_commit(home: House, tenant: Tenant, first_fails: bool) -> None:
    def head(connection: Connection) -> object:
        return feeds.head(connection, tenant).place

    def nothing(_: Connection) -> None:
        raise LookupError("before it asked for anything")

    fails = failing(keep(home, tenant, 0))
    jobs: list[Job] = [keep(home, tenant, 1), nothing, fails, head, keep(home, tenant, 2), nothing]
    if first_fails:
        jobs.insert(0, fails)
    done = home.writer.submit_all(jobs, Locks.counter(tenant.number))

    problems = [future.exception(30) for future in done]
    if first_fails:
        assert isinstance(problems.pop(0), ValueError)
        done.pop(0)
    assert [type(problem) for problem in problems] == [
        type(None), LookupError, ValueError, type(None), type(None), LookupError,
    ]  # fmt: skip
    assert done[3].result() == 1
    assert [fact.source_id for fact in home.facts(tenant)] == ["no-1", "no-2"]
    assert home.verify().ok


@ON_POSTGRESQL
def test_what_cannot_be_written_with_the_commit_is_told_as_not_kept(home: House, tenant: Tenant) -> None:
    home.keep(tenant, sent(1))
    with home.raw() as connection:
        wrong = connection.execute("SELECT tenant, place + 1, recorded, body, hash FROM facts").fetchone()
        insert = "INSERT INTO facts (tenant, place, recorded, body, hash) VALUES (%s, %s, %s, %s, %s)"
        connection.execute(insert, wrong)

    with pytest.raises(NotKept):
        home.send(tenant, sent(2))
    assert len(home.facts(tenant)) == 2
    assert home.count("fact_ids") == 1
