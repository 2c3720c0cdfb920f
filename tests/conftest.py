"""Fixtures for all rooms."""

from __future__ import annotations

import gc
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.kit.memory import quick_machine
from tests.kit.places import KINDS, Where
from tests.kit.postgres import Cluster, Place, shared
from tests.kit.world import World

if TYPE_CHECKING:
    from tests.kit.kafka import Kafka


def no_bool(given: bool) -> int:
    raise TypeError(
        f"{given} is bound to a statement: PostgreSQL takes no bool for an integer, SQLite takes any"
    )


def pytest_configure() -> None:
    quick_machine()
    sqlite3.register_adapter(bool, no_bool)


def pytest_collection_finish() -> None:
    gc.freeze()  # what was imported and collected stays to the end


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A small world (``tests.kit.world``) in a folder of its own."""
    made = World(tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """PostgreSQL, for as long as this test process runs (``tests.kit.postgres``)."""
    made = shared()
    yield made
    made.close()


@pytest.fixture
def postgres(cluster: Cluster) -> Iterator[Place]:
    """An empty database of its own."""
    made = cluster.database()
    yield made
    cluster.drop(made)


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Where]:
    """Where a ledger can live, each in turn (``tests.kit.places``): nothing but tables stands there yet."""
    if request.param == "sqlite":
        yield tmp_path / "data"
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    made = cluster.ledger()
    yield made
    cluster.drop(made)


@pytest.fixture(scope="session")
def broker() -> Iterator[Kafka]:
    """One Kafka broker, for as long as this test process runs (``tests.kit.kafka``)."""
    from tests.kit.kafka import shared  # the client takes 0.2 s to import

    made = shared()
    yield made
    made.close()


@pytest.fixture
def kafka(broker: Kafka) -> Iterator[Kafka]:
    """The same, healed of what a test did to it."""
    yield broker
    broker.heal()
