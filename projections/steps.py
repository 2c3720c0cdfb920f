"""Where a rebuild can be cut: every place between two acts that the disk or another process can see."""

from __future__ import annotations

from enum import Enum


class RebuildStep(Enum):
    """In order of happening; the process may die just after any of them. The value says through which port it is seen."""

    CLEARED = "after Sets.clear"
    """What an earlier rebuild left behind is gone; nothing of this one stands."""
    MADE = "after Sets.make"
    """The shadow's tables stand, empty."""
    WRITTEN = "after SqlStore.write"
    """Rows of the shadow stand in an open transaction; others may be on the disk."""
    ABREAST = "before lanes.switch_set"
    """All is folded; the engine rows are locked, the active set not touched."""
    SWITCHED = "after lanes.switch_set"
    """Engine rows bear the new set's name in an open transaction."""
    SWAPPED = "before Sets.drop"
    """The new set is active, on the disk; the old one stands whole."""
    EMPTIED = "after Sets.take"
    """A table of the old set is gone, others stand."""
