"""One behavioural suite, run over every implementation of the ledger's storage."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ledger.tenants import Tenant
from tests.kit.places import Where
from tests.ledger.house import House


@pytest.fixture
def home(place: Where) -> Iterator[House]:
    opened = House.open(place)
    try:
        yield opened
    finally:
        opened.close()


@pytest.fixture
def tenant(home: House) -> Tenant:
    return home.tenant()
