"""Where a batch of facts has to end."""

from __future__ import annotations

from collections.abc import Sequence

from processors.rules.sources import REPORTED
from schemas.event import Event

PUBLICATIONS = frozenset({"policy.published", "calendar.published", "roles.published", REPORTED})
"""They change what is due when: a batch ends with each."""


def up_to_publication(facts: Sequence[Event]) -> list[Event]:
    """The book does not change within a batch: a publication ends it, and stands alone if it comes first."""
    for index, fact in enumerate(facts):
        if fact.type in PUBLICATIONS:
            return list(facts[: index or 1])
    return list(facts)
