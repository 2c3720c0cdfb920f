"""Where an erasure can be cut: every place between two acts that the disk or another process can see."""

from __future__ import annotations

from enum import Enum


class ErasureStep(Enum):
    """In order of happening; the process may die just after any of them. The value says through which port it is seen."""

    REQUESTED = "after Transaction.commit of the request"
    """``privacy.erasure_requested`` is kept; nothing else."""
    FOUND = "after Transaction.commit of the index"
    """It stands among what is to be done."""
    LETTERS_CUT = "after Transaction.commit of the letters"
    """The text of dead letters that name them alone is gone from the record; its keys still stand."""
    LETTERS_KEYS = "before KeyPlace.scrub of those letters' keys"
    """Those keys are destroyed; their old bytes still stand in the files, and the letters say that they have one."""
    LETTERS_SHUT = "after Transaction.commit of the job that destroyed those"
    """Of these letters nothing is left; of the person everything else."""
    DESTROYED = "before KeyPlace.scrub of the person's"
    """Tombstone written, keys and index gone; their old bytes still stand in the files."""
    SCRUBBED = "after Transaction.commit of the job that destroyed them"
    """Gone from the files; no fact says so."""
    STATED = "after Transaction.commit of the execution"
    """``privacy.erasure_executed`` is kept."""
    SETTLED = "after the second Transaction.commit of the index"
    """Nothing is left to do."""
