"""What a command ends with where the storage fails under a read: a sentence and a code, no traceback."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from ledger.postgres_engine import postgres_engine
from tests.kit.postgres import Cluster
from touchline.exits import Exit, of_error


def test_a_database_that_goes_away_under_a_read_is_no_defect(cluster: Cluster) -> None:
    place = cluster.ledger()
    engine = postgres_engine(place.url, name="test")
    try:
        with pytest.raises(DBAPIError) as raised, engine.connect() as connection:
            connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    finally:
        engine.dispose()
        cluster.drop(place)
    refused = of_error(raised.value)
    assert refused is not None
    assert (refused.code, refused.en) == (Exit.UNAVAILABLE, "The database does not answer.")
    assert "没有正常应答" in refused.zh


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "touchline.db").write_bytes(b"0123456789" * 500)
    engine = create_engine(f"sqlite:///{tmp_path}/touchline.db")
    try:
        with pytest.raises(DBAPIError) as raised, engine.connect() as connection:
            connection.execute(text("SELECT * FROM sqlite_master"))
    finally:
        engine.dispose()
    refused = of_error(raised.value)
    assert refused is not None
    assert (refused.code, refused.zh) == (Exit.NOT_SO, "数据库文件已损坏。")
    assert "not a database" in refused.en


def test_a_statement_of_our_own_that_is_wrong_is_a_defect() -> None:
    engine = create_engine("sqlite://")
    try:
        with pytest.raises(DBAPIError) as raised, engine.connect() as connection:
            connection.execute(text("SELECT nothing FROM nowhere"))
    finally:
        engine.dispose()
    assert of_error(raised.value) is None
