"""Rebuilds of one house, one at a time: run by a command, or beside what a server does, and looked at while they run."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from time import monotonic
from typing import TYPE_CHECKING, Any

from ledger.errors import Stopped
from ledger.leases import Leases
from schemas.canonical import Json
from touchline.exits import Exit, Refused, of_error

if TYPE_CHECKING:  # a command that rebuilds nothing loads nothing of it
    from projections.rebuild import Far, Rebuilt
    from touchline.house import House

Tell = Callable[["Far"], None]


class Rebuilds:
    """``status`` is what /readyz, the wall and a refused read say of one that runs, or of the last one that failed."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._one = threading.Lock()
        self._far: Far | None = None
        self._began = 0.0
        self._end = threading.Event()
        self._thread: threading.Thread | None = None
        self._answer: Json = None
        self.failed = ""
        """Why the last one failed; "" where it did not."""

    def run(self, tell: Tell = lambda _: None, *, dry_run: bool = False, alone: bool = False) -> Json:
        """Fold the tables afresh and, but for a dry run, go on with them. ``alone``: no other process's engine goes on
        meanwhile (an upgrade: it may run other rules). Plain JSON: what was folded, compared, swapped. Raises Refused where
        one runs already, HeldElsewhere, and what a rule raises."""
        if not self._one.acquire(blocking=False):
            raise Refused(Exit.UNAVAILABLE, "已有一次重建在进行。", "A rebuild is under way already.")
        try:
            self._began, self.failed = monotonic(), ""

            def told(far: Far) -> None:
                if self._end.is_set():
                    raise Stopped
                self._far = far
                tell(far)

            with self._leased(alone):
                return self._run(told, dry_run, compare=not alone)
        except Exception as error:
            self.failed = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            raise
        finally:
            self._far = None
            self._one.release()

    def _run(self, told: Tell, dry_run: bool, *, compare: bool) -> Json:
        from projections.rebuild import Rebuild
        from projections.store import open_store

        house = self._house
        pause: AbstractContextManager[object] = nullcontext()
        if house.runner is not None:
            pause = house.runner.pause()
        rebuild = Rebuild(house.ledger, house.rules, pause, told)
        report = rebuild.run(swap=not dry_run, compare=compare)
        if report.swapped:
            with pause:
                house.adopt(open_store(house.database, house.writer, house.rules))
            rebuild.drop_old()
        return plain(report)

    def _leased(self, alone: bool) -> AbstractContextManager[None]:
        house = self._house
        if house.leases is None:
            return nullcontext()
        mine = Leases(house.writer, house.leases.owner)
        return mine.all_of([tenant.number for tenant in house.ledger.tenants()] if alone else [])

    # -- beside what a server does

    def start(self, work: Callable[[], Json]) -> None:
        """Do it on a thread of its own; ``answer`` says what came of it. Raises Refused where one runs already."""
        if self._thread is not None and self._thread.is_alive():
            raise Refused(Exit.UNAVAILABLE, "已有一次重建在进行。", "A rebuild is under way already.")

        def run() -> None:
            try:
                self._answer = {"done": work()}
            except Exception as error:
                self._answer = refusal(error)

        self._answer = None
        self._thread = threading.Thread(target=run, name="rebuild", daemon=True)
        self._thread.start()

    def answer(self) -> Json:
        """``{"running": …, "status": {…}}``, and in the end ``"done"`` or ``"refused"`` of the last one that was started."""
        running = self._thread is not None and self._thread.is_alive()
        return {"running": running, "status": self.status(), **({} if running else self._answer or {})}

    def stop(self) -> None:
        """End what runs at its next page; nothing was swapped then."""
        self._end.set()
        if self._thread is not None:
            self._thread.join()

    def wait(self, seconds: float) -> None:
        """Until it is worth another try. Raises Stopped where the house is closing."""
        if self._end.wait(seconds):
            raise Stopped

    def status(self) -> dict[str, Any]:
        """``{}`` where none runs; else step, facts (filed), judged, whole, percent, seconds_left (-1: not known yet)."""
        far = self._far
        if far is None:
            return {}
        spent, left = monotonic() - self._began, -1
        whole = 2 * far.whole
        if far.step in ("fold", "judge") and far.done:
            left = int(spent / far.done * (whole - far.done)) + 1
        percent = far.done * 100 // whole if whole else 100
        return {
            "step": far.step,
            "facts": far.facts,
            "judged": far.judged,
            "whole": far.whole,
            "percent": percent,
            "seconds_left": left,
        }


def plain(report: Rebuilt) -> Json:
    """The report as JSON."""
    return {
        "old_set": report.old_set,
        "new_set": report.new_set,
        "facts": report.facts,
        "verdicts": report.verdicts,
        "compared": report.compared,
        "swapped": report.swapped,
        "differences": {tenant: asdict(found) for tenant, found in report.differences.items()},
    }


def refusal(error: Exception) -> Json:
    """``{"refused": …}`` for whoever asks what came of it. What is no refusal is a defect, which the log has whole."""
    told = of_error(error)
    if told is None:
        import structlog

        structlog.get_logger("rebuild").error("rebuild_failed", exc_info=error)
        name = type(error).__name__
        told = Refused(
            Exit.UNAVAILABLE,
            f"重建失败：{name}，详见日志。",
            f"The rebuild failed: {name}; the log says more.",
        )
    return {"refused": {"exit": int(told.code), "zh": told.zh, "en": told.en}}
