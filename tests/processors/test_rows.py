"""Rows that are made and altered fast are what a plain frozen dataclass would be, and as frozen."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, asdict, fields, replace

import pytest

from processors.rules.cases import Case
from processors.rules.promises.promise import Promise
from processors.rules.protocol import Row
from processors.rules.rows import altering

KINDS: tuple[type[Row], ...] = (Case, Promise)


def values(kind: type[Row]) -> dict[str, object]:
    return {one.name: n if one.type in ("int", "Instant") else f"v{n}" for n, one in enumerate(fields(kind))}


@pytest.mark.parametrize("kind", KINDS)
def test_made(kind: type[Row]) -> None:
    row = kind(**values(kind))  # type: ignore[arg-type]
    assert type(row) is kind
    assert asdict(row) == values(kind)
    assert row == kind(**values(kind))  # type: ignore[arg-type]
    assert hash(row) == hash(kind(**values(kind)))  # type: ignore[arg-type]
    with pytest.raises(FrozenInstanceError):
        row.scope = "other"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        del row.scope
    with pytest.raises(TypeError, match="scope"):
        kind(**{name: value for name, value in values(kind).items() if name != "scope"})  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="nobody"):
        kind(**values(kind), nobody=1)  # type: ignore[arg-type, call-arg]


@pytest.mark.parametrize("kind", KINDS)
def test_altered(kind: type[Row]) -> None:
    row = kind(**values(kind))  # type: ignore[arg-type]
    moved = altering(kind, "scope", "id")
    other = moved(row, scope="other", id="another")
    assert type(other) is kind
    assert other == replace(row, scope="other", id="another") != row
    assert asdict(row) == values(kind)
    assert altering(kind, "id")(row, id=row.id) == row
    with pytest.raises(FrozenInstanceError):
        other.scope = "third"  # type: ignore[misc]
    with pytest.raises(TypeError, match="scope"):
        moved(row, id="another")
    with pytest.raises(TypeError, match="nobody"):
        moved(row, scope="other", id="another", nobody=1)
    with pytest.raises(AttributeError, match="nobody"):
        altering(kind, "id", "nobody")
