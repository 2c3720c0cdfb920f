"""One behavioural suite, run over every implementation of the ledger's storage."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.tenants import Tenant
from tests.ledger.house import House


@pytest.fixture(params=["sqlite"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    opened = House.open(tmp_path / "data")
    try:
        yield opened
    finally:
        opened.close()


@pytest.fixture
def tenant(home: House) -> Tenant:
    return home.tenant()
