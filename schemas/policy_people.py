"""Sections of a profile about people: who has a case (首问责任制, domain.md 3.1 O1, 9 no. 17)."""

from __future__ import annotations

from typing import Literal

from schemas.policy_terms import Strict


class Ownership(Strict):
    """Who has a case: whoever took the first contact, until it is handed over."""

    handover: Literal["accepted", "recorded"] = "accepted"
    """accepted: the one who hands over has it until the other takes it; recorded: until it is recorded."""
