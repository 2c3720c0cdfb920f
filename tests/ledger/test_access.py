"""API keys: shown once, kept as a hash."""

from __future__ import annotations

import pytest

from ledger import access
from ledger.tenants import Tenant
from tests.ledger.house import House


def test_keys(home: House, tenant: Tenant) -> None:
    other = home.tenant("乙")
    secret = home.writer.call(lambda connection: access.create(connection, tenant, "crm"))
    narrow = home.writer.call(lambda connection: access.create(connection, other, "pms", write_only=True))
    assert secret.startswith("tl_")
    assert len(secret) == 46
    with home.database.read() as connection:
        assert access.find(connection, secret) == access.Access(tenant, "crm", False)
        assert access.find(connection, narrow) == access.Access(other, "pms", True)
        for wrong in ("", secret[:-1], secret.upper(), "tl_\ud800", "' OR 1=1"):
            assert access.find(connection, wrong) is None
        assert access.listed(connection) == [
            access.Access(tenant, "crm", False),
            access.Access(other, "pms", True),
        ]
    assert home.writer.call(lambda connection: access.revoke(connection, secret)) is True
    assert home.writer.call(lambda connection: access.revoke(connection, secret)) is False
    with home.database.read() as connection:
        assert access.find(connection, secret) is None
    with pytest.raises(ValueError, match="source"):
        home.writer.call(lambda connection: access.create(connection, tenant, ""))


def test_the_secret_is_kept_nowhere(home: House, tenant: Tenant) -> None:
    secret = home.writer.call(lambda connection: access.create(connection, tenant, "crm"))
    home.close()
    for name, stored in home.stored():
        assert secret[3:].encode() not in stored, name


def test_a_key_is_known_for_a_second_and_no_longer_once_revoked(home: House, tenant: Tenant) -> None:
    now = 0.0
    recent = access.Recent(lambda: now)
    first, second = (
        home.writer.call(lambda connection: access.create(connection, tenant, "crm")) for _ in range(2)
    )
    opened = access.Access(tenant, "crm", False)
    assert recent.find(first) is None
    recent.note(first, opened)
    recent.note(second, opened)
    assert (recent.find(first), recent.find(second)) == (opened, opened)
    now = access.Recent.SECONDS + 0.01
    assert recent.find(first) is None
    recent.note(first, opened)
    assert recent.find(first) == opened
    home.writer.call(lambda connection: access.revoke(connection, first))
    assert recent.find(first) is None
    recent.note(first, opened)
    assert recent.find(first) is None
