"""Policies to publish in a test: the shipped profile, and more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.policy_files import load_profile

UNHEARD: Mapping[str, Any] = {
    "row": "O1",
    "zh": "试",
    "on": "complaint.forwarded",
    "per": ["house"],
    "due": {"after": "24h"},
    "by": "complaint.received",
    "owes": "project_cs",
}
"""A policy that listens under slots that none of the shipped has: what it is published for is filed then."""


def publication(whole: Mapping[str, Any]) -> dict[str, Any]:
    """The data of ``policy.published`` for a profile as data."""
    said = {name: whole[name] for name in ("profile", "version", "effective_from")}
    return {**said, "policy": dict(whole)}


def with_more(version: str, policies: Mapping[str, Any]) -> dict[str, Any]:
    """The data of ``policy.published`` for the shipped profile under another version, with these policies too."""
    whole = load_profile().dump()
    return publication({**whole, "version": version, "policies": {**whole["policies"], **policies}})
