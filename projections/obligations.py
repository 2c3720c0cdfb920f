"""Which obligations the sources seen can open and settle (义务覆盖): what a policy listens to against what has ever been sent.

A duty that no source can open is never owed, however late everything is; one that no source can settle is always breached.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from processors.rules.book import Book
from processors.rules.promises.terms import Any_, Expr, Leaf, Terms
from processors.rules.published import PolicyVersion
from schemas.catalogue import CATALOGUE

ANY = "*"


def obligations(book: Book) -> list[dict[str, Any]]:
    """By row (O1, O2, …) and key, of the newest version of each profile: ``{"obligation", "row", "zh", "en", "kind", "state",
    "opened_by", "settled_by", "missing"}``.

    ``state``: ``covered``; ``never_settled`` (no source sends what settles it), ``never_opened``. ``opened_by``,
    ``settled_by``: sources. ``missing``: the types that nobody has sent of those that would open or settle it.
    """
    seen: dict[str, set[str]] = {}
    for source, event_type in book.sources.sent:
        seen.setdefault(event_type, set()).add(source)
    profiles = {one.profile: one for one in book.published if isinstance(one, PolicyVersion)}
    found = [_one(terms, seen) for version in profiles.values() for terms in version.terms.values()]
    return sorted(
        found, key=lambda one: (int("".join(filter(str.isdigit, one["row"])) or 0), one["obligation"])
    )


def _one(terms: Terms, seen: Mapping[str, set[str]]) -> dict[str, Any]:
    types: dict[str, set[str]] = {}
    for listener in terms.listeners:
        types.setdefault(listener.slot, set()).add(listener.type)
    opens, settles = _possible(terms.on, types, seen), _possible(terms.by, types, seen)
    asked = _named(terms.on, types) | _named(terms.by, types)
    return {
        "obligation": terms.key,
        "row": terms.row,
        "zh": terms.zh,
        "en": terms.en,
        "kind": terms.kind,
        "state": "never_opened" if not opens else "covered" if settles else "never_settled",
        "opened_by": _sources(_named(terms.on, types), seen),
        "settled_by": _sources(_named(terms.by, types), seen),
        "missing": sorted(name for name in asked if not _sent(name, seen)),
    }


def _sent(name: str, seen: Mapping[str, set[str]]) -> bool:
    """What the engine itself says needs no source."""
    kind = CATALOGUE.get(name)
    return name == ANY or name in seen or (kind is not None and kind.writer == "engine")


def _possible(expr: Expr, types: Mapping[str, set[str]], seen: Mapping[str, set[str]]) -> bool:
    if isinstance(expr, Leaf):
        return any(_sent(name, seen) for name in types.get(expr.slot, ()))
    parts = (_possible(part, types, seen) for part in expr.parts)
    return any(parts) if isinstance(expr, Any_) else all(parts)


def _named(expr: Expr, types: Mapping[str, set[str]]) -> set[str]:
    if isinstance(expr, Leaf):
        return set(types.get(expr.slot, ()))
    return set().union(*(_named(part, types) for part in expr.parts))


def _sources(names: Iterable[str], seen: Mapping[str, set[str]]) -> list[str]:
    return sorted(set().union(*(seen.get(name, set()) for name in names)))
