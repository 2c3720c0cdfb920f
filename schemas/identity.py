"""Identities are computed, never drawn: the same event, case or promise has the same id on every machine.

Each is a UUID version 5, lower-case text, of canonical JSON under a name space of its own. The name spaces
are part of the record: changing one changes every id.
"""

from __future__ import annotations

from uuid import UUID, uuid5

from schemas.canonical import canonical

NS_EVENT = UUID("6f1c8a52-8f0e-5d3b-9a41-2c7be5d0a101")
NS_CASE = UUID("6f1c8a52-8f0e-5d3b-9a41-2c7be5d0a102")
NS_VERDICT = UUID("6f1c8a52-8f0e-5d3b-9a41-2c7be5d0a103")
NS_PROMISE = UUID("6f1c8a52-8f0e-5d3b-9a41-2c7be5d0a104")


def event_id(tenant: str, source: str, source_id: str) -> str:
    """A fact: the tenant's name, the key's source, the source's own id."""
    return str(uuid5(NS_EVENT, canonical([tenant, source, source_id])))


def case_id_of_ticket(tenant: str, source: str, ticket: str) -> str:
    """The case (事项) that a source calls by its ticket number: no table, no race."""
    return str(uuid5(NS_CASE, canonical(["ticket", tenant, source, ticket])))


def case_id_of_event(event: str) -> str:
    """The case that an event without ticket opens."""
    return str(uuid5(NS_CASE, canonical(["event", event])))


def verdict_id(row_id: str, kind: str, generation: int) -> str:
    """A verdict: its row, the kind of mark ("breached", "step1"), and how often it was announced before."""
    return str(uuid5(NS_VERDICT, canonical([row_id, kind, generation])))


def promise_id(policy_key: str, key_values: str, root: str, label: str = "") -> str:
    """A promise (履约时限): policy, key values as canonical JSON text, root of the trigger's corrections,
    and for recurring duties the period's label. For showing; a late earlier trigger may change it."""
    return str(uuid5(NS_PROMISE, canonical([policy_key, key_values, root, label])))
