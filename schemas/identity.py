"""Identities are computed, never drawn: the same event, case or promise has the same id on every machine.

Each is a UUID version 5, lower-case text, of canonical JSON under a name space of its own. The name spaces
are part of the record: changing one changes every id.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha1
from uuid import UUID

from schemas.canonical import canonical_bytes, canonical_texts, quoted

NS_EVENT = UUID("6f1c8a52-8f0e-5d3b-9a41-2c7be5d0a101")
NS_CASE = UUID("6f1c8a52-8f0e-5d3b-9a41-2c7be5d0a102")
NS_VERDICT = UUID("6f1c8a52-8f0e-5d3b-9a41-2c7be5d0a103")
NS_PROMISE = UUID("6f1c8a52-8f0e-5d3b-9a41-2c7be5d0a104")
NS_PROBLEM = UUID("6f1c8a52-8f0e-5d3b-9a41-2c7be5d0a105")
NS_PENALTY = UUID("6f1c8a52-8f0e-5d3b-9a41-2c7be5d0a10a")
_EVENT, _CASE, _PROMISE, _VERDICT = NS_EVENT.bytes, NS_CASE.bytes, NS_PROMISE.bytes, NS_VERDICT.bytes
_VARIANT = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))


def named(space: UUID, name: bytes) -> str:
    """``str(uuid.uuid5(space, name))`` in a quarter of its time: every event has two of them, and more."""
    return _named(space.bytes, name)


def _named(space: bytes, name: bytes) -> str:
    told = sha1(space + name, usedforsecurity=False).hexdigest()
    return f"{told[:8]}-{told[8:12]}-5{told[13:16]}-{_VARIANT[told[16]]}{told[17:20]}-{told[20:32]}"


def event_id(tenant: str, source: str, source_id: str) -> str:
    """A fact: the tenant's name, the key's source, the source's own id."""
    return _named(_EVENT, canonical_texts(tenant, source, source_id))


def case_id_of_ticket(tenant: str, source: str, ticket: str) -> str:
    """The case (事项) that a source calls by its ticket number: no table, no race."""
    return _named(_CASE, canonical_texts("ticket", tenant, source, ticket))


def case_id_of_event(event: str) -> str:
    """The case that an event without ticket opens."""
    return named(NS_CASE, canonical_texts("event", event))


def verdict_id(row_id: str, kind: str, generation: int) -> str:
    """A verdict: its row, the kind of mark ("breached", "step1"), and how often it was announced before."""
    return _named(_VERDICT, canonical_bytes([row_id, kind, generation]))


def promise_id(policy_key: str, key_values: str, root: str, label: str = "") -> str:
    """A promise (履约时限): policy, key values as canonical JSON text, root of the trigger's corrections,
    and for recurring duties the period's label. For showing; a late earlier trigger may change it."""
    # canonical_texts, written out: most facts open a promise
    name = f"[{quoted(policy_key)},{quoted(key_values)},{quoted(root)},{quoted(label)}]"
    return _named(_PROMISE, name.encode())


def case_id_of_conversion(case: str) -> str:
    """The complaint that a report of a repair case becomes (转投诉): the same, however often it is said anew."""
    return named(NS_CASE, canonical_texts("converted", case))


def problem_id(key: Sequence[str]) -> str:
    """A problem (同类问题): what makes two reports the same, part by part."""
    return named(NS_PROBLEM, canonical_texts(*key))


def repetition_id(problem: str, case: str) -> str:
    """A case's part in a problem."""
    return named(NS_PROBLEM, canonical_texts("repetition", problem, case))


def penalty_id(problem: str, case: str, rule: str) -> str:
    """A proposed penalty (处罚): the problem, the case that moved it up, the rule."""
    return named(NS_PENALTY, canonical_texts(problem, case, rule))
