"""Where an append can be cut: every place between two acts that the disk or a caller can see."""

from __future__ import annotations

from enum import Enum


class AppendStep(Enum):
    """In order of happening; the process may die just after any of them.

    The value says through which port (``ledger.ports``, ``ledger.clock``) the step is seen.
    """

    RECEIVED = "before Transaction.begin"
    """In the queue; nothing begun."""
    BEGUN = "after Transaction.begin"
    """The write lock is held; nothing written."""
    CHECKED = "before Clock.now"
    """Found fit to be kept; no person, key or place made."""
    INSERTED = "after Transaction.release"
    """Persons and keys are made, the text is sealed, the rows stand: in two open transactions."""
    KEYS_COMMITTED = "after KeyTransaction.commit"
    """The keys are on the disk, what they seal is not."""
    COMMITTED = "after Transaction.commit"
    """The record is on the disk; the caller has not heard of it."""
    ANSWERED = "after the future is done"
    """Acknowledged."""
