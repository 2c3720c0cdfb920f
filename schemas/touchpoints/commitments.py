"""承诺: what somebody of the company promised to a customer (domain.md 2.1). Not to be taken for a promise (履约时限),
which is a running obligation of a policy."""

from __future__ import annotations

from schemas.fields import Due, Personal, Ref, Said
from schemas.model import Touchpoint


class CommitmentMade(Touchpoint):
    """承诺: T13. Without ``due_at`` it is owed but undated. Opens a case of its own unless it names one."""

    TYPE = "commitment.made"

    promise_text: Said
    promised_by: Ref | None = None
    due_at: Due | None = None
    within_authority: bool | None = None
    commitment_id: Ref | None = None


class CommitmentFulfilled(Touchpoint):
    """有诺必践: T14."""

    TYPE = "commitment.fulfilled"

    commitment_id: Ref
    evidence: Personal | None = None
