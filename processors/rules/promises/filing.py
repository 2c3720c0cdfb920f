"""Filing (归档为证据): which scopes an event is evidence in. It asks nobody which version is bound: that is judge's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from processors.rules.promises.keys import scope_of, spell
from processors.rules.promises.listeners import ACKNOWLEDGED, WAIVER, Listener
from processors.rules.promises.paths import text
from processors.rules.protocol import LINK, Filing
from schemas.canonical import Json, uncanonical
from schemas.event import Event

if TYPE_CHECKING:
    from processors.rules.book import Book

_new = tuple.__new__
"""Makes a named tuple of all its fields, past the function that takes them by name: in half of its time."""

WAIVED, NOTED = "obligation.waived", "alert.acknowledged"


def file(event: Event, book: Book) -> list[Filing]:
    """All that an event is evidence of, in the policies of every version published so far."""
    made = file_with(event, book.policies.listening(event))
    if event.type == WAIVED or event.type == NOTED:
        made.extend(_by_hand(event))
    return made


def file_with(event: Event, listeners: Iterable[Listener]) -> list[Filing]:
    """What it is evidence of to these listeners."""
    made: list[Filing] = []
    texts: dict[str, tuple[str, ...]] = {}
    values: dict[str, str | None] = {}
    for listener in listeners:
        if listener.passes is not None and not listener.passes(event):
            continue
        keys = texts.get(listener.keys_id)
        if keys is None:
            keys = texts[listener.keys_id] = listener.keys(event)
        if not keys:
            continue
        at = None
        if listener.at is not None and (at := listener.at(event)) is None:
            continue
        if listener.value_id in values:
            value = values[listener.value_id]
        else:
            value = values[listener.value_id] = listener.value(event)
        if value is None:
            continue
        for key in keys:
            scope = listener.before + key + listener.after
            made.append(_new(Filing, (scope, listener.slot, value, "", at)))
            if listener.links:
                made.extend(_links(event, listener, scope, key))
    return made


def _links(event: Event, listener: Listener, scope: str, key: str) -> Iterator[Filing]:
    mine: dict[str, str] = uncanonical(key)
    for link in listener.links:
        own = {name: mine[name] for name in link.own}
        for others in link.others(event):
            partial = scope_of(listener.policy, spell(own | uncanonical(others)), partial=True)
            yield Filing(scope=scope, slot=LINK, link=partial)
            yield Filing(scope=partial, slot=LINK, link=scope)


def _by_hand(event: Event) -> Iterator[Filing]:
    """Waivers and acknowledgements name a policy and its key values, and no version."""
    policy, keys = event.data.get("obligation_key"), event.data.get("keys")
    if not isinstance(policy, str) or not isinstance(keys, dict) or not keys:
        return
    scope = scope_of(policy, spell({str(name): str(value) for name, value in keys.items()}))
    if event.type == WAIVED:
        yield Filing(scope=scope, slot=WAIVER)
        return
    made: dict[str, Json] = {"by": event.data.get("by") or event.actor_ref or event.source}
    if promise := event.data.get("promise_id"):
        made["id"] = promise
    yield Filing(scope=scope, slot=ACKNOWLEDGED, value=text(made))
