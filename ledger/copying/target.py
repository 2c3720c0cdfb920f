"""Where a copy goes (a port). Until ``finish`` has returned, nothing there opens as a ledger, whatever kills the process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from sqlalchemy import MetaData, Table

from ledger.copying.plan import Plan, Row
from ledger.verifying.pages import Reads


class Target(Protocol):
    """Calls come in the order ``begin``, ``rows`` and ``keys`` as often as needed, ``finish``; or ``abandon`` at any point."""

    where: str
    """For people."""

    @property
    def reads(self) -> Reads:
        """What was written so far, for verifying it."""
        ...

    def begin(self, plan: Plan, tables: Sequence[MetaData]) -> None:
        """Make the tables. Raises TargetTaken where something stands there, and leaves that as it is."""
        ...

    def rows(self, table: Table, rows: Sequence[Row]) -> None: ...

    def keys(self, table: Table, rows: Sequence[Row]) -> None: ...

    def finish(self, about: Mapping[str, str]) -> None:
        """One act makes it a ledger; what was written is on the disk before that."""
        ...

    def abandon(self) -> None:
        """Take away what was begun."""
        ...
