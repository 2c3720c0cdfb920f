"""A policy tried on a tenant's own history: which promises would be others. Reads alone."""

from __future__ import annotations

from typing import Any

from processors.whatif import Outcome, outcomes
from projections.promises import instant_or_none
from schemas.instants import Instant
from schemas.policy import PolicyFile
from touchline.bar import bar
from touchline.library import Library
from touchline.place import Place


def compared(place: Place, tenant: str, file: PolicyFile, since: Instant | None) -> dict[str, Any]:
    """``{"facts", "differ", "obligations": {key: counts}, "promises": [{"obligation", "keys", "opened", "now", "if"}]}``;
    ``since``: only what opened from then on."""
    with Library(place) as library:
        found = library.tenant(tenant)
        with library.database.read() as conn:
            head = library.ledger.head(conn, found).place
            now = library.ledger.clock.now()
            with bar("重演 folding", 2 * head) as step:
                ours = outcomes(library.ledger, conn, found, now, None, step)
                theirs = outcomes(library.ledger, conn, found, now, file.published(), step)
    return told(ours, theirs, since, head)


def told(
    ours: dict[str, Outcome], theirs: dict[str, Outcome], since: Instant | None, facts: int
) -> dict[str, Any]:
    """Both sides, promise by promise."""
    counts: dict[str, dict[str, int]] = {}
    differing: list[dict[str, Any]] = []
    for promise in {**ours, **theirs}:
        old, new = ours.get(promise), theirs.get(promise)
        one = old or new
        assert one is not None
        if since is not None and one.row.opened < since:
            continue
        mine = counts.setdefault(
            one.row.obligation, {"opened": 0, "opened_if": 0, "breached": 0, "breached_if": 0}
        )
        for side, end in ((old, ""), (new, "_if")):
            if side is not None:
                mine["opened" + end] += 1
                mine["breached" + end] += side.breached
        if _side(old) != _side(new):
            differing.append(
                {
                    "obligation": one.row.obligation,
                    "keys": one.row.keys,
                    "opened": instant_or_none(one.row.opened),
                    "now": _side(old),
                    "if": _side(new),
                }
            )
    differing.sort(key=lambda d: (d["obligation"], d["opened"], d["keys"]))
    return {
        "facts": facts,
        "differ": len(differing),
        "obligations": {key: counts[key] for key in sorted(counts)},
        "promises": differing,
    }


def _side(outcome: Outcome | None) -> dict[str, Any] | None:
    if outcome is None:
        return None
    row = outcome.row
    return {
        "state": row.state,
        "due": instant_or_none(row.due),
        "settled": instant_or_none(row.settled),
        "breached": outcome.breached,
    }
