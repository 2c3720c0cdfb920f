"""Reading: every question that pages, API and command line ask, answered on one snapshot of the active set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from ledger.database import Database
from ledger.ledger import Ledger
from processors.rules.linear import AnyRule
from processors.rules.protocol import Owner
from projections.reading.snapshots import Snapshots
from projections.tables import SetTables

if TYPE_CHECKING:
    from projections.reading.cases import CaseReading
    from projections.reading.engine import EngineReading
    from projections.reading.figures import FigureReading
    from projections.reading.histories import HistoryReading
    from projections.reading.penalties import PenaltyReading
    from projections.reading.promises import PromiseReading
    from projections.reading.published import PublishedReading
    from projections.reading.worklist import WorklistReading


class Reading:
    """``reading.promises.find(tenant)``: by the noun that is asked about. A noun's module is imported when it is first asked
    for, so that a command brings what it reads and no more. All raise OtherFold while the tables belong to another version
    of the rules."""

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        owners: Sequence[Owner],
        rules: Callable[[], Sequence[AnyRule]],
    ) -> None:
        self._snapshots = Snapshots(database, ledger, owners, rules)

    def snapshot(self) -> AbstractContextManager[tuple[Connection, SetTables]]:
        """For what asks the tables itself."""
        return self._snapshots.open()

    @cached_property
    def promises(self) -> PromiseReading:
        """履约时限"""
        from projections.reading.promises import PromiseReading

        return PromiseReading(self._snapshots)

    @cached_property
    def worklist(self) -> WorklistReading:
        """今日待办"""
        from projections.reading.worklist import WorklistReading

        return WorklistReading(self._snapshots)

    @cached_property
    def cases(self) -> CaseReading:
        """事项"""
        from projections.reading.cases import CaseReading

        return CaseReading(self._snapshots)

    @cached_property
    def histories(self) -> HistoryReading:
        """事项的来龙去脉"""
        from projections.reading.histories import HistoryReading

        return HistoryReading(self._snapshots)

    @cached_property
    def penalties(self) -> PenaltyReading:
        """处罚"""
        from projections.reading.penalties import PenaltyReading

        return PenaltyReading(self._snapshots)

    @cached_property
    def figures(self) -> FigureReading:
        """指标"""
        from projections.reading.figures import FigureReading

        return FigureReading(self._snapshots)

    @cached_property
    def published(self) -> PublishedReading:
        """发布的政策与日历"""
        from projections.reading.published import PublishedReading

        return PublishedReading(self._snapshots)

    @cached_property
    def engine(self) -> EngineReading:
        """引擎"""
        from projections.reading.engine import EngineReading

        return EngineReading(self._snapshots)
