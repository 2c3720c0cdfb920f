"""TEST and WHERE: what a field must be for an event to matter; KEYS: which promise it is about."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from schemas.policy_terms import Figure, Flag, Path, Scalar, Strict
from schemas.texts import Wrong


class Test(Strict):
    """All given operators must hold. An unknown value fails every operator but ``ne`` and ``set: false``."""

    __test__ = False  # not a test class of pytest

    eq: Scalar | None = None
    ne: Scalar | None = None
    in_: list[Scalar] | None = Field(None, alias="in", min_length=1)
    gt: Figure | None = None
    ge: Figure | None = None
    lt: Figure | None = None
    le: Figure | None = None
    set: Flag | None = None
    has: list[Scalar] | None = Field(None, min_length=1)

    @model_validator(mode="after")
    def _some(self) -> Test:
        if not self.model_fields_set:
            raise Wrong("test.empty")
        for name in self.model_fields_set:
            if getattr(self, name) is None:
                raise Wrong("test.null", name=name.rstrip("_"))
        return self


def _test(value: object) -> object:
    if isinstance(value, (bool, int, str)):
        return {"eq": value}
    return {"in": value} if isinstance(value, list) else value


def _names(value: object) -> object:
    return (
        dict.fromkeys(value) if isinstance(value, list) and all(isinstance(n, str) for n in value) else value
    )


Tested = Annotated[Test, BeforeValidator(_test)]
Where = dict[Path, Tested]
Keys = Annotated[dict[str, Path | None], BeforeValidator(_names)]
"""Key name -> path; None = the name's standard path in ``PolicyFile.keys``. The order of names says nothing."""
