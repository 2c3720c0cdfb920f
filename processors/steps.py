"""Where the engine's batch can be cut: every place between two acts that the disk or another process can see."""

from __future__ import annotations

from enum import Enum


class EngineStep(Enum):
    """In order of happening; the process may die just after any of them. The value says through which port it is seen."""

    COMPUTED = "before Engine.write"
    """Read and judged; nothing written."""
    APPLIED = "after Store.apply"
    """Verdicts and rows stand in an open transaction."""
    COMMITTED = "after Engine.write"
    """On the disk; nobody has been told."""
