"""Names of estates and houses that a source sent and its alias file lacks: read off the record, where they were kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final

from ledger.ledger import Ledger
from producers.inbox.known import Inbox
from producers.mapping.aliases import aliases_of
from schemas.canonical import canonical_bytes
from schemas.policy_yaml import read_yaml

PAGE: Final = 10_000
"""Places looked through at a time."""


def unknown(ledger: Ledger, inbox: Inbox, told: Callable[[int], None]) -> dict[str, dict[str, int]]:
    """``{"projects": {name: facts}, "houses": …}``, of what the alias file has tables of. ``told`` is called with the number of
    places passed since the last call."""
    if not inbox.aliases:
        return {}
    aliases = aliases_of(read_yaml(inbox.aliases, "aliases"))
    found: dict[str, Counter[str]] = {kind: Counter() for kind in aliases.unknown}
    word = canonical_bytes({"source": inbox.source})[1:-1]
    with ledger.database.read() as conn:
        head = ledger.head(conn, inbox.tenant).place
        for first in range(0, head, PAGE):
            upto = min(first + PAGE, head)
            for fact in ledger.facts_with(conn, inbox.tenant, first, upto, [word]):
                if fact.source != inbox.source:
                    continue
                for kind, name in (("projects", fact.project_id), ("houses", fact.house_id)):
                    if name and kind in found and not aliases.knows(kind, name):
                        found[kind][name] += 1
            told(upto - first)
    return {kind: dict(sorted(names.items())) for kind, names in found.items() if names}
