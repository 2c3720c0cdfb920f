"""Whom a list is about, in clear: name and phone as the touchpoints of the case tell them, and what it was about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from ledger.ledger import Ledger
from ledger.tenants import Tenant
from schemas.event import Event

_TEXTS = ("description", "question", "content", "demands")


def told(conn: Connection, ledger: Ledger, tenant: Tenant, items: Sequence[dict[str, Any]]) -> None:
    """Adds to each item ``customer`` (name, phone; {"erased": true} as text that was erased reads) and ``about``, from the
    facts at its ``places``; "" where nothing was said."""
    facts = ledger.facts_at(conn, tenant, {place for item in items for place in item["places"]})
    clear: dict[int, dict[str, Any]] = {}
    for item in items:
        for place in item["places"]:
            if place in facts and place not in clear:
                clear[place] = _clear(ledger, tenant, facts[place])
        mine = [clear[place] for place in item["places"] if place in clear and _its(facts[place], item)]
        item["customer"] = {
            name: next((one[name] for one in mine if one[name]), "") for name in ("name", "phone")
        }
        item["about"] = next((one["about"] for one in reversed(mine) if one["about"]), "")


def _its(fact: Event, item: dict[str, Any]) -> bool:
    """A verdict bears the place of the fact that it follows, which may be anybody's."""
    if item["customer_ref"] and fact.customer_ref == item["customer_ref"]:
        return True
    if item["case_id"]:
        return bool(fact.case_id == item["case_id"])
    return bool(fact.house_id and fact.house_id == item["house_id"])


def _clear(ledger: Ledger, tenant: Tenant, fact: Event) -> dict[str, Any]:
    data = ledger.unsealed(tenant, fact)
    who = data.get("customer") or {}
    return {
        "name": who.get("name") or "",
        "phone": who.get("phone") or "",
        "about": next((data[name] for name in _TEXTS if data.get(name)), ""),
    }
