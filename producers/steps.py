"""Where an erasure can be cut: every place between two acts that the disk or another process can see."""

from __future__ import annotations

from enum import Enum


class ErasureStep(Enum):
    """In order of happening; the process may die just after any of them. The value says through which port it is seen."""

    REQUESTED = "after Transaction.commit of the request"
    """``privacy.erasure_requested`` is kept; nothing else."""
    FOUND = "after Transaction.commit of the index"
    """It stands among what is to be done."""
    DESTROYED = "before KeyPlace.scrub"
    """Tombstone written, keys and index gone; their old bytes still stand in the files."""
    SCRUBBED = "after Transaction.commit of the job that destroyed them"
    """Gone from the files; no fact says so."""
    STATED = "after Transaction.commit of the execution"
    """``privacy.erasure_executed`` is kept."""
    SETTLED = "after the second Transaction.commit of the index"
    """Nothing is left to do."""
